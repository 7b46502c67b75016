package conformance_test

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// secret is a case of get_secret: the value of a key that the task declares, as
// it is asked for.
type secret struct {
	name  string
	key   string
	asked string
	value string
}

// everyByte is all that a variable can hold, which is not UTF-8.
var everyByte = func() string {
	bytes := make([]byte, 255)
	for i := range bytes {
		bytes[i] = byte(i + 1)
	}
	return string(bytes)
}()

var secrets = []secret{
	{"text", "TEXT", "TEXT", `pa$word "x" \ 'y' %s #{z} @w` + "\t`"},
	{"several lines", "LINES", "LINES", "\n-----BEGIN KEY-----\r\nbm90\n-----END KEY-----\n\n"},
	{"1 MiB", "BIG", "BIG", strings.Repeat("0123456789abcde\n", 1<<16)},
	{"emoji", "EMOJI", "EMOJI", "\U0001F511 ключ é \U0001F469\u200d\U0001F680\ufeff"},
	{"empty", "EMPTY", "EMPTY", ""},
	{"NUL", "NUL", "NUL", "a\x00b"},
	{"not UTF-8", "BYTES", "BYTES", everyByte},
	{"dash and dot", "db-pass.word", "db-pass.word", "dashed"},
	{"letter case, dash and dot ignored", "Folded-key.x", "FOLDED_KEY_X", "folded"},
}

// Two keys that are alike, so that neither answers for a third.
const oneOfTwo, otherOfTwo, twoAsked = "two-fit", "TWO.FIT", "Two_Fit"

// What the handler has as variables of its own.
const (
	ownText  = "OWN_TEXT=own é"
	ownBytes = "OWN_BYTES=own \xff"
	hidden   = "TEXT=hidden by the secret" // of that key
)

// parameters is a value of every JSON type, as JSON, by the case's name.
var parameters = []struct{ name, json string }{
	{"string", `"a \"b\" \\ \n é🔑"`},
	{"integer", `-42`},
	{"number", `0.1`},
	{"over 2^53", `9007199254740993`},
	{"true", `true`},
	{"false", `false`},
	{"null", `null`},
	{"list", `[1, "a", null, [], [true]]`},
	{"object", `{"a": {"b": [{"c": "d"}]}, "e": 0}`},
	{"empty object", `{}`},
}

const metadata = `{"name": "conformance", "uid": "4a1c", "project": "fraud", "iteration": 3,
	"labels": {"team": "risk é"}, "annotations": {"n": [1]}}`

// task writes a task whose secrets are inline, in YAML's base64, which holds any
// bytes; without says which have to stay out.
func task(t *testing.T, without func(secret) bool) string {
	t.Helper()
	declared := []secret{{key: oneOfTwo, value: "1"}, {key: otherOfTwo, value: "2"}}
	for _, s := range secrets {
		if !without(s) {
			declared = append(declared, s)
		}
	}
	var source, params []string
	for _, s := range declared {
		source = append(source, fmt.Sprintf("%q: !!binary %q", s.key, base64.StdEncoding.EncodeToString([]byte(s.value))))
	}
	for _, p := range parameters {
		params = append(params, fmt.Sprintf("%q: %s", p.name, p.json))
	}
	text := fmt.Sprintf("{metadata: %s, spec: {parameters: {%s}, secret_sources: [{kind: inline, source: {%s}}]}}\n",
		metadata, strings.Join(params, ", "), strings.Join(source, ", "))
	path := filepath.Join(t.TempDir(), "task.yaml")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}
