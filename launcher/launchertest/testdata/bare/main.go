// Command bare execs its arguments and does nothing else: what a Go program
// costs before it is of any use.
package main

import (
	"os"
	"syscall"
)

func main() {
	if err := syscall.Exec(os.Args[1], os.Args[1:], os.Environ()); err != nil {
		os.Exit(126)
	}
}
