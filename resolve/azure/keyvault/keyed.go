package keyvault

import (
	"context"

	"github.com/seed45446ece/launcher/resolve"
)

// keyed is a source without bundles.
type keyed struct{ source }

// Keys implements resolve.Keyed.
func (k keyed) Keys() []string { return k.spec.Keys() }

// Only implements resolve.Keyed. Where nothing is declared, the key is asked for
// by the name that the vault can have it under, and nothing is listed.
func (k keyed) Only(key string) resolve.Source {
	spec, ok := k.spec.Only(key)
	if !ok {
		return nothing{}
	}
	return source{k.vaults, spec}
}

// nothing is the source of a key that no vault can have.
type nothing struct{}

// Find finds nothing.
func (nothing) Find(context.Context) ([]resolve.Finding, error) { return nil, nil }
