package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"syscall"
	"unsafe"

	"github.com/seed45446ece/launcher/launcher/appended"
)

// second says what a program was started with by the first of its file.
func second() error {
	signal := parent() // a thread's: before there is more than one to be on
	open := descriptors()
	input, ok, err := appended.Input()
	if err != nil {
		return err
	}
	rest, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(map[string]any{
		"pid": os.Getpid(), "args": os.Args, "environ": os.Environ(), "descriptors": open, "core": core(),
		"input": string(input), "handed": ok, "stdin": string(rest), "parent": signal,
	})
}

// parent is the signal that comes when the parent ends.
func parent() string {
	var signal int32
	_, _, errno := syscall.RawSyscall(syscall.SYS_PRCTL, syscall.PR_GET_PDEATHSIG, uintptr(unsafe.Pointer(&signal)), 0)
	return fmt.Sprint(signal, errno)
}
