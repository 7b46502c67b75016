package launcher

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// newFolder returns a folder with an executable, a file and a folder, as PATH
// may have them.
func newFolder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "run"), nil, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "data"), nil, 0o644))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "folder"), 0o755))
	return dir
}

func TestFindLooksWhereExecvpDoes(t *testing.T) {
	dir, other := newFolder(t), newFolder(t)
	require.NoError(t, os.Chmod(filepath.Join(other, "run"), 0o644))
	require.NoError(t, os.Chmod(filepath.Join(dir, "data"), 0o755))
	t.Chdir(dir)
	for _, c := range []struct{ path, name, want string }{
		{dir, "run", dir + "/run"},
		{other + ":" + dir, "run", dir + "/run"}, // the first that can be run
		{"/not/there:" + dir, "run", dir + "/run"},
		{other + ":" + dir, "data", dir + "/data"},
		{":/not/there", "run", "./run"},
		{"/not/there:", "run", "./run"},
		{dir + "/folder/..", "run", dir + "/folder/../run"},
		{"/not/there", dir + "/run", dir + "/run"},
		{"/not/there", "./run", "./run"},
		{"", "sh", firstOf(t, "sh")},
	} {
		args := []string{c.name, "-x", ""}
		command, err := Find(c.path, args)
		require.NoError(t, err, "%q %q", c.path, c.name)
		require.Equal(t, Command{Path: c.want, Args: args}, command)
	}
}

// firstOf returns the program's path in the folders that an unset PATH stands for.
func firstOf(t *testing.T, name string) string {
	t.Helper()
	for folder := range strings.SplitSeq(defaultPath, ":") {
		if _, err := os.Stat(folder + "/" + name); err == nil {
			return folder + "/" + name
		}
	}
	require.Fail(t, "no "+name)
	return ""
}

func TestFindSaysWhyItCannotRun(t *testing.T) {
	dir := newFolder(t)
	for _, c := range []struct {
		name, message string
		status        int
	}{
		{"none", `command "none": not found in PATH`, 127},
		{"", `command "": not found in PATH`, 127},
		{dir + "/none", `command "DIR/none": no such file`, 127},
		{dir + "/run/none", `command "DIR/run/none": no such file`, 127},
		{"data", `command "DIR/data": permission denied`, 126},
		{dir + "/data", `command "DIR/data": permission denied`, 126},
		{"folder", `command "DIR/folder": is a directory`, 126},
		{dir + "/", `command "DIR/": is a directory`, 126},
		{dir + "/" + strings.Repeat("x", 300), `command "DIR/` + strings.Repeat("x", 300) + `": file name too long`, 126},
	} {
		_, err := Find(dir, []string{c.name})
		requireStatus(t, c.status, err)
		require.EqualError(t, err, strings.ReplaceAll(c.message, "DIR", dir))
	}
}

// requireStatus fails unless an error is the one with the exit status 126 or 127.
func requireStatus(t *testing.T, status int, err error) {
	t.Helper()
	var notFound *NotFoundError
	var cannotRun *CannotRunError
	require.Equal(t, status == 127, errors.As(err, &notFound), err)
	require.Equal(t, status == 126, errors.As(err, &cannotRun), err)
}

func TestExecErrorSaysWhatTheKernelRefused(t *testing.T) {
	for _, c := range []struct {
		err     error
		deliver Delivery
		message string
		hint    string
		status  int
	}{
		{syscall.ENOENT, Stdin, "its interpreter does not exist", "C library", 127},
		{fmt.Errorf("exec: %w", syscall.ENOEXEC), Stdin, "exec format error", "this architecture", 126},
		{syscall.E2BIG, Stdin, "arguments and environment together are too long", "ulimit -s", 126},
		{syscall.E2BIG, Env, "arguments and environment together are too long", "--deliver stdin", 126},
		{&fs.PathError{Op: "exec", Path: "/app/run", Err: syscall.EACCES}, Stdin, "permission denied", "", 126},
		{syscall.ETXTBSY, Stdin, "text file busy", "", 126},
	} {
		err := execError("/app/run", c.deliver, c.err)
		requireStatus(t, c.status, err)
		require.EqualError(t, err, `command "/app/run": `+c.message)
		require.Contains(t, err.(interface{ Hint() string }).Hint(), c.hint)
	}
}

// TestField14ACommandThatCannotStartSaysWhy has what shells would do otherwise.
func TestField14ACommandThatCannotStartSaysWhy(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run")
	for _, c := range []struct {
		err                   error
		text, message, advice string
	}{
		{syscall.ENOENT, "#!/bin/sh\r\necho", "its #! line ends with a carriage return, as DOS writes it", "dos2unix"},
		{syscall.ENOENT, "#! /no/such -x\n", `its interpreter "/no/such" does not exist`, "install the interpreter"},
		{syscall.ENOENT, "\x7fELF\x02", "its interpreter does not exist", "C library"},
		{syscall.ENOEXEC, "echo x\n", "a script without a #! line", "launcher run -- sh FILE"},
		{syscall.ENOEXEC, "", "the file is empty, or starts with an empty line", "#!/bin/sh"},
		{syscall.ENOEXEC, "\x7fELF\x00", "exec format error", "this architecture"},
	} {
		require.NoError(t, os.WriteFile(path, []byte(c.text), 0o755))
		err := execError(path, Stdin, c.err)
		require.EqualError(t, err, fmt.Sprintf("command %q: %s", path, c.message))
		require.Contains(t, err.(interface{ Hint() string }).Hint(), c.advice)
	}
}

func TestField14ACommandThatIsMissingHasAHint(t *testing.T) {
	t.Chdir(newFolder(t))
	for name, want := range map[string]string{
		"a && b": "start a shell for it", "echo $HOME": "start a shell for it", "x|y": "start a shell for it", "/bin/echo x": "start a shell for it",
		"run": "use ./run: it is in the working directory", "folder": "give its path", "none": "give its path", "./none": "", "": "give its path",
	} {
		_, err := Find("/no/such", []string{name})
		requireStatus(t, 127, err)
		hint := err.(interface{ Hint() string }).Hint()
		require.Equal(t, want == "", hint == "", name)
		require.Contains(t, hint, want, name)
	}
}
