package resolve_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/resolve"
)

func TestALaterSourceBeatsAnEarlierOneOfItsGroup(t *testing.T) {
	type bounds []resolve.Bound
	for _, c := range []struct {
		name    string
		sources bounds
		secrets string
		rows    []string
	}{
		{"nothing", nil, "", nil},
		{
			"each key from its source, sorted", bounds{source("a", "Z=1", "B=2"), source("b", "A=3")},
			"A=3 B=2 Z=1", []string{"Z a found", "B a found", "A b found"},
		},
		{
			"the last of three, and both others name it", bounds{source("a", "K=1"), source("b", "K=2"), source("c", "K=3")},
			"K=3", []string{"K a overridden by c, place of c", "K b overridden by c, place of c", "K c found"},
		},
		{
			"an empty value", bounds{source("a", "K=1"), source("b", "K=")},
			"K=", []string{"K a overridden by b, place of b", "K b found"},
		},
		{
			"a key that is missing later does not", bounds{source("a", "K=1"), source("b", "K")},
			"K=1", []string{"K a found", "K b missing"},
		},
		{
			"inline beats a cluster's source after it", bounds{source("inline", "K=1"), yielding(source("azure_vault", "K=2"))},
			"K=1", []string{"K azure_vault overridden by inline, place of inline", "K inline found"},
		},
		{
			"inline beats a cluster's source before it", bounds{yielding(source("azure_vault", "K=2")), source("inline", "K=1")},
			"K=1", []string{"K azure_vault overridden by inline, place of inline", "K inline found"},
		},
		{
			"each group keeps its order",
			bounds{source("i", "K=1", "L=1"), yielding(source("k", "K=2", "M=2")), source("f", "K=3"), yielding(source("v", "K=4", "M=4"))},
			"K=3 L=1 M=4", []string{
				"K k overridden by f, place of f", "M k overridden by v, place of v", "K v overridden by f, place of f", "M v found",
				"K i overridden by f, place of f", "L i found", "K f found",
			},
		},
		{
			"a key twice in one source", bounds{source("a", "K=1", "K=2")},
			"K=2", []string{"K a overridden by a, place of a", "K a found"},
		},
		{
			"keys that differ in letter case are two", bounds{source("a", "K=1"), source("b", "k=2")},
			"K=1 k=2", []string{"K a found", "k b found"},
		},
		{
			"a prefix is before every key", bounds{prefixed("P_", source("a", "K=1", "L=2")), source("b", "K=3")},
			"K=3 P_K=1 P_L=2", []string{"P_K a found", "P_L a found", "K b found"},
		},
		{
			"a prefixed key meets another source's", bounds{prefixed("P_", source("a", "K=1")), source("b", "P_K=2")},
			"P_K=2", []string{"P_K a overridden by b, place of b", "P_K b found"},
		},
		{
			"an optional key that is absent is no error", bounds{optional(source("a", "K", "L=2"))},
			"L=2", []string{"K a missing optional", "L a found optional"},
		},
		{
			"an optional source that does not exist has one row", bounds{optional(failing("file", resolve.Absent("no file"))), source("a", "K=1")},
			"K=1", []string{"* file missing optional", "K a found"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := resolve.Resolve(t.Context(), c.sources)
			require.NoError(t, err)
			require.Equal(t, c.secrets, secrets(r))
			require.Equal(t, c.rows, rows(r))
		})
	}
}

func TestResolveLeavesItsSourcesInTheirOrder(t *testing.T) {
	sources := []resolve.Bound{source("a", "K=1"), yielding(source("b", "K=2")), source("c", "K=3")}
	_, err := resolve.Resolve(t.Context(), sources)
	require.NoError(t, err)
	require.Equal(t, "a b c", sources[0].Kind+" "+sources[1].Kind+" "+sources[2].Kind)
}
