package conformance_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The kinds of answer that a probe gives; each but none is followed by a blank
// and the answer in hex.
const (
	isText  = "text"  // a string of characters, in UTF-8
	isBytes = "bytes" // what the language has for bytes
	isValue = "value" // what may be both, where the language has one kind of string
	isJSON  = "json"
	isError = "error"
	isNone  = "none"
)

// answer is one line of a probe, decoded.
type answer struct{ kind, text string }

func (a answer) String() string {
	if len(a.text) > 80 {
		return fmt.Sprintf("%s of %d bytes", a.kind, len(a.text))
	}
	return fmt.Sprintf("%s %q", a.kind, a.text)
}

// environ is the handler's, in the locale that a container has: none.
func environ(more ...string) []string {
	list := []string{"PATH=" + bin + ":" + os.Getenv("PATH"), ownText, ownBytes, hidden}
	for _, name := range []string{"HOME", "GOCACHE", "GOPATH", "PYENV_VERSION"} {
		if value, ok := os.LookupEnv(name); ok {
			list = append(list, name+"="+value)
		}
	}
	return append(list, more...)
}

// ask gives a probe the questions, one a line of a file, and returns an answer
// to each. The command is what starts the probe, but for the file.
func ask(t *testing.T, command *exec.Cmd, questions []string) []answer {
	t.Helper()
	path := filepath.Join(t.TempDir(), "questions")
	require.NoError(t, os.WriteFile(path, []byte(strings.Join(questions, "\n")+"\n"), 0o600))
	var stdout, stderr bytes.Buffer
	command.Args = append(command.Args, path)
	command.Stdout, command.Stderr = &stdout, &stderr
	require.NoError(t, command.Run(), "%s", &stderr)
	lines := strings.Split(strings.TrimSuffix(stdout.String(), "\n"), "\n")
	require.Len(t, lines, len(questions), "%.2000s%s", &stdout, &stderr)
	answers := make([]answer, len(lines))
	for i, line := range lines {
		kind, digits, _ := strings.Cut(line, " ")
		require.Contains(t, []string{isText, isBytes, isValue, isJSON, isError, isNone}, kind, "%.200s", line)
		text, err := hex.DecodeString(digits)
		require.NoError(t, err)
		answers[i] = answer{kind, string(text)}
	}
	return answers
}

// underLauncher starts a probe behind the real launcher, which inherits descriptors 3 to
// 9: a context on a descriptor is on one of two digits.
func underLauncher(t *testing.T, probe []string, delivery, task string) *exec.Cmd {
	args := append([]string{"run", "--deliver", delivery, "--task", task, "--"}, probe...)
	command := exec.CommandContext(t.Context(), filepath.Join(bin, "launcher"), args...)
	command.Env = environ()
	for range 7 {
		command.ExtraFiles = append(command.ExtraFiles, os.Stdin)
	}
	return command
}
