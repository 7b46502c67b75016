package exec

import (
	"errors"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/document"
	"github.com/seed45446ece/launcher/resolve/sourcetest"
)

func TestAFormatWithSecretsHasOnlyTheDeclaredKeys(t *testing.T) {
	for format, output := range map[string]string{
		"lines": "password=p\nA=1\nother=x\n", "dotenv": "password='p'\nA=1\nother=x\n",
		"json": `{"password": "p", "A": 1, "other": {"nested": [1]}, "not a key": 1}`,
	} {
		secrets := []any{map[string]string{"key": "DB", "name": "password"}, "A", map[string]string{"AGAIN": "password"}, "other2", "GONE"}
		found, err := script(t, programs(Options{}), output, `printf %s "$0"`, map[string]any{"format": format, "secrets": secrets}).Find(t.Context())
		require.NoError(t, err, format)
		var got []string
		for _, f := range found {
			got = append(got, f.Key+"="+string(f.Value.Reveal()))
		}
		require.Equal(t, []string{"DB=p", "A=1", "AGAIN=p", "other2=", "GONE="}, got)
		require.Regexp(t, `^the output of sh:\d`, found[0].Where)
		require.ErrorIs(t, found[4].Err, resolve.ErrAbsent)
		require.EqualError(t, found[4].Err, `"GONE" is not in the output of sh`)
	}
}

// TestOneMessageHasEachKeyThatTheOutputLacks has a service without keys, in each
// format.
func TestOneMessageHasEachKeyThatTheOutputLacks(t *testing.T) {
	for format, output := range map[string]string{"lines": "", "dotenv": "\n", "json": "{}"} {
		source := script(t, programs(Options{}), output, `printf %s "$0"`, map[string]any{"format": format, "secrets": []any{"A", map[string]string{"key": "B", "name": "b"},
			map[string]string{"key": "C", "default": "c"}}})
		resolution, err := resolve.Resolve(t.Context(), []resolve.Bound{{Declaration: resolve.Declaration{Kind: "exec", Prefix: "P_"}, Source: source}})
		require.EqualError(t, err, `secret "P_A": exec: "A" is not in the output of sh
secret "P_B": exec: "b" is not in the output of sh`)
		require.Len(t, resolution.Secrets, 1)
		require.Equal(t, "P_C", resolution.Secrets[0].Key)
	}
}

// TestAMissingDocumentLacksEachDeclaredKey has a program that reports that the store
// has nothing, by its status or by an empty output.
func TestAMissingDocumentLacksEachDeclaredKey(t *testing.T) {
	for _, text := range []string{"exit 44", "exit 0"} {
		source := script(t, programs(Options{}), "", text, map[string]any{"format": "json", "missing": []int{44}, "empty_is_missing": true,
			"secrets": []any{"A", map[string]string{"key": "B", "default": "b"}}})
		bound := resolve.Bound{Declaration: resolve.Declaration{Kind: "exec"}, Source: source}
		resolution, err := resolve.Resolve(t.Context(), []resolve.Bound{bound})
		require.ErrorIs(t, err, resolve.ErrAbsent)
		require.Len(t, document.Unjoin(err), 1)
		require.ErrorContains(t, err, `secret "A": exec: program "sh" `)
		require.ErrorContains(t, err, "the secret is missing")
		require.Len(t, resolution.Secrets, 1)
		bound.Optional = true
		_, err = resolve.Resolve(t.Context(), []resolve.Bound{bound})
		require.NoError(t, err)
	}
}

// TestAFailureOfTheProgramIsSaidOnce has no default for a key of a program that fails.
func TestAFailureOfTheProgramIsSaidOnce(t *testing.T) {
	for text, unavailable := range map[string]bool{"exit 3": false, "exit 75": true, `printf '{"A": "x"'`: false, `echo '["x"]'`: false, `echo '{"A": {}, "B": []}'`: false} {
		source := script(t, programs(Options{}), "", text, map[string]any{"format": "json", "temporary": []int{75},
			"secrets": []any{"A", map[string]string{"key": "B", "default": "b"}}})
		resolution, err := resolve.Resolve(t.Context(), []resolve.Bound{{Declaration: resolve.Declaration{Kind: "exec", Optional: true}, Source: source}})
		require.Error(t, err, text)
		var about *resolve.KeyError
		require.False(t, errors.As(err, &about), "%s: %v", text, err)
		require.Equal(t, unavailable, errors.Is(err, resolve.ErrUnavailable))
		require.Empty(t, resolution.Secrets)
		require.Len(t, resolution.Rows, 2)
		require.Equal(t, resolve.Failed, resolution.Rows[1].State)
	}
}

func TestBadOutputIsNotShownForDeclaredKeys(t *testing.T) {
	const canary = sourcetest.Canary
	for format, outputs := range map[string][]string{
		"json":  {canary, `["` + canary + `"]`, `{"A": "` + canary, `{"A": ["` + canary + `"]}`, `{"A": 1, "A": "` + canary + `"}`, "\x00"},
		"lines": {canary, canary + "=x", "A=\x00" + canary},
	} {
		for _, output := range outputs {
			folder := t.TempDir()
			require.NoError(t, os.WriteFile(folder+"/out", []byte(output), 0o600))
			found, err := script(t, programs(Options{}), folder, `cat "$0/out"`, map[string]any{"format": format, "secrets": []string{"A"}}).Find(t.Context())
			require.Error(t, err, output)
			require.NotErrorIs(t, err, resolve.ErrAbsent)
			sourcetest.RequireHidden(t, err.Error()+sourcetest.Printed(found), canary)
		}
	}
}

// TestAnEmptyValueMayBeMissing has what summon's providers print for a value that
// they do not have: nothing, or a newline.
func TestAnEmptyValueMayBeMissing(t *testing.T) {
	for output, missing := range map[string]bool{"": true, `\n`: true, `\n\n`: false, " ": false} {
		found, err := script(t, programs(Options{}), output, `printf "$0"`, map[string]any{"secrets": []string{"A"}, "empty_is_missing": true}).Find(t.Context())
		require.NoError(t, err)
		require.Equal(t, missing, errors.Is(found[0].Err, resolve.ErrAbsent), "%q", output)
	}
}
