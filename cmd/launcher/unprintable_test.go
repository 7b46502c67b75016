package main_test

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/launcher/launchertest"
	"github.com/seed45446ece/launcher/resolve/keyname"
)

// TestNamesFromOutsideAreEscaped has names that move a terminal's cursor, that
// change the direction of writing, or that have no width.
func TestNamesFromOutsideAreEscaped(t *testing.T) {
	for _, hostile := range []string{"\x1b[2J\x1b]0;x\x07", "\u202etxt.e", "a\u200bb\u2060", "x\u3164\ufe0f", "\u0085\u2028", "\r\nlauncher: ok", "\x9b31m"} {
		name := strings.ReplaceAll(hostile, "/", "") + ".txt"
		path := launchertest.WriteFile(t, filepath.Join(t.TempDir(), name), "KEY=value\n")
		wrong := launchertest.WriteFile(t, filepath.Join(t.TempDir(), name+".yaml"), "spec: {secret_sources: [{kind: env, source: '"+strings.Map(noControl, hostile)+"'}]}")
		for _, flags := range [][]string{
			{"-s", "file=" + path}, {"-s", "file=" + path + ".missing"}, {"-s", "file=" + wrong}, {"--task", wrong}, {"--task", path}, {"--task", path + ".missing"},
			{"-s", "env=" + hostile}, {"-s", hostile + "=x"}, {"-s", "kubernetes=" + hostile}, {"-s", "inline={'" + strings.Map(noControl, hostile) + "': 'x'}"},
			{"--local", path}, {"--local", wrong}, {"-p", hostile}, {"-s", "azure_vault={'name': '" + strings.Map(noControl, hostile) + "'}"},
		} {
			for _, form := range [][]string{
				{"explain", "--verbose"}, {"explain", "--json", "--verbose", "--log", "json"}, {"run", "--verbose"}, {"run", "--log", "json"},
			} {
				got := launchertest.Run(t, nil, "", append(append(append([]string{}, form...), flags...), "--", "true")...)
				for _, output := range []string{got.Stdout, got.Stderr} {
					for line := range strings.Lines(output) {
						require.True(t, keyname.Printable(strings.TrimSuffix(line, "\n")), "%q", output)
					}
				}
				require.NotContains(t, "\n"+got.Stderr, "\nlauncher: ok")
			}
		}
		got := launchertest.Run(t, nil, "", "explain", "--json", "-s", "file="+path)
		require.True(t, json.Valid([]byte(got.Stdout)))
		require.Contains(t, got.Stdout, `"KEY"`)
	}
	for _, command := range []string{"get-secret", "get-param"} {
		got := launchertest.Run(t, []string{"LAUNCHER_CONTEXT=stdin"}, `{"version":1,"metadata":{},"spec":{"parameters":{}},"secrets":{}}`, command, "hunter2 \u202e\x1b")
		require.Equal(t, 1, got.Status, got.Stderr)
		require.True(t, keyname.Printable(strings.TrimSpace(strings.ReplaceAll(got.Stderr, "\n", " "))), "%q", got.Stderr)
	}
}

// noControl drops what no YAML text holds.
func noControl(r rune) rune {
	if r < ' ' || r == 0x9b || r == '\uFFFD' {
		return -1
	}
	return r
}
