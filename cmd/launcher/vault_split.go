//go:build split

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/seed45446ece/launcher/launcher/appended"
	"github.com/seed45446ece/launcher/launcher/inherit"
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

// vaults leaves all vaults to the program with the Azure SDK, which takes a third
// longer to start.
func vaults(resolve.Environ, settings) func(azure.Spec) resolve.Source {
	return func(azure.Spec) resolve.Source { return elsewhere{} }
}

// handOver replaces this program by the second of its file where a source needs
// that; the second starts from the beginning, with all that this one was given.
// It returns only where there is nothing to do, or with an error.
//
// Signals are as this program was started with them, for the second to find.
// PID 1, which is here with --init never alone, watches for them up to
// execve(2), as their default is nothing there; from there to the watch of the
// second it is as at any start of a Go program, and one may be missed.
func (p *program) handOver(r prepared) error {
	needs := func(b resolve.Bound) bool { _, ok := b.Source.(elsewhere); return ok }
	if !slices.ContainsFunc(r.sources, needs) {
		return nil
	}
	p.report.detail("exec the second program of this file, which reads azure_vault")
	if os.Getpid() != 1 {
		if err := inherit.HandOn(); err != nil {
			return fmt.Errorf("restore the signals: %w", err)
		}
	}
	return fmt.Errorf("azure_vault: %w", appended.Exec(os.Args, os.Environ(), r.input))
}

// readStandardInput is all of it.
func readStandardInput(ctx context.Context, name string) ([]byte, error) {
	return file.ReadFrom(ctx, name, os.Stdin)
}
