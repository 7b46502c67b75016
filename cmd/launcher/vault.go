package main

import (
	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/azure/keyvault"
)

// newVaults returns the sources that read the vaults of a task.
func newVaults(environ resolve.Environ, s settings) vaults {
	return keyvault.New(keyvault.Options{
		Environ: environ, Credentials: s.azureCredentials, Parallel: s.azureParallel, Spread: s.azureSpread,
	})
}
