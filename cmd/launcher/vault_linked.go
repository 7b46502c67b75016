//go:build !split

package main

import (
	"context"
	"os"

	"github.com/seed45446ece/launcher/launcher/appended"
	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/azure/keyvault"
	"github.com/seed45446ece/launcher/resolve/file"
)

// newVaults makes the sources that read the vaults of a task.
func newVaults(environ resolve.Environ, s settings) vaults {
	return keyvault.New(keyvault.Options{
		Environ: environ, Credentials: s.azureCredentials, Parallel: s.azureParallel, Spread: s.azureSpread,
	})
}

// handOver has nothing to do: this program reads every source.
func (*program) handOver(prepared) error { return nil }

// readInput is all of standard input: what a first program of this file read, if
// one did.
func readInput(ctx context.Context, name string) ([]byte, error) {
	if text, ok, err := appended.Input(); ok {
		return text, err
	}
	return file.ReadFrom(ctx, name, os.Stdin)
}
