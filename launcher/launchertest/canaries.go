package launchertest

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Canaries has a value for each source. Each is unlike anything else on the machine, in
// every encoding.
var Canaries = map[string]string{
	"INLINE": `canary-i "1" <é>`, "VARIABLE": "canary-e 2&x", "FILE": "canary-f=3/x", "KUBERNETES": "canary-k 4+x", "PROJECT": "canary-p 5?x",
}

// Forms returns each value as a careless program might write it.
func Forms(values ...string) []string {
	var all []string
	for _, value := range values {
		quoted, _ := json.Marshal(value)
		all = append(all, value, hex.EncodeToString([]byte(value)), url.QueryEscape(value), url.PathEscape(value),
			string(quoted[1:len(quoted)-1]), strings.Trim(strconv.Quote(value), `"`), strconv.QuoteToASCII(value)[1:],
			base64.StdEncoding.EncodeToString([]byte(value)), base64.RawURLEncoding.EncodeToString([]byte(value)))
	}
	return all
}

func canaryForms() []string { return Forms(slices.Collect(maps.Values(Canaries))...) }

// RequireNoCanary fails if a text holds a canary in some form.
func RequireNoCanary(t *testing.T, where, text string) {
	t.Helper()
	text = strings.ToLower(text)
	for _, form := range canaryForms() {
		if strings.Contains(text, strings.ToLower(form)) {
			t.Errorf("%s holds %q", where, form)
		}
	}
}

// CanaryRun returns the flags and the environment of a run with all canaries.
func CanaryRun(t *testing.T) (args, env []string) {
	t.Helper()
	dir := t.TempDir()
	task, err := json.Marshal(map[string]any{"spec": map[string]any{"secret_sources": []any{
		map[string]any{"kind": "inline", "source": map[string]string{"INLINE": Canaries["INLINE"]}},
		map[string]any{"kind": "env", "source": "VARIABLE"},
		map[string]any{"kind": "file", "source": WriteFile(t, dir+"/s.txt", "FILE="+Canaries["FILE"]+"\n")},
		map[string]any{"kind": "kubernetes", "source": []string{"KUBERNETES"}},
	}}})
	require.NoError(t, err)
	return []string{"--verbose"}, []string{
		"MLRUN_EXEC_CONFIG=" + string(task), "VARIABLE=" + Canaries["VARIABLE"],
		"MLRUN_K8S_SECRET__KUBERNETES=" + Canaries["KUBERNETES"], "MLRUN_K8S_SECRET__PROJECT=" + Canaries["PROJECT"],
		"TMPDIR=" + dir,
	}
}
