package handler

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// inside and outside are what the files of the delivery hold, and a file that is
// not of it; byVariable is what a variable holds.
const inside, outside, byVariable = "inside-5Kq", "outside-7Wz", "variable-3Jd"

// place is a files delivery with a link that leads out of it.
func place(f *testing.F) string {
	dir := filepath.Join(f.TempDir(), "delivery")
	require.NoError(f, os.MkdirAll(filepath.Join(dir, "folder"), 0o700))
	for name, text := range map[string]string{"DB_PASSWORD": inside, "../outside": outside, "folder/outside": outside} {
		require.NoError(f, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	require.NoError(f, os.Symlink("../outside", filepath.Join(dir, "link")))
	f.Setenv("DB_PASSWORD", byVariable)
	return dir
}

// FuzzParse checks that a context is read whole or refused, and reaches nothing
// but the files and variables of its own delivery. The first seeds are what the
// launcher writes.
func FuzzParse(f *testing.F) {
	const task = `{"version":1,"metadata":{"name":"train","uid":"","project":"","iteration":0,"labels":{},"annotations":{}},` +
		`"spec":{"parameters":{"db_name":"sales","rate":1e-3},"inputs":{}}`
	for i, seeds := range [][]string{
		{task + `,"secrets":{"DB_PASSWORD":"pa$word \n\t\"\\"},"secrets_base64":{"KEYSTORE":"/wA="}}`, `{"version":1,"secrets":{"a":"\ud83d\ude00\u0000","A":""},"Secrets":{"a":1}}`,
			`{"version":1,"metadata":null,"spec":null,"secrets":{"a":null}}`, `{"version":2}`, `[]`, ``, `{"version":1`, `{"version":1,"secrets":{"A":"x"},"secrets_base64":{"A":""}}`},
		{task + `,"secrets_env":{"DB_PASSWORD":"DB_PASSWORD","my-key":"my_key"}}`},
		{task + `,"secrets_files":{"DB_PASSWORD":"DB_PASSWORD"}}`, task + `,"secrets_files":{"A":"link"}}`, task + `,"secrets_files":{"A":"../outside"}}`, task + `,"secrets_files":{"A":"folder/outside"}}`},
		{task + `}`},
	} {
		for _, seed := range seeds {
			f.Add([]byte(seed), uint8(i))
		}
	}
	dir := place(f)
	f.Fuzz(func(t *testing.T, text []byte, kind uint8) {
		from := []delivery{{kind: "stdin"}, {kind: "env"}, {"files", dir}, {kind: "unix"}}[kind%4]
		c, err := parse(text, from)
		if err != nil {
			require.Nil(t, c)
			for _, value := range []string{inside, outside, byVariable} {
				require.False(t, strings.Contains(err.Error(), value) && !strings.Contains(string(text), value))
			}
			return
		}
		requireSecrets(t, c, text, from)
		require.NotNil(t, c.Parameters)
		require.True(t, json.Valid(c.Spec))
	})
}

// requireSecrets has every value as the text has it, or from a file or variable
// that the delivery has.
func requireSecrets(t *testing.T, c *Context, text []byte, from delivery) {
	written := object(members(t, text))
	secrets, inVariables, inFiles := map[string]string{}, map[string]string{}, map[string]string{}
	require.NoError(t, written.get("secrets", &secrets))
	require.NoError(t, written.get("secrets_env", &inVariables))
	require.NoError(t, written.get("secrets_files", &inFiles))
	require.True(t, from.kind == "env" || len(inVariables) == 0)
	require.True(t, from.kind == "files" || len(inFiles) == 0)
	for _, key := range c.Keys() {
		value, err := c.Secret(key)
		require.NoError(t, err)
		if want, ok := secrets[key]; ok {
			require.Equal(t, want, value)
		}
		if _, ok := inFiles[key]; ok {
			require.Equal(t, inside, value)
		}
	}
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
