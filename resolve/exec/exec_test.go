package exec

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/document"
	"github.com/seed45446ece/launcher/resolve/sourcetest"
)

// patience is far above what a program takes that does not wait.
const patience = 30 * time.Second

// declared parses a declaration that is given as a tree.
func declared(t *testing.T, source map[string]any) (Spec, error) {
	t.Helper()
	text, err := json.Marshal(source)
	require.NoError(t, err)
	node, err := document.Parse("task", text)
	if err != nil { // such as a key with a control character
		return Spec{}, err
	}
	return Parse(node)
}

// programs returns Programs with the tests' environment.
func programs(o Options) *Programs {
	if o.Environ == nil {
		o.Environ = os.Environ
	}
	if o.Parallel == 0 {
		o.Parallel = 8
	}
	return New(o)
}

// script returns the source of a shell script, which finds its folder in $0 and the
// identifier in $1.
func script(t *testing.T, p *Programs, folder, text string, more map[string]any) resolve.Source {
	t.Helper()
	source := map[string]any{"command": []string{"sh", "-c", text, folder}}
	maps.Copy(source, more)
	spec, err := declared(t, source)
	require.NoError(t, err)
	return p.Source(spec, "/bin/sh")
}

// findOne returns what a script answers for one key.
func findOne(t *testing.T, ctx context.Context, p *Programs, folder, text string) resolve.Finding {
	t.Helper()
	found, err := script(t, p, folder, text, map[string]any{"secrets": []string{"KEY"}, "temporary": []int{75}, "missing": []int{44}}).Find(ctx)
	require.NoError(t, err)
	require.Len(t, found, 1)
	return found[0]
}

func TestConformance(t *testing.T) {
	keyed := func(asMap bool) sourcetest.Suite {
		return sourcetest.Suite{Declares: true, Open: func(t *testing.T, holds map[string]string, keys ...string) (resolve.Source, error) {
			source := map[string]any{"command": []string{"sh", "-c", `test -e "$0/$1" || exit 44; exec cat "$0/$1"`, t.TempDir()}, "missing": []int{44}}
			identifiers := map[string]string{}
			for _, key := range keys {
				identifiers[key] = key
			}
			if source["secrets"] = any(keys); asMap {
				source["secrets"] = identifiers
			}
			spec, err := declared(t, source)
			if err != nil {
				return nil, err
			}
			for key, value := range holds {
				require.NoError(t, os.WriteFile(filepath.Join(spec.Command[3], key), []byte(value+"\n"), 0o600))
			}
			return programs(Options{}).Source(spec, "/bin/sh"), nil
		}}
	}
	t.Run("a list", func(t *testing.T) { sourcetest.Run(t, keyed(false)) })
	t.Run("declared keys of json", func(t *testing.T) {
		sourcetest.Run(t, sourcetest.Suite{
			Declares: true, Carries: utf8.ValidString, Spells: utf8.ValidString,
			Refuses: func(value string) bool { return len(value) > 1<<20-100 },
			Open: func(t *testing.T, holds map[string]string, keys ...string) (resolve.Source, error) {
				text, err := json.Marshal(holds)
				require.NoError(t, err)
				path := filepath.Join(t.TempDir(), "all.json")
				require.NoError(t, os.WriteFile(path, text, 0o600))
				spec, err := declared(t, map[string]any{"command": []string{"cat", path}, "format": "json", "secrets": keys})
				return programs(Options{}).Source(spec, "/bin/cat"), err
			},
		})
	})
	t.Run("json", func(t *testing.T) {
		sourcetest.Run(t, sourcetest.Suite{
			Lists: true, Carries: utf8.ValidString, Spells: utf8.ValidString,
			Refuses: func(value string) bool { return len(value) > 1<<20-100 },
			Open: func(t *testing.T, holds map[string]string, _ ...string) (resolve.Source, error) {
				text, err := json.Marshal(holds)
				require.NoError(t, err)
				path := filepath.Join(t.TempDir(), "all.json")
				require.NoError(t, os.WriteFile(path, text, 0o600))
				spec, err := declared(t, map[string]any{"command": []string{"cat", path}, "format": "json"})
				return programs(Options{}).Source(spec, "/bin/cat"), err
			},
		})
	})
}

