package keyvault

import (
	"context"

	"github.com/seed45446ece/launcher/resolve"
)

// keyedSource is a source without bundles.
type keyedSource struct{ source }

// Keys implements resolve.Keyed.
func (k keyedSource) Keys() []string { return k.spec.Keys() }

// Only implements resolve.Keyed. Where nothing is declared, the key is asked for
// by the name that the vault can have it under, and nothing is listed.
func (k keyedSource) Only(key string) resolve.Source {
	spec, ok := k.spec.Only(key)
	if !ok {
		return emptySource{}
	}
	return source{k.vaults, spec}
}

// emptySource is the source of a key that no vault can have.
type emptySource struct{}

// Find finds nothing.
func (emptySource) Find(context.Context) ([]resolve.Finding, error) { return nil, nil }
