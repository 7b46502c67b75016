package handler_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/handler"
)

func TestMatch(t *testing.T) {
	for _, test := range []struct {
		name  string
		keys  []string
		key   string
		match string // "" for none
	}{
		{"the key itself", []string{"A", "B"}, "B", "B"},
		{"the key itself before one that is alike", []string{"a_b", "A-B", "A_B"}, "A_B", "A_B"},
		{"letter case", []string{"password"}, "PASSWORD", "password"},
		{"a dash and a dot for an underscore", []string{"my-azure.secret"}, "MY_AZURE_SECRET", "my-azure.secret"},
		{"an underscore for a dash and a dot", []string{"MY_AZURE_SECRET"}, "my-azure.secret", "MY_AZURE_SECRET"},
		{"two that would fit", []string{"a-b", "a.b"}, "a_b", ""},
		{"two that would fit, in letter case alone", []string{"Token", "TOKEN"}, "token", ""},
		{"three that would fit, and the key itself", []string{"Token", "token", "TOKEN"}, "token", "token"},
		{"a part of a key", []string{"PASSWORD"}, "PASS", ""},
		{"a longer key", []string{"PASS"}, "PASSWORD", ""},
		{"a blank is not folded", []string{"A B"}, "A_B", ""},
		{"the neighbours of the letters are not folded", []string{"A@[`{"}, "a`{@[", ""},
		{"a slash, beside the dot", []string{"a/b"}, "a.b", ""},
		{"keys of many bytes", []string{"schlüssel-ключ-鍵"}, "SCHLüSSEL_ключ.鍵", "schlüssel-ключ-鍵"},
		{"letters beyond ASCII keep their case", []string{"ключ"}, "КЛЮЧ", ""},
		{"the Kelvin sign is no k", []string{"\u212a"}, "k", ""},
		{"a key that is not UTF-8", []string{"\xffA"}, "\xffa", "\xffA"},
		{"no keys", nil, "A", ""},
		{"the empty key", []string{"A", "-"}, "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			match, ok := handler.Match(test.keys, test.key)
			require.Equal(t, test.match != "", ok)
			require.Equal(t, test.match, match)
		})
	}
}

func TestSecret(t *testing.T) {
	t.Setenv("ONLY_A_VARIABLE", "from the environment")
	t.Setenv("EMPTY_VARIABLE", "")
	t.Setenv("A_B", "the variable, where two secrets would fit")
	t.Setenv("DB_PASSWORD", "hidden by the secret")
	t.Setenv("TOKEN_VARIABLE", "by \xff variable")
	context := read(t, `{"version": 1,
		"secrets": {"DB_PASSWORD": "pa$word \n\t\"\\", "EMPTY": "", "a-b": "1", "a.b": "2", "unicode": "\u00e9\ud83d\udd11\u0000"},
		"secrets_base64": {"KEYSTORE": "/wD+", "EMPTY64": ""},
		"secrets_env": {"TOKEN": "TOKEN_VARIABLE", "none": "EMPTY_VARIABLE"}}`)
	for key, value := range map[string]string{
		"DB_PASSWORD":     "pa$word \n\t\"\\",
		"db-password":     "pa$word \n\t\"\\",
		"EMPTY":           "",
		"a-b":             "1",
		"A_B":             "the variable, where two secrets would fit",
		"unicode":         "é\U0001F511\x00",
		"KEYSTORE":        "\xff\x00\xfe",
		"EMPTY64":         "",
		"token":           "by \xff variable",
		"none":            "",
		"ONLY_A_VARIABLE": "from the environment",
		"EMPTY_VARIABLE":  "",
	} {
		t.Run(key, func(t *testing.T) {
			got, err := context.Secret(key)
			require.NoError(t, err)
			require.Equal(t, value, got)
		})
	}
	for _, key := range []string{"", "ABSENT", "only_a_variable", "a_b", "A=B", "\x00"} {
		t.Run("none "+key, func(t *testing.T) {
			value, err := context.Secret(key)
			require.ErrorIs(t, err, handler.ErrNoSecret)
			if key == "a_b" {
				require.EqualError(t, err, `secret "a_b": two keys match, "a-b" and "a.b"`)
			} else {
				require.EqualError(t, err, fmt.Sprintf("secret %q: no such secret", key))
			}
			require.Empty(t, value)
		})
	}
}