func TestAFormatHasAllKeys(t *testing.T) {
	for format, text := range map[string]string{
		"lines": "A=1\n# c\nB= x # y \n", "dotenv": "A=1\nexport B='x # y'\n", "json": `{"A": 1, "B": "x # y"}`,
	} {
		found, err := script(t, programs(Options{}), text, `printf %s "$0"`, map[string]any{"format": format}).Find(t.Context())
		require.NoError(t, err)
		got := map[string]string{}
		for _, f := range found {
			got[f.Key] = string(f.Value.Reveal())
			require.Regexp(t, `^the output of sh:\d`, f.Where)
		}
		require.Equal(t, map[string]string{"A": "1", "B": "x # y"}, got, format)
	}
	found, err := script(t, programs(Options{}), `{"A": null}`, `printf %s "$0"`, map[string]any{"format": "json"}).Find(t.Context())
	require.NoError(t, err)
	require.ErrorIs(t, found[0].Err, resolve.ErrAbsent)
}

// TestBadOutputIsNotShown has output that is not in the declared format.
func TestBadOutputIsNotShown(t *testing.T) {
	const canary = sourcetest.Canary
	for format, outputs := range map[string][]string{
		"json": {"", canary, `"` + canary + `"`, `["` + canary + `"]`, `{"A": "` + canary, `{"A": {"B": "` + canary + `"}}`,
			`{"A": "` + canary + `"} more`, `{"` + canary + `": "x"}`, `{"A": 1, "A": "` + canary + `"}`, "\x00", "\xff" + canary},
		"lines":  {canary, "A=1\n" + canary + "\n", canary + "=x", "A=" + canary + "\nA=" + canary, "A=\x00" + canary},
		"dotenv": {canary, "A='" + canary, `A="$X ` + canary + `"`},
	} {
		for _, output := range outputs {
			folder := t.TempDir()
			require.NoError(t, os.WriteFile(folder+"/out", []byte(output), 0o600))
			found, err := script(t, programs(Options{}), folder, `cat "$0/out"`, map[string]any{"format": format}).Find(t.Context())
			require.Error(t, err, output)
			require.Empty(t, found)
			require.NotErrorIs(t, err, resolve.ErrAbsent)
			sourcetest.RequireHidden(t, err.Error(), canary)
		}
	}
}

func TestAnIdentifierIsReadOnce(t *testing.T) {
	folder := t.TempDir()
	source := script(t, programs(Options{}), folder, `echo "$1" >> "$0/log"; echo "value of $1"`,
		map[string]any{"secrets": map[string]string{"A": "x", "B": "x", "C": "y z"}})
	found, err := source.Find(t.Context())
	require.NoError(t, err)
	var got []string
	for _, f := range found {
		got = append(got, f.Key+" "+f.Where+" "+string(f.Value.Reveal()))
	}
	require.ElementsMatch(t, []string{`A program sh, "x" value of x`, `B program sh, "x" value of x`, `C program sh, "y z" value of y z`}, got)
	log, err := os.ReadFile(folder + "/log")
	require.NoError(t, err)
	require.ElementsMatch(t, []string{"x", "y z"}, strings.Split(strings.TrimSpace(string(log)), "\n"))
}

func TestOneKeyIsAskedForAlone(t *testing.T) {
	source := script(t, programs(Options{}), "", `echo "$1"`, map[string]any{"secrets": []string{"A", "B"}})
	keyed := source.(resolve.Keyed)
	require.Equal(t, []string{"A", "B"}, keyed.Keys())
	found, err := keyed.Only("B").Find(t.Context())
	require.NoError(t, err)
	require.Len(t, found, 1)
	require.Equal(t, "B", found[0].Key)
	found, err = keyed.Only("C").Find(t.Context())
	require.NoError(t, err)
	require.Empty(t, found)
}

