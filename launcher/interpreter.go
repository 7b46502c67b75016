package launcher

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
)

// noInterpreter explains why execve(2) said ENOENT of a command that is there: the
// program of its #! line is not, or the loader that it was linked for.
func noInterpreter(path string) error {
	line, ok := firstLine(path)
	if !ok || !strings.HasPrefix(line, "#!") {
		return &NotFoundError{fmt.Sprintf("command %q: its interpreter does not exist", path), "check the C library: a program that needs glibc does not start in an image with musl"}
	}
	if strings.HasSuffix(line, "\r") {
		return &NotFoundError{fmt.Sprintf("command %q: its #! line ends with a carriage return, as DOS writes it", path), `convert the file: dos2unix FILE, or sed -i 's/\r$//' FILE`}
	}
	interpreter, _, _ := strings.Cut(strings.TrimLeft(line[2:], " \t"), " ")
	return &NotFoundError{fmt.Sprintf("command %q: its interpreter %q does not exist", path, interpreter), "check its #! line, or install the interpreter in the image"}
}

// noFormat explains why execve(2) said ENOEXEC.
func noFormat(path string) error {
	line, ok := firstLine(path)
	switch {
	case !ok || strings.ContainsRune(line, 0):
		return &CannotRunError{fmt.Sprintf("command %q: exec format error", path), "use a program that was built for this architecture"}
	case line == "":
		return &CannotRunError{fmt.Sprintf("command %q: the file is empty, or starts with an empty line", path), "start the script with its interpreter: #!/bin/sh"}
	}
	return &CannotRunError{fmt.Sprintf("command %q: a script without a #! line", path), "start it with #!/bin/sh, or name its interpreter first: launcher run -- sh FILE"}
}

// firstLine returns the first line of a regular file, or the first 256 bytes of
// it, which is what the kernel reads. It is false if the file cannot be read.
func firstLine(path string) (string, bool) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return "", false
	}
	defer func() { _ = f.Close() }()
	start := make([]byte, 256)
	n, err := io.ReadFull(f, start)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return "", false
	}
	line, _, _ := bytes.Cut(start[:n], []byte("\n"))
	return string(line), true
}

// adviseMissing returns the hint for a command that was not found: a line for a
// shell, or a file of the working directory, is not one.
func adviseMissing(name string) string {
	if strings.ContainsAny(name, " \t\n;|&<>$`*()") {
		return "start a shell for it: launcher run -- sh -c '…'"
	}
	if info, err := os.Stat(name); err == nil && info.Mode().IsRegular() && name != "" {
		return "use ./" + name + ": it is in the working directory, not in PATH"
	}
	return "give its path, or check the image's PATH"
}
