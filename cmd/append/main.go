// Command append writes a file of two programs: append FIRST SECOND FILE. What
// such a file is, package appended says; the Makefile calls it.
package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"

	"github.com/seed45446ece/launcher/launcher/appended"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "append:", err)
		os.Exit(1)
	}
}

// run writes the file in one piece and under a name of its own first, so that
// one that is running can be replaced.
func run(args []string) error {
	if len(args) != 3 {
		return errors.New("usage: append FIRST SECOND FILE")
	}
	first, err := os.ReadFile(args[0])
	if err != nil {
		return err
	}
	second, err := os.ReadFile(args[1])
	if err != nil {
		return err
	}
	made := args[2] + ".new"
	err = os.WriteFile(made, appended.Join(first, second), 0o755)
	if err = cmp.Or(err, os.Chmod(made, 0o755)); err != nil { // whatever the umask
		return err
	}
	return os.Rename(made, args[2])
}
