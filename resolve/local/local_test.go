package local

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/file"
	"github.com/seed45446ece/launcher/resolve/sourcetest"
)

// exactly is a match of the key itself.
func exactly(has []string, key string) (string, bool) { return key, slices.Contains(has, key) }

// folded is a match as a handler has it, or near enough.
func folded(has []string, key string) (string, bool) {
	fold := func(s string) string { return strings.ToUpper(strings.NewReplacer("-", "_", ".", "_").Replace(s)) }
	i := slices.IndexFunc(has, func(name string) bool { return fold(name) == fold(key) })
	if i < 0 {
		return "", false
	}
	return has[i], true
}

func write(t *testing.T, name, text string) string {
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func at(path string) file.Spec { return file.Spec{Path: path, Format: file.FormatOf(path)} }

func TestConformance(t *testing.T) {
	oneLine := func(s string) bool {
		return !strings.ContainsAny(s, "\n\r\x00") && strings.Trim(s, " \t\u00a0\ufeff") == s
	}
	sourcetest.Run(t, sourcetest.Suite{
		Open: func(t *testing.T, holds map[string]string, keys ...string) (resolve.Source, error) {
			var text strings.Builder
			for key, value := range holds {
				text.WriteString(key + "=" + value + "\n")
			}
			return Source{at(write(t, "secrets.txt", text.String())), nil, keys, exactly}, nil
		},
		Declares: true, Lists: true, Carries: oneLine,
		Spells: func(key string) bool { return oneLine(key) && !strings.Contains(key, "=") },
	})
}

// find is KEY=value for each finding, or KEY and the error.
func find(t *testing.T, s Source) string {
	found, err := s.Find(t.Context())
	require.NoError(t, err)
	var texts []string
	for _, f := range found {
		if f.Err != nil {
			require.ErrorIs(t, f.Err, resolve.ErrAbsent)
			texts = append(texts, f.Key+": "+f.Err.Error())
			continue
		}
		texts = append(texts, f.Key+"="+string(f.Value.Reveal())+" "+f.Where)
	}
	return strings.Join(texts, "\n")
}

func TestADeclaredKeyIsTakenFromTheFile(t *testing.T) {
	path := write(t, "local.txt", "# laptop\nDB_PASSWORD=1\nEMPTY=\nOTHER=3\n")
	for name, c := range map[string]struct {
		keys  []string
		match func([]string, string) (string, bool)
		want  string
	}{
		"every key, in the file's order": {nil, nil, "DB_PASSWORD=1 @:2\nEMPTY= @:3\nOTHER=3 @:4"},
		"the declared keys, in theirs":   {[]string{"OTHER", "EMPTY"}, exactly, "OTHER=3 @:4\nEMPTY= @:3"},
		"a key that it has not":          {[]string{"OTHER", "GONE"}, exactly, "OTHER=3 @:4\nGONE: it is not in @"},
		"a key as a vault spells it":     {[]string{"db-password"}, folded, "db-password=1 @:2"},
		"one value for two keys":         {[]string{"db-password", "DB_PASSWORD"}, folded, "db-password=1 @:2\nDB_PASSWORD=1 @:2"},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, strings.ReplaceAll(c.want, "@", path), find(t, Source{at(path), nil, c.keys, c.match}))
		})
	}
}

func TestTheFilesNameSaysItsFormat(t *testing.T) {
	require.Contains(t, find(t, Source{File: at(write(t, "local.env", "export A='1'\n"))}), "A=1 ")
	require.Contains(t, find(t, Source{File: at(write(t, "local.txt", "A='1'\n"))}), "A='1' ")
}

func TestAFileThatIsNotThereIsNotAbsent(t *testing.T) {
	_, err := Source{File: at(filepath.Join(t.TempDir(), "gone"))}.Find(t.Context())
	require.ErrorIs(t, err, os.ErrNotExist)
	require.NotErrorIs(t, err, resolve.ErrAbsent)
	require.ErrorContains(t, err, "--local: ")
}

func TestAFileThatCannotBeReadIsAnErrorWithoutItsText(t *testing.T) {
	_, err := Source{File: at(t.TempDir())}.Find(t.Context())
	require.ErrorContains(t, err, "is a directory")
	_, err = Source{File: at(write(t, "x", "A=1\n"+sourcetest.Canary+"\nA="+sourcetest.Canary))}.Find(t.Context())
	require.ErrorContains(t, err, ":2:1: neither")
	require.ErrorContains(t, err, ":3:1: a key is there twice")
	require.NotErrorIs(t, err, resolve.ErrAbsent)
	sourcetest.RequireHidden(t, err.Error(), sourcetest.Canary)
}

func TestFindReturnsWhenTheContextEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := Source{File: at(write(t, "x", "A=1"))}.Find(ctx)
	require.ErrorIs(t, err, resolve.ErrUnavailable)
}
