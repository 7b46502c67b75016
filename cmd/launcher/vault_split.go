//go:build split

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/seed45446ece/launcher/launcher/appended"
	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/azure"
	"github.com/seed45446ece/launcher/resolve/file"
)

// elsewhere is a source that the second program of this file reads.
type elsewhere struct{}

// Find is never called: handOver comes first.
func (elsewhere) Find(context.Context) ([]resolve.Finding, error) {
	return nil, errors.New("a defect of the launcher: the program that reads the vault was not started")
}

// openVault leaves the vault to the program with the Azure SDK, which takes a
// third longer to start.
func openVault(azure.Spec, surroundings) (resolve.Source, error) { return elsewhere{}, nil }

// handOver replaces this program by the second of its file where a source needs
// that; the second starts from the beginning, with all that this one was given.
// It returns only where there is nothing to do, or with an error.
func (p *program) handOver(r prepared, i *interrupt) error {
	needs := func(b resolve.Bound) bool { _, ok := b.Source.(elsewhere); return ok }
	if !slices.ContainsFunc(r.sources, needs) {
		return nil
	}
	p.report.detail("exec the second program of this file, which reads azure_vault")
	return fmt.Errorf("azure_vault: %w", appended.Exec(os.Args, os.Environ(), r.input, i.hold))
}

// hold blocks the watched signals in every thread, so that one that comes while
// the program changes waits for the next to watch: a mask and what is pending
// are kept by execve(2). A mask that is not empty is left alone, as the next
// program could not tell what was added to it.
func (i *interrupt) hold() {
	if i == nil {
		return
	}
	empty := signalMask(unix.SIG_BLOCK, 0) == 0
	if empty {
		holdEverywhere()
	}
	i.stop()
	if empty {
		holdEverywhere() // threads that the runtime started since
	}
}

func holdEverywhere() {
	set := held()
	_, _, _ = syscall.AllThreadsSyscall6(unix.SYS_RT_SIGPROCMASK, unix.SIG_BLOCK, uintptr(unsafe.Pointer(&set)), 0, 8, 0, 0)
}

// readStandardInput is all of it.
func readStandardInput(ctx context.Context, name string) ([]byte, error) {
	return file.ReadFrom(ctx, name, os.Stdin)
}
