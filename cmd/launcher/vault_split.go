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

// allElsewhere leaves all vaults to the program with the Azure SDK, which takes a
// third longer to start.
type allElsewhere struct{}

func (allElsewhere) Source(azure.Spec) resolve.Source { return elsewhere{} }

func (allElsewhere) Forget() {}

func newVaults(resolve.Environ, settings) vaults { return allElsewhere{} }

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
	return fmt.Errorf("azure_vault: %w", p.second(r.input, "reads azure_vault"))
}

// serve is the second program's: it has what speaks HTTP.
func (p *program) serve(settings) error {
	return fmt.Errorf("--deliver socket: %w", p.second(nil, "answers on the socket"))
}

// second becomes the second program, so it returns only with an error.
func (p *program) second(input []byte, purpose string) error {
	p.report.detail("exec the second program of this file, which %s", purpose)
	if os.Getpid() != 1 {
		if err := inherit.HandOn(); err != nil {
			return fmt.Errorf("restore the signals: %w", err)
		}
	}
	return appended.Exec(os.Args, os.Environ(), input)
}

// readInput is all of standard input.
func readInput(ctx context.Context, name string) ([]byte, error) {
	return file.ReadFrom(ctx, name, os.Stdin)
}
