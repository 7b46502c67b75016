package appended

import (
	"io"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// inputName is how the second program knows the memfd with what the first read
// of standard input. Its number can be any, as whoever started the launcher may
// have left any open; and 0 stays what it was, so that a terminal is one for
// the second program too.
const inputName = "launcher-input"

// leave hands text to the second program; nil is nothing.
func leave(text []byte) error {
	if text == nil {
		return nil
	}
	fd, err := memfd(inputName, unix.MFD_NOEXEC_SEAL)
	if err == nil {
		err = write(fd, text, 0)
	}
	if err != nil {
		return refused(err)
	}
	return seal(fd)
}

// Input is what the first program read of standard input; ok is false where
// there was none, or it read nothing. It is there once.
func Input() (text []byte, ok bool, err error) {
	const folder = "/proc/self/fd/"
	open, err := os.ReadDir(folder)
	if err != nil {
		return nil, false, nil // no /proc: then nobody handed anything over
	}
	for _, entry := range open {
		fd, err := strconv.Atoi(entry.Name())
		target, _ := os.Readlink(folder + entry.Name())
		if err != nil || target != "/memfd:"+inputName+" (deleted)" {
			continue
		}
		file := os.NewFile(uintptr(fd), inputName)
		text, err := io.ReadAll(file)
		_ = file.Close() // opened to read: closing loses nothing
		return text, true, err
	}
	return nil, false, nil
}
