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
	"github.com/seed45446ece/launcher/resolve/keylist"
	"github.com/seed45446ece/launcher/resolve/sourcetest"
)

// exactly is a match of the key itself.
func exactly(keys []string, key string) []string {
	if slices.Contains(keys, key) {
		return []string{key}
	}
	return nil
}

// folded is a match as a handler has it.
func folded(keys []string, key string) (matches []string) {
	fold := func(s string) string { return strings.ToUpper(strings.NewReplacer("-", "_", ".", "_").Replace(s)) }
	for _, k := range keys {
		if fold(k) == fold(key) {
			matches = append(matches, k)
		}
	}
	if slices.Contains(matches, key) {
		return []string{key}
	}
	return matches
}

// named is keys that are looked for under their own names, or as KEY=NAME.
func named(keys ...string) (list []keylist.Key) {
	for _, key := range keys {
		key, name, renamed := strings.Cut(key, "=")
		if !renamed {
			name = key
		}
		list = append(list, keylist.Key{Key: key, Name: name})
	}
	return list
}

// of is a source of a file, as the only one of its task.
func of(path string, match func([]string, string) []string, keys ...string) resolve.Source {
	return (&File{Spec: at(path), Match: match}).Source(named(keys...), len(keys) == 0, "")
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
			return of(write(t, "secrets.txt", text.String()), exactly, keys...), nil
		},
		Declares: true, Lists: true, Carries: oneLine,
		Spells: func(key string) bool { return oneLine(key) && !strings.Contains(key, "=") },
	})
}

// find is KEY=value for each finding, or KEY and the error.
func find(t *testing.T, s resolve.Source) string {
	found, err := s.Find(t.Context())
	require.NoError(t, err)
	var texts []string
	for _, f := range found {
		if f.Err != nil {
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
		match func([]string, string) []string
		want  string
	}{
		"every key, in the file's order": {nil, exactly, "DB_PASSWORD=1 @:2\nEMPTY= @:3\nOTHER=3 @:4"},
		"the declared keys, in theirs":   {[]string{"OTHER", "EMPTY"}, exactly, "OTHER=3 @:4\nEMPTY= @:3"},
		"a key that it has not":          {[]string{"OTHER", "GONE"}, exactly, "OTHER=3 @:4\nGONE: it is not in @"},
		"a key that it misspells":        {[]string{"OTHRE", "EMPTY", "GONE"}, exactly, "OTHRE: it is not in @, which has \"OTHER\"\nEMPTY= @:3\nGONE: it is not in @"},
		"a key like one that is served":  {[]string{"OTHER", "OTHERS"}, exactly, "OTHER=3 @:4\nOTHERS: it is not in @"},
		"a key as a vault spells it":     {[]string{"db-password"}, folded, "db-password=1 @:2"},
		"another name":                   {[]string{"P=DB_PASSWORD", "other=EMPTY"}, folded, "P=1 @:2\nother=3 @:4"},
		"one value for two keys":         {[]string{"db-password", "DB_PASSWORD"}, folded, "db-password=1 @:2\nDB_PASSWORD=1 @:2"},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, strings.ReplaceAll(c.want, "@", path), find(t, of(path, c.match, c.keys...)))
		})
	}
}

func TestTheFilesNameSaysItsFormat(t *testing.T) {
	require.Contains(t, find(t, of(write(t, "local.env", "export A='1'\n"), exactly)), "A=1 ")
	require.Contains(t, find(t, of(write(t, "local.txt", "A='1'\n"), exactly)), "A='1' ")
}

func TestAFileThatIsNotThereIsNotAbsent(t *testing.T) {
	_, err := of(filepath.Join(t.TempDir(), "gone"), exactly).Find(t.Context())
	require.ErrorIs(t, err, os.ErrNotExist)
	require.NotErrorIs(t, err, resolve.ErrAbsent)
	require.ErrorContains(t, err, "--local: ")
}

func TestAFileThatCannotBeReadIsAnErrorWithoutItsText(t *testing.T) {
	_, err := of(t.TempDir(), exactly).Find(t.Context())
	require.ErrorContains(t, err, "is a directory")
	_, err = of(write(t, "x", "A=1\n"+sourcetest.Canary+"\nA="+sourcetest.Canary), exactly).Find(t.Context())
	require.ErrorContains(t, err, ":2:1: neither")
	require.ErrorContains(t, err, ":3:1: duplicate key")
	require.NotErrorIs(t, err, resolve.ErrAbsent)
	sourcetest.RequireHidden(t, err.Error(), sourcetest.Canary)
}

func TestFindReturnsWhenTheContextEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := of(write(t, "x", "A=1"), exactly).Find(ctx)
	require.ErrorIs(t, err, resolve.ErrUnavailable)
}

func TestTwoKeysThatMatchAreAnErrorThatNamesBoth(t *testing.T) {
	path := write(t, "x", "db_password=1\nDB-PASSWORD=2\n")
	found, err := of(path, folded, "DB.PASSWORD", "DB-PASSWORD").Find(t.Context())
	require.NoError(t, err)
	require.EqualError(t, found[0].Err, "two keys of "+path+` match: "db_password" at `+path+`:1 and "DB-PASSWORD" at `+path+`:2`)
	require.NotErrorIs(t, found[0].Err, resolve.ErrAbsent)
	require.NoError(t, found[1].Err)
}

// TestAKeyThatServesADeclaredOneIsNotListedAgain is a source of all keys beside
// one that declares some.
func TestAKeyThatServesADeclaredOneIsNotListedAgain(t *testing.T) {
	f := &File{Spec: at(write(t, "x", "db_password=1\nTOKEN=2\nlog-level=3\nuser=4\nAPP_x=5\n")), Match: folded}
	all, prefixed := f.Source(nil, true, ""), f.Source(nil, true, "P_") // before the others: the task's order does not matter
	f.Source(named("db-password", "GONE", "NAME=token"), false, "")
	f.Declare("LOG_LEVEL")
	f.Declare("P_USER")
	require.Equal(t, strings.ReplaceAll("LOG_LEVEL=3 @:3\nuser=4 @:4\nAPP_x=5 @:5", "@", f.Path), find(t, all))
	require.Equal(t, strings.ReplaceAll("db_password=1 @:1\nTOKEN=2 @:2\nlog-level=3 @:3\nUSER=4 @:4\nAPP_x=5 @:5", "@", f.Path), find(t, prefixed))
}

func TestAKeyOfAnotherSourceKeepsItsSpellingIfTheFileHasBoth(t *testing.T) {
	f := &File{Spec: at(write(t, "x", "token=1\nTOKEN=2\nlog-level=3\nlog.level=4\n")), Match: folded}
	f.Declare("TOKEN")
	f.Declare("LOG_LEVEL")
	require.Equal(t, strings.ReplaceAll("token=1 @:1\nTOKEN=2 @:2\nlog-level=3 @:3\nlog.level=4 @:4", "@", f.Path), find(t, f.Source(nil, true, "")))
}
