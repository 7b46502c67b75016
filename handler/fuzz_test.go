package handler

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzParse checks that a context is read whole or refused.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		`{"version":1,"metadata":{"name":"train","uid":"","project":"","iteration":0,"labels":{},"annotations":{}},` +
			`"spec":{"parameters":{"db_name":"sales","rate":1e-3}},"secrets":{"DB_PASSWORD":"pa$word"},"secrets_base64":{"KEYSTORE":"/wA="}}`,
		`{"version":1,"spec":{},"secrets_env":{"DB_PASSWORD":"DB_PASSWORD"}}`,
		`{"version":1,"secrets":{"a":"\ud83d\ude00\u0000","A":""},"Secrets":{"a":1}}`,
		`{"version":1,"metadata":null,"spec":null,"secrets":{"a":null}}`,
		`{"version":2}`, `[]`, ``, `{"version":1`,
	} {
		f.Add([]byte(seed))
	}
	f.Setenv("DB_PASSWORD", "variable")
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := parse(text, delivery{kind: "env"})
		if err != nil {
			require.Nil(t, c)
			return
		}
		secrets := map[string]string{}
		require.NoError(t, object(members(t, text)).get("secrets", &secrets))
		for key, value := range secrets {
			got, err := c.Secret(key)
			require.NoError(t, err)
			require.Equal(t, value, got)
		}
		for _, key := range c.Keys() {
			_, err := c.Secret(key)
			require.NoError(t, err)
		}
		require.NotNil(t, c.Parameters)
		require.True(t, json.Valid(c.Spec))
	})
}

func members(t *testing.T, text []byte) (members map[string]json.RawMessage) {
	require.NoError(t, json.Unmarshal(text, &members))
	return members
}

// FuzzMatch compares Match with the rule in the plainest words.
func FuzzMatch(f *testing.F) {
	for _, seed := range [][2]string{
		{"DB_PASSWORD\nTOKEN", "db-password"}, {"a-b\na.b", "a_b"}, {"a-b\na_b", "a_b"}, {"", ""}, {"ключ", "КЛЮЧ"}, {"\xff-", "\xff."},
	} {
		f.Add(seed[0], seed[1])
	}
	plain := func(key string) string {
		folded := []byte(strings.NewReplacer("-", "_", ".", "_").Replace(key))
		for i, c := range folded {
			if c >= 'A' && c <= 'Z' {
				folded[i] = c + 32
			}
		}
		return string(folded)
	}
	f.Fuzz(func(t *testing.T, lines, key string) {
		keys := strings.Split(lines, "\n")
		match, ok := Match(keys, key)
		exact, alike := false, 0
		for _, candidate := range keys {
			exact = exact || candidate == key
			if plain(candidate) == plain(key) {
				alike++
			}
		}
		require.Equal(t, exact || alike == 1, ok)
		if ok {
			require.Contains(t, keys, match)
			require.Equal(t, plain(key), plain(match))
		}
		if exact {
			require.Equal(t, key, match)
		}
	})
}
