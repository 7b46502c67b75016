// Command peak runs its arguments and prints their peak resident memory in KiB.
// It is small itself, as a child starts with its parent's peak (getrusage(2)).
package main

import (
	"os"
	"strconv"
	"syscall"
)

func main() {
	pid, err := syscall.ForkExec(os.Args[1], os.Args[1:], &syscall.ProcAttr{Env: os.Environ(), Files: []uintptr{0, 1, 2}})
	if err != nil {
		os.Exit(126)
	}
	var status syscall.WaitStatus
	var usage syscall.Rusage
	if _, err := syscall.Wait4(pid, &status, 0, &usage); err != nil || !status.Exited() {
		os.Exit(125)
	}
	_, _ = os.Stdout.WriteString(strconv.FormatInt(usage.Maxrss, 10) + "\n")
}
