package keyvault

import (
	"context"

	"github.com/seed45446ece/launcher/resolve"
)

// keyedSource is a source without bundles, whose keys are known.
type keyedSource struct{ source }

func (k keyedSource) Keys() []string { return k.spec.Keys() }

// Only implements resolve.Keyed. If nothing is declared, it reads the key by
// the name that the vault can have, and lists nothing.
func (k keyedSource) Only(key string) resolve.Source {
	spec, ok := k.spec.Only(key)
	if !ok {
		return emptySource{}
	}
	return source{k.vaults, spec}
}

// emptySource is the source of a key that no vault can have.
type emptySource struct{}

func (emptySource) Find(context.Context) ([]resolve.Finding, error) { return nil, nil }
