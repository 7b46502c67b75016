package conformance_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// astray is what secrets_files can name in place of a file of the delivery. All
// of it leads to a file with a value.
var astray = []struct{ name, file, says string }{
	{"its file is a link", "link", "link"},
	{"its file is a directory", "folder", "folder"},
	{"its file is an absolute path", "OUTSIDE", "secrets_files"},
	{"its file is in the parent directory", "../outside", "secrets_files"},
	{"its file is in a subdirectory", "folder/outside", "secrets_files"},
	{"its file is the parent directory", "..", "secrets_files"},
	{"its file is the directory itself", ".", "secrets_files"},
	{"its file has no name", "", "secrets_files"},
	{"its file's name has a NUL", `link\u0000`, ""}, // each language has its own words,
}

// directory is a files delivery, and beside it a file that is not of it.
func directory(t *testing.T) string {
	dir := filepath.Join(t.TempDir(), "delivery")
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "folder"), 0o700))
	for _, path := range []string{"../outside", "folder/outside"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, path), []byte(canary), 0o600))
	}
	require.NoError(t, os.Symlink("../outside", filepath.Join(dir, "link")))
	return dir
}

// asked gives one probe many contexts of the files delivery, and asks each the
// same questions.
func asked(t *testing.T, probe []string, dir string, contexts, questions []string) [][]answer {
	var lines []string
	for i, text := range contexts {
		path := filepath.Join(dir, fmt.Sprint(i))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		lines = append(append(lines, "context "+path), questions...)
	}
	command := exec.CommandContext(t.Context(), probe[0], probe[1:]...)
	command.Env = environ("LAUNCHER_CONTEXT=files:" + dir)
	all := ask(t, command, lines)
	var answers [][]answer
	for size := len(questions) + 1; len(all) > 0; all = all[size:] {
		answers = append(answers, all[1:size])
	}
	return answers
}

// stray asks for a secret whose file is not of the delivery.
func stray(t *testing.T, table *table, l language, probe []string) {
	dir := directory(t)
	var contexts []string
	for _, f := range astray {
		file := f.file
		if file == "OUTSIDE" {
			file = filepath.Join(filepath.Dir(dir), "outside")
		}
		contexts = append(contexts, `{"version": 1, "secrets_files": {"A": "`+file+`"}}`)
	}
	for i, answers := range asked(t, probe, dir, contexts, []string{"secret A", "default A"}) {
		f := fault{says: astray[i].says}
		table.put(t, l, "", astray[i].name, errors.Join(f.right(answers[0]), f.right(answers[1])))
	}
}

// misplaced is what only one delivery has.
var misplaced = []struct{ name, member, text, delivery string }{
	{"files in another delivery", "secrets_files", "outside", "files"},
	{"variables in another delivery", "secrets_env", "CANARY", "env"},
}

// placed starts a probe with the file as the context, in a delivery.
var placed = map[string]struct{ script, variable string }{
	"stdin": {`exec "$@" <"$FILE"`, "stdin"},
	"fd":    {`exec "$@" 3<"$FILE"`, "fd:3"},
	"env":   {`LAUNCHER_CONTEXT_JSON=$(cat "$FILE") exec "$@"`, "env"},
	"files": {`exec "$@"`, "files:"},
}

// misplace asks for a secret of which only another delivery says where it is.
func misplace(t *testing.T, table *table, l language, probe []string) {
	for _, m := range misplaced {
		dir := directory(t)
		require.NoError(t, os.WriteFile(filepath.Join(dir, "outside"), []byte(canary), 0o600))
		text := fmt.Sprintf(`{"version": 1, "spec": {"parameters": {}}, "%s": {"A": "%s"}}`, m.member, m.text)
		path := filepath.Join(dir, "context.json")
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		var wrong []error
		try := func(delivery, script, variable string) {
			args := append([]string{"-c", script, "placed"}, probe...)
			command := exec.CommandContext(t.Context(), "sh", args...)
			command.Dir = dir
			command.Env = environ("CANARY="+canary, "FILE="+path, variable)
			if err := (fault{says: m.member}).right(ask(t, command, []string{"secret A"})[0]); err != nil {
				wrong = append(wrong, fmt.Errorf("in %s: %w", delivery, err))
			}
		}
		for delivery, p := range placed {
			if delivery != m.delivery {
				try(delivery, p.script, "LAUNCHER_CONTEXT="+strings.Replace(p.variable, "files:", "files:"+dir, 1))
			}
		}
		const none = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
		try("socket", `exec "$@"`, socket(text, none)(t)[0])
		table.put(t, l, "", m.name, errors.Join(wrong...))
	}
}
