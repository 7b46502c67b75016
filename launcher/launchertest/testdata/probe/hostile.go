package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// swap puts links in place of all that a launcher makes below a directory, over
// and over: one of them, its files, or the directory itself.
func swap(base string, targets ...string) {
	for round := 0; ; round++ {
		target := targets[round%len(targets)]
		made, _ := filepath.Glob(base + "/launcher-*")
		for _, directory := range made {
			for _, name := range []string{"socket", "KEY", "context.json"} {
				exchange(target, directory+"/.planted", directory+"/"+name)
			}
			exchange(target, base+"/.planted", directory)
		}
		if len(made) == 0 {
			runtime.Gosched()
		}
	}
}

// swapInstalled does the same to what a launcher installs in a directory.
func swapInstalled(directory string, targets ...string) {
	for round := 0; ; round++ {
		target := targets[round%len(targets)]
		made, _ := filepath.Glob(directory + "/.launcher-*")
		for _, file := range append(made, directory+"/launcher") {
			exchange(target, directory+"/planted", file)
		}
	}
}

// exchange makes a link and has it change places with a file.
func exchange(target, link, file string) {
	_ = os.Remove(link)
	_ = os.Symlink(target, link)
	_ = unix.Renameat2(unix.AT_FDCWD, link, unix.AT_FDCWD, file, unix.RENAME_EXCHANGE)
}

// privileges prints what this process could do beside what its user can.
func privileges() {
	text, err := os.ReadFile("/proc/self/status")
	check(err)
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "CapInh") || strings.HasPrefix(line, "CapPrm") || strings.HasPrefix(line, "CapEff") || strings.HasPrefix(line, "CapAmb") {
			fmt.Print(line)
		}
	}
	_, err = unix.KeyctlSearch(unix.KEY_SPEC_SESSION_KEYRING, "user", "launcher-test", 0)
	fmt.Println("key:", err)
}

// typeInto puts a character into the input of a terminal.
func typeInto(fd int) error {
	text := [...]byte{'#'}
	_, _, errno := syscall.Syscall(syscall.SYS_IOCTL, uintptr(fd), unix.TIOCSTI, uintptr(unsafe.Pointer(&text)))
	if errno != 0 {
		return errno
	}
	return nil
}