// TestProgramsRunSideBySide has as many programs as may run wait for each other,
// and each count how many there are.
func TestProgramsRunSideBySide(t *testing.T) {
	folder := t.TempDir()
	const text = `touch "$0/$1"; while [ "$(ls "$0" | wc -l)" -lt 4 ]; do :; done; ls "$0" | wc -l; [ "$1" -gt 4 ] && rm "$0/$1"; :`
	var keys []string
	for i := range 12 {
		keys = append(keys, fmt.Sprint(i+1))
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	found, err := script(t, programs(Options{Parallel: 4}), folder, text, map[string]any{"secrets": keys[:4]}).Find(ctx)
	require.NoError(t, err)
	for _, f := range found {
		require.NoError(t, f.Err)
		require.Equal(t, "4", strings.TrimSpace(string(f.Value.Reveal())))
	}
	found, err = script(t, programs(Options{Parallel: 2}), folder, text, map[string]any{"secrets": keys[4:]}).Find(ctx)
	require.NoError(t, err)
	for _, f := range found {
		require.NoError(t, f.Err)
		require.Contains(t, []string{"5", "6"}, strings.TrimSpace(string(f.Value.Reveal())), "at most two beside the four files")
	}
}

func TestOnlyOneFinalNewlineIsRemoved(t *testing.T) {
	for output, want := range map[string]string{`v\n`: "v", `v\n\n`: "v\n", `v`: "v", `\n`: "", ``: "", `v\r\n`: "v\r", `a\0b\n`: "a\x00b"} {
		f := findOne(t, t.Context(), programs(Options{}), output, `printf "$0"`)
		require.NoError(t, f.Err)
		require.Equal(t, want, string(f.Value.Reveal()), output)
	}
}

func TestAStatusFailsTheKeyAndShowsNoOutput(t *testing.T) {
	for text, want := range map[string]string{
		"exit 3": `program "sh" ended with status 3`, "kill -KILL $$": `program "sh" was ended by SIGKILL`,
		"exit 127": `program "sh" ended with status 127`, "exit 75": `program "sh" ended with status 75`,
		"exit 44":                     `program "sh" ended with status 44: "KEY" is missing`,
		"head -c 1048577 /dev/zero":   `program "sh" wrote more than 1 MiB on standard output`,
		"trap '' TERM; cat /dev/zero": `program "sh" wrote more than 1 MiB on standard output`,
	} {
		f := findOne(t, t.Context(), programs(Options{}), sourcetest.Canary, `echo "$0"; echo "$0" >&2; `+text)
		require.EqualError(t, f.Err, want)
		require.Nil(t, f.Value.Reveal())
		require.Equal(t, text == "exit 75", errors.Is(f.Err, resolve.ErrUnavailable), text)
		require.Equal(t, text == "exit 44", errors.Is(f.Err, resolve.ErrAbsent), text)
	}
}

func TestAKeyWithADefaultHasAHintForAStatusThatMissingLacks(t *testing.T) {
	for _, c := range []struct {
		missing []int
		secret  any
		hint    string
	}{
		{[]int{}, map[string]string{"key": "KEY", "default": "info"}, fmt.Sprintf(adviseDefault, 1)},
		{[]int{}, "KEY", adviseRun},
		{[]int{44}, map[string]string{"key": "KEY", "default": "info"}, adviseRun},
	} {
		found, err := script(t, programs(Options{}), "", "exit 1", map[string]any{"secrets": []any{c.secret}, "missing": c.missing}).Find(t.Context())
		require.NoError(t, err)
		require.EqualError(t, found[0].Err, `program "sh" ended with status 1`)
		var hinted interface{ Hint() string }
		require.ErrorAs(t, found[0].Err, &hinted)
		require.Equal(t, c.hint, hinted.Hint())
	}
}

func TestAProgramThatCannotStartIsNamed(t *testing.T) {
	spec, err := declared(t, map[string]any{"command": []string{"/nowhere/vault"}, "secrets": []string{"A"}})
	require.NoError(t, err)
	found, err := programs(Options{}).Source(spec, "/nowhere/vault").Find(t.Context())
	require.NoError(t, err)
	require.EqualError(t, found[0].Err, `program "vault" cannot be started: no such file or directory`)
}

func TestStandardErrorIsCountedAndKeptApart(t *testing.T) {
	var got []Messages
	p := programs(Options{Report: func(m Messages) { got = append(got, m) }})
	f := findOne(t, t.Context(), p, "", `echo one >&2; printf two >&2; echo value`)
	require.NoError(t, f.Err)
	require.Equal(t, "value", string(f.Value.Reveal()))
	require.Len(t, got, 1)
	require.Equal(t, 2, got[0].Lines)
	require.Equal(t, "one\ntwo", string(got[0].Text()))
	f = findOne(t, t.Context(), p, "", `head -c 3000000 /dev/zero | tr '\0' '\n' >&2`)
	require.NoError(t, f.Err)
	require.Equal(t, 3_000_000, got[1].Lines)
	require.Len(t, got[1].Text(), maxMessages)
	sourcetest.RequireHidden(t, sourcetest.Printed(got)+sourcetest.Printed(p), "value")
}
