//go:build !split

package main

import (
	"context"
	"os"

	"github.com/seed45446ece/launcher/launcher/appended"
	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/azure"
	"github.com/seed45446ece/launcher/resolve/azure/link"
	"github.com/seed45446ece/launcher/resolve/file"
)

// openVault is the source that reads the vault.
func openVault(spec azure.Spec, _ surroundings) (resolve.Source, error) { return link.New(spec) }

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
