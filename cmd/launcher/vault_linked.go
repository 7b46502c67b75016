//go:build !split

package main

import (
	"context"
	"os"

	"github.com/seed45446ece/launcher/launcher/appended"
	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/azure"
	"github.com/seed45446ece/launcher/resolve/azure/keyvault"
	"github.com/seed45446ece/launcher/resolve/file"
)

// vaults makes the sources that read the vaults of a task.
func vaults(environ resolve.Environ, s settings) func(azure.Spec) resolve.Source {
	return keyvault.New(keyvault.Options{
		Environ: environ, Credentials: s.azureCredentials, Parallel: s.azureParallel, Spread: s.azureSpread,
	}).Source
}

// handOver has nothing to do: this program reads every source.
func (*program) handOver(prepared) error { return nil }

// readStandardInput is all of it: what a first program of this file read, if
// one did.
func readStandardInput(ctx context.Context, name string) ([]byte, error) {
	if text, ok, err := appended.Input(); ok {
		return text, err
	}
	return file.ReadFrom(ctx, name, os.Stdin)
}
