package task

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/resolve/document"
)

func TestParseParameterReadsYAML(t *testing.T) {
	for text, want := range map[string]string{
		"rate=0.5": "0.5", "a=": `""`, "a= ": `" "`, "a=b=c": `"b=c"`, "l=[1, x]": `[1,"x"]`, "m={a: null}": `{"a":null}`, `q="1"`: `"1"`,
	} {
		_, value, err := ParseParameter("--param", text)
		require.NoError(t, err, text)
		got, err := value.AppendJSON(nil)
		require.NoError(t, err)
		require.Equal(t, want, string(got), text)
	}
	for _, text := range []string{"", "rate", "=1", "\xff=1"} {
		_, _, err := ParseParameter("--param", text)
		require.EqualError(t, err, "--param: is not NAME=VALUE")
	}
	_, _, err := ParseParameter("--param", "a=[canary")
	require.ErrorContains(t, err, "--param a:1:")
	require.NotContains(t, err.Error(), "canary")
	for _, e := range document.Unjoin(err) {
		require.ErrorAs(t, e, new(*document.Problem))
		require.Contains(t, e.(*document.Problem).Hint(), "double quotes")
	}
}
