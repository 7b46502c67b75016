package handler_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/handler"
)

func TestAContextMayLackAllButItsVersion(t *testing.T) {
	for _, text := range []string{
		`{"version": 1}`,
		`{"version": 1, "metadata": {}, "spec": {}, "secrets": {}, "secrets_base64": {}, "secrets_env": {}}`,
		`{"version": 1, "metadata": null, "spec": null, "secrets": null, "secrets_base64": null, "secrets_env": null}`,
		`{"version": 1, "metadata": {"name": null, "iteration": null, "labels": null}, "spec": {"parameters": null}}`,
	} {
		context := read(t, text)
		require.Equal(t, handler.Metadata{}, context.Metadata)
		require.Empty(t, context.Keys())
		require.NotNil(t, context.Parameters)
		require.Empty(t, context.Parameters)
		require.Equal(t, byte('{'), context.Spec[0])
	}
}

func TestNamesCountAsTheyAreWritten(t *testing.T) {
	context := read(t, `{"version": 1, "Version": 2, "metadata": {"name": "right", "NAME": "wrong"}, "Metadata": {"uid": "wrong"},
		"spec": {"parameters": {"p": "right"}, "Parameters": {"p": "wrong"}}, "SPEC": 1,
		"secrets": {"A": "right"}, "Secrets": {"A": "wrong", "B": "wrong"}, "Secrets_Env": {"C": "HOME"}}`)
	require.Equal(t, handler.Metadata{Name: "right"}, context.Metadata)
	require.Equal(t, "right", context.Param("p", nil))
	require.Equal(t, []string{"A"}, context.Keys())
	value, _ := context.Secret("A")
	require.Equal(t, "right", value)
}

func TestReadRefusesWhatIsNoContext(t *testing.T) {
	const form = `is malformed`
	for _, test := range []struct{ text, message string }{
		{``, "not a JSON object"},
		{`null`, "the context has an unsupported version"},
		{`[1]`, "not a JSON object"},
		{`"` + canary + `"`, "not a JSON object"},
		{canary, "not a JSON object"},
		{whole + canary, "not a JSON object"},
		{whole + whole, "not a JSON object"},
		{"\ufeff" + whole, "not a JSON object"},
		{`{"version": 1, "secrets": {"A": "` + canary + "\xff" + `"}}`, "not a JSON object in UTF-8"},
		{strings.Repeat(`{"a":`, 1<<14), "not a JSON object"},
		{`{}`, "the context has an unsupported version"},
		{strings.Replace(whole, "1", "2", 1), "the context has an unsupported version"},
		{`{"version": "1"}`, "the context has an unsupported version"},
		{`{"version": 1.5}`, "the context has an unsupported version"},
		{`{"version": null}`, "the context has an unsupported version"},
		{`{"version": 1, "metadata": "` + canary + `"}`, `"metadata" ` + form},
		{`{"version": 1, "metadata": {"name": {"` + canary + `": 1}}}`, `"name" ` + form},
		{`{"version": 1, "metadata": {"iteration": 1.5}}`, `"iteration" ` + form},
		{`{"version": 1, "metadata": {"labels": ["` + canary + `"]}}`, `"labels" ` + form},
		{`{"version": 1, "spec": ["` + canary + `"]}`, `"spec" ` + form},
		{`{"version": 1, "spec": {"parameters": "` + canary + `"}}`, `"parameters" ` + form},
		{`{"version": 1, "secrets": "` + canary + `"}`, `"secrets" ` + form},
		{`{"version": 1, "secrets": {"A": ["` + canary + `"]}}`, `"secrets" ` + form},
		{`{"version": 1, "secrets": {"A": null, "B": "` + canary + `"}}`, `secrets: secret "A": it has no value`},
		{`{"version": 1, "secrets_base64": {"A": null}}`, `secrets_base64: secret "A": it has no value`},
		{`{"version": 1, "secrets_base64": {"A": "` + canary + `"}}`, `secrets_base64: secret "A": it is not base64`},
		{`{"version": 1, "secrets_base64": {"A": "/x=="}}`, `secrets_base64: secret "A": it is not base64`},
		{`{"version": 1, "secrets_env": {"A": null}}`, `secrets_env: secret "A": it has no value`},
		{`{"version": 1, "secrets": {"A": "` + canary + `"}, "secrets_base64": {"A": ""}}`, `secrets_base64: secret "A": duplicate key`},
	} {
		t.Run(test.text[:min(len(test.text), 60)], func(t *testing.T) {
			context, err := readText(t, test.text)
			require.ErrorContains(t, err, test.message)
			require.Nil(t, context)
			requireNoSecret(t, err.Error())
		})
	}
}

func TestReadRefusesEveryTruncation(t *testing.T) {
	for i := range len(whole) {
		_, err := readText(t, whole[:i])
		require.Error(t, err, "of %d bytes", i)
		requireNoSecret(t, err.Error())
	}
}

func TestReadNamesEveryVariableThatIsNotSet(t *testing.T) {
	t.Setenv("SET", canary)
	require.NoError(t, os.Unsetenv("NOT_SET"))
	_, err := readText(t, `{"version": 1, "secrets_env": {"b": "NOT_SET", "a": "SET", "c": "", "d": "NOT=SET"}}`)
	require.EqualError(t, err, `the context's secrets_env: secret "b": variable NOT_SET is not set
the context's secrets_env: secret "c": variable  is not set
the context's secrets_env: secret "d": variable NOT=SET is not set`)
}
