package handler

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// Variable names the delivery: stdin, fd:N, env, files:DIR or unix:PATH.
const Variable = "LAUNCHER_CONTEXT"

// VariableJSON holds, in the env delivery, the context without its secrets.
const VariableJSON = "LAUNCHER_CONTEXT_JSON"

// File is, in the files delivery, the context without its secrets.
const File = "context.json"

// ErrNoContext says that nothing started this process with a context.
var ErrNoContext = errors.New(Variable + ` is not set: start this program with "launcher run"`)

const adviseWorkers = "for worker processes use --deliver files or socket"

// Read reads the context of this process. Keep the Context, as standard input
// can be read only once. It returns ErrNoContext if there is none, and an
// error if a secret has no value. No error holds a value.
func Read() (*Context, error) {
	scheme, where, _ := strings.Cut(os.Getenv(Variable), ":")
	switch {
	case scheme == "files" && where != "":
		return readDirectory(where)
	case scheme == "unix" && where != "":
		return socket(where).context()
	}
	text, err := read(os.Getenv(Variable))
	if err != nil {
		return nil, err
	}
	return parse(text, delivery{kind: scheme})
}

func read(delivery string) ([]byte, error) {
	scheme, number, _ := strings.Cut(delivery, ":")
	switch {
	case delivery == "":
		return nil, ErrNoContext
	case delivery == "stdin":
		return readStdin()
	case delivery == "env":
		text, ok := os.LookupEnv(VariableJSON)
		if !ok {
			return nil, fmt.Errorf("%s is env, and %s is not set", Variable, VariableJSON)
		}
		return []byte(text), nil
	case scheme == "fd":
		return readDescriptor(number)
	}
	return nil, fmt.Errorf(`unsupported delivery %q in %s: use "launcher run --deliver" with stdin, fd, env, files or socket`, scheme, Variable)
}

// readDirectory reads the files delivery, which ends with the handler.
func readDirectory(directory string) (*Context, error) {
	text, err := os.ReadFile(filepath.Join(directory, File))
	if err != nil {
		return nil, fmt.Errorf("the context's directory: %w", err)
	}
	return parse(text, delivery{"files", directory})
}

func readStdin() ([]byte, error) {
	text, err := io.ReadAll(os.Stdin)
	if err != nil {
		return nil, fmt.Errorf("the context on standard input: %w", err)
	}
	if len(text) == 0 {
		return nil, errors.New("standard input holds no context: it was already read, by this process or another; " + adviseWorkers)
	}
	emptyStdin(int(os.Stdin.Fd()))
	return text, nil
}

// emptyStdin replaces standard input by /dev/null, so that a child process
// cannot read the context again: one over 1 MiB is a file. It changes nothing
// without a /dev/null.
func emptyStdin(fd int) {
	null, err := syscall.Open(os.DevNull, syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	if err == nil && null != fd {
		_ = duplicate(null, fd)
		_ = syscall.Close(null)
	}
}

// readDescriptor reads a descriptor's file from its start, and does not move
// the offset that other processes share. It uses no os.File, which would close
// the descriptor when it is collected.
func readDescriptor(number string) ([]byte, error) {
	fd, err := strconv.ParseUint(number, 10, 31)
	if err != nil {
		return nil, fmt.Errorf("%s: %q is not a descriptor", Variable, number)
	}
	var text []byte
	chunk := make([]byte, 64<<10)
	for {
		n, err := syscall.Pread(int(fd), chunk, int64(len(text)))
		if err != nil {
			return nil, fmt.Errorf("the context on descriptor %s: %w; %s", number, err, adviseWorkers)
		}
		if n == 0 {
			break
		}
		text = append(text, chunk[:n]...)
	}
	// Go opens descriptors of its own before main, and takes the first free number.
	if !bytes.HasPrefix(bytes.TrimSpace(text), []byte("{")) {
		return nil, fmt.Errorf("descriptor %s holds no context; %s", number, adviseWorkers)
	}
	return text, nil
}
