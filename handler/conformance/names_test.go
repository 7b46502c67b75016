package conformance_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/launcher/launchertest"
)

// names is handlers whose own names are those of functions that a module calls.
// Each prints the secret A.
var names = []struct{ language, folder, program, script string }{
	{"R, variables", "r", "Rscript", `source("launcher_context.R")
for (name in base::ls(base::baseenv())) if (base::grepl("^[a-zA-Z._]+$", name)) base::assign(name, "the user's", base::globalenv())
base::cat(get_context()$get_secret("A"))`},
	{"R, functions", "r", "Rscript", `source("launcher_context.R")
kept <- base::c("if", "for", "while", "repeat", "break", "next", "return", "function")
for (name in base::setdiff(base::ls(base::baseenv()), kept)) {
  if (base::grepl("^[a-zA-Z._]+$", name)) base::assign(name, function(...) base::stop("the user's"), base::globalenv())
}
base::cat(get_context()$get_secret("A"))`},
	{"Ruby", "ruby", "ruby", `require "./launcher_context"
def format(*) = abort("the user's")
def file(*) = "mine"
def value(*) = "mine"
def match(*) = "mine"
def ask(*) = "mine"
LauncherContext.get.get_secret("no such key")
print LauncherContext.get.get_secret("A")`},
	{"Perl", "perl", "perl", `use lib '.'; use LauncherContext qw(get_context);
($\, $,, $/, $;, $") = ('!', '!', undef, '!', '!'); $_ = 'mine'; $SIG{__DIE__} = sub { exit 9 };
get_context()->get_secret('OWN_BYTES');
my $value = get_context()->get_secret('A'); ($\, $,) = (); print $value;`},
	{"Bash", "bash", "bash", `readonly out=1 status=1 problem=1
cat() { return 9; }; launcher() { return 9; }; printf() { return 9; }
IFS=A set -euf
source ./launcher_context.bash
get_secret A`},
}

// TestAHandlersNamesAreItsOwn has handlers with variables and functions of the
// names that a module uses itself.
func TestAHandlersNamesAreItsOwn(t *testing.T) {
	for _, n := range names {
		t.Run(n.language, func(t *testing.T) {
			launchertest.Needs(t, n.program, "a handler's own names in "+n.folder)
			folder, err := filepath.Abs(filepath.Join("..", n.folder))
			require.NoError(t, err)
			for _, delivery := range []string{"stdin", "files", "socket"} {
				script := filepath.Join(t.TempDir(), "handler")
				require.NoError(t, os.WriteFile(script, []byte(n.script), 0o600))
				handler := []string{"sh", "-c", `cd "$1" && exec "$2" "$3"`, "names", folder, n.program, script}
				args := append([]string{"run", "--deliver", delivery, "-s", `inline={"A": "the value"}`, "--"}, handler...)
				command := exec.CommandContext(t.Context(), filepath.Join(bin, "launcher"), args...)
				command.Env = environ()
				var stderr strings.Builder
				command.Stderr = &stderr
				output, err := command.Output()
				require.NoError(t, err, stderr.String())
				require.Equal(t, "the value", string(output), delivery)
			}
		})
	}
}
