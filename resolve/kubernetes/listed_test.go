package kubernetes

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/keyname"
)

func TestParseListedTakesCommasAndBlanks(t *testing.T) {
	names, err := ParseListed("--list", "a, B", "", ",a", "c d\te\n", "mlrun.x,MLRUN.Y")
	require.NoError(t, err)
	require.Equal(t, []string{"a", "B", "c", "d", "e"}, names)
	names, err = ParseListed("--list", "a,b=hunter2", "x/y")
	require.EqualError(t, err, "--list: \"b…\" is not a key: it is followed by a value\n--list: text that is not a key: it holds a punctuation character")
	require.Equal(t, []string{"a"}, names)
}

func TestWithoutDeclaredKeysTheListedVariablesAreSecretsToo(t *testing.T) {
	const p = keyname.MLRunPrefix
	environ := resolve.Environ{"a": "1", "B": "2", p + "B": "3", p + "C": "4", "OTHER": "5", "d": ""}
	listed := Listed{Configured: []string{"a", "B"}, MLRun: []string{"a", "d", "gone"}, Known: true}
	for source, want := range map[string]string{
		"":                               "a=1 variable a\nB=3 variable MLRUN_K8S_SECRET__B\nd= variable d\nC=4 variable MLRUN_K8S_SECRET__C",
		"{env_prefix: ''}":               "a=1 variable a\nB=2 variable B\nd= variable d",
		"[B]":                            "B=3 variable MLRUN_K8S_SECRET__B",
		"{secrets: [B], env_prefix: ''}": "B=2 variable B",
		"{secrets: [b], env_prefix: ''}": "b: variable b is not set",
	} {
		spec, err := parse(t, source)
		require.NoError(t, err)
		spec.Listed = listed
		require.Equal(t, want, find(t, spec.Source(environ)), source)
	}
	spec, err := parse(t, "")
	require.NoError(t, err)
	spec.Listed = Listed{Configured: []string{"gone"}}
	require.Equal(t, "gone: variable MLRUN_K8S_SECRET__GONE is not set, nor is gone", find(t, spec.Source(resolve.Environ{"GONE": "1"})))
}

func TestAnEmptyPrefixCarriesOnlyTheKeys(t *testing.T) {
	environ := resolve.Environ{"PATH": "/", "key": "1", keyname.MLRunPrefix + "X": "2"}
	for source, want := range map[string][]string{"{env_prefix: ''}": nil, "{secrets: [key, gone], env_prefix: ''}": {"key", "gone"}} {
		spec, err := parse(t, source)
		require.NoError(t, err)
		require.Equal(t, want, spec.Variables(environ), source)
	}
}

func TestRequireConfidentialTakesAPlainVariableThatIsConfigured(t *testing.T) {
	environ := resolve.Environ{"A": "1", "B": "2"}
	for source, want := range map[string]string{
		"":                              "A=1 variable A\nB: " + refusedPlain("B"),
		"[A, B]":                        "A=1 variable A\nB: " + refusedPlain("B"),
		"{secret: other, secrets: [A]}": "A: " + refusedPlain("A"), // the list is of the project's
	} {
		spec, err := parse(t, source)
		require.NoError(t, err)
		spec.Confidential, spec.Listed = true, Listed{Configured: []string{"A"}, MLRun: []string{"A", "B"}}
		require.Equal(t, want, find(t, spec.Source(environ)), source)
	}
}

func refusedPlain(key string) string { return plainError{keyname.MLRunPrefix + key, key}.Error() }