func TestSecretIsWhatItWasAtRead(t *testing.T) {
	t.Setenv("DB_PASSWORD", "before")
	context := read(t, `{"version": 1, "secrets_env": {"DB_PASSWORD": "DB_PASSWORD"}}`)
	t.Setenv("DB_PASSWORD", "after")
	value, _ := context.Secret("DB_PASSWORD")
	require.Equal(t, "before", value)
}

func TestSecretOfAContextThatNobodyRead(t *testing.T) {
	t.Setenv("A", "variable")
	var context handler.Context
	value, err := context.Secret("A")
	require.NoError(t, err)
	require.Equal(t, "variable", value)
	_, err = context.Secret("B")
	require.ErrorIs(t, err, handler.ErrNoSecret)
}

func TestKeysAreSortedAndTheCallersOwn(t *testing.T) {
	context := read(t, `{"version": 1, "secrets": {"b": "", "C": ""}, "secrets_base64": {"a": ""}}`)
	require.Equal(t, []string{"C", "a", "b"}, context.Keys())
	context.Keys()[0] = "b"
	_, err := context.Secret("C")
	require.NoError(t, err)
}

func TestParametersKeepTheirNumbers(t *testing.T) {
	context := read(t, `{"version": 1, "spec": {"parameters":
		{"big": 12345678901234567890, "exact": 1.10, "list": [1e400], "null": null, "Case": 1, "case": 2}}}`)
	require.Equal(t, json.Number("12345678901234567890"), context.Parameters["big"])
	require.Equal(t, json.Number("1.10"), context.Param("exact", nil))
	require.Equal(t, []any{json.Number("1e400")}, context.Param("list", nil))
	require.Equal(t, json.Number("1"), context.Param("Case", nil))
	require.Nil(t, context.Param("null", "the fallback is for what does not exist"))
	require.Equal(t, 7, context.Param("absent", 7))
}

// canary is a value that no output may hold, also not in part.
const canary = "hunter2-Zq"

// forms is how a value may be found in an output.
func forms(value string) []string {
	return []string{value, fmt.Sprintf("%x", value), fmt.Sprintf("%X", value), fmt.Sprintf("% x", value),
		fmt.Sprint([]byte(value)), fmt.Sprintf("%#v", []byte(value)), "aHVudGVyMi1ac"}
}

func requireNoSecret(t *testing.T, text string) {
	t.Helper()
	for _, form := range forms(canary) {
		require.NotContains(t, text, form)
	}
}

func TestPrintingShowsNoSecret(t *testing.T) {
	t.Setenv("CANARY", canary)
	context := read(t, `{"version": 1, "metadata": {"name": "train"}, "spec": {"parameters": {"a": 1}},
		"secrets": {"A": "`+canary+`"}, "secrets_base64": {"B": "aHVudGVyMi1acQ=="}, "secrets_env": {"C": "CANARY"}}`)
	for _, key := range []string{"A", "B", "C"} {
		value, _ := context.Secret(key)
		require.Equal(t, canary, value)
	}
	for _, verb := range "vTtbcdoOqxXUeEfFgGspw" {
		for _, flags := range []string{"", "+", "#", " ", "-", "0", "200", ".200"} {
			format := "%" + flags + string(verb)
			requireNoSecret(t, fmt.Sprintf(format, context))
			requireNoSecret(t, fmt.Sprintf(format, *context))
			requireNoSecret(t, fmt.Sprintf(format, []any{context, &context}))
		}
	}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("text", "context", context, "copy", *context)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("json", "context", context, "copy", *context)
	text, err := json.Marshal(context)
	require.NoError(t, err)
	require.Contains(t, log.String()+string(text), "train")
	requireNoSecret(t, log.String()+string(text))
}
