package resolve_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/document"
)

// withDefaults gives a source defaults, KEY=value.
func withDefaults(b resolve.Bound, texts ...string) resolve.Bound {
	b.Source = fixedWithDefaults{b.Source, defaults(texts...)}
	return b
}

type fixedWithDefaults struct {
	resolve.Source
	defaults []resolve.Default
}

func (f fixedWithDefaults) Defaults() []resolve.Default { return f.defaults }

func defaults(texts ...string) (list []resolve.Default) {
	for i, text := range texts {
		key, value, _ := strings.Cut(text, "=")
		list = append(list, resolve.Default{Key: key, Value: resolve.NewValue([]byte(value)), At: document.Position{Origin: "task", Line: 9, Column: i + 1}})
	}
	return list
}

// TestADefaultIsTakenOnlyIfNoSourceHasTheKey is what each key becomes: its values,
// its rows, and the error.
func TestADefaultIsTakenOnlyIfNoSourceHasTheKey(t *testing.T) {
	absent := resolve.Absent("the file does not exist")
	for name, c := range map[string]struct {
		sources      []resolve.Bound
		secrets, err string
		rows         string
	}{
		"missing": {[]resolve.Bound{withDefaults(source("env", "K"), "K=d")}, "K=d", "", "K env default in task:9:1 found"},
		"empty":   {[]resolve.Bound{withDefaults(source("env", "K"), "K=")}, "K=", "", "K env default in task:9:1 found"},
		"found":   {[]resolve.Bound{withDefaults(source("env", "K=v"), "K=d")}, "K=v", "", "K env place of env found"},
		"found in a source that gives way": {
			[]resolve.Bound{yielding(source("kubernetes", "K=v")), withDefaults(source("env", "K"), "K=d")}, "K=v", "",
			"K kubernetes place of kubernetes found, K env place of env missing",
		},
		"two defaults": {
			[]resolve.Bound{withDefaults(source("env", "K"), "K=1"), withDefaults(source("file", "K"), "K=2")}, "K=2", "",
			"K env place of env missing, K file default in task:9:1 found",
		},
		"a prefix": {[]resolve.Bound{prefixed("P_", withDefaults(source("env", "K", "L=v"), "K=d"))}, "P_K=d P_L=v", "", "P_K env default in task:9:1 found, P_L env place of env found"},
		"a failure": {
			[]resolve.Bound{withDefaults(source("env", "K!"), "K=d")}, "", `secret "K": env: out of order`, "K env place of env failed",
		},
		"missing in two": {
			[]resolve.Bound{withDefaults(source("env", "K"), "K=d"), source("file", "K")}, "K=d", "",
			"K env default in task:9:1 found, K file place of file missing",
		},
		"an optional source that does not exist": {
			[]resolve.Bound{optional(withDefaults(failing("file", absent), "K=d", "L=e"))}, "K=d L=e", "",
			"* file the file does not exist missing, K file default in task:9:1 found, L file default in task:9:2 found",
		},
		"a source that does not exist": {
			[]resolve.Bound{withDefaults(failing("file", absent), "K=d")}, "", "task:7:5: file: the file does not exist", "",
		},
		"an optional source that fails": {
			[]resolve.Bound{optional(withDefaults(failing("file", errors.New("no permission")), "K=d"))}, "", "task:7:5: file: no permission", "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := resolve.Resolve(t.Context(), c.sources)
			if c.err == "" {
				require.NoError(t, err)
			} else {
				require.EqualError(t, err, c.err)
			}
			var secrets, rows []string
			for _, s := range r.Secrets {
				secrets = append(secrets, s.Key+"="+string(s.Value.Reveal()))
			}
			for _, row := range r.Rows {
				rows = append(rows, fmt.Sprintf("%s %s %s %s", row.Key, row.Provider, row.Where, row.State))
			}
			require.Equal(t, c.secrets, strings.Join(secrets, " "))
			require.Equal(t, c.rows, strings.Join(rows, ", "))
		})
	}
}

// defaulted is a vault with defaults.
type defaulted struct {
	resolve.Keyed
	defaults []resolve.Default
}

func (d defaulted) Defaults() []resolve.Default { return d.defaults }
