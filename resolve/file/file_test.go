package file

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/document"
)

// declare is the declaration of a file source, from its YAML.
func declare(t *testing.T, source string) resolve.Declaration {
	node, err := document.Parse("task", []byte(source))
	require.NoError(t, err)
	return resolve.Declaration{Kind: "file", Source: node, At: node.At}
}

// find is what a declared file source has; Values are revealed.
func find(t *testing.T, source string) (found []string, err error) {
	s, err := New(declare(t, source), &Pipes{})
	require.NoError(t, err)
	findings, err := s.Find(soon(t))
	for _, f := range findings {
		require.NoError(t, f.Err)
		found = append(found, f.Key+"="+string(f.Value.Reveal())+" "+filepath.Base(f.Where))
	}
	return found, err
}

func TestFormatOf(t *testing.T) {
	for path, want := range map[string]Format{
		".env": Dotenv, "/app/.env": Dotenv, "prod.env": Dotenv, "a.b/c.env": Dotenv,
		"secrets.txt": Lines, "env": Lines, "/app.env/secrets": Lines, ".env.local": Dotenv, ".ENV": Lines,
		"x.envrc": Lines, "": Lines,
	} {
		require.Equal(t, want, FormatOf(path), path)
	}
}

func TestFindHasOneFindingAKeyInTheFilesOrder(t *testing.T) {
	text := []byte("# comment\nB='1'\n\nA=2\n")
	txt, env := write(t, "s.txt", text), write(t, "s.env", text)
	for source, want := range map[string][]string{
		txt:                                   {"B='1' s.txt:2", "A=2 s.txt:4"},
		env:                                   {"B=1 s.env:2", "A=2 s.env:4"},
		"{path: " + txt + "}":                 {"B='1' s.txt:2", "A=2 s.txt:4"},
		"{path: " + env + "}":                 {"B=1 s.env:2", "A=2 s.env:4"},
		"{format: dotenv, path: " + txt + "}": {"B=1 s.txt:2", "A=2 s.txt:4"},
		"{path: " + env + ", format: lines}":  {"B='1' s.env:2", "A=2 s.env:4"},
	} {
		found, err := find(t, source)
		require.NoError(t, err, source)
		require.Equal(t, want, found, source)
	}
}

func TestFindReadsWhenCalled(t *testing.T) {
	path := filepath.Join(t.TempDir(), "late.txt")
	s, err := New(declare(t, path), &Pipes{})
	require.NoError(t, err)

	_, err = s.Find(soon(t))
	require.ErrorIs(t, err, resolve.ErrAbsent)
	require.EqualError(t, err, `"`+path+`" does not exist`)

	require.NoError(t, os.WriteFile(path, []byte("A=1"), 0o600))
	findings, err := s.Find(soon(t))
	require.NoError(t, err)
	require.Len(t, findings, 1)
	require.Equal(t, path+":1", findings[0].Where)
}

func TestOnlyAFileThatIsNotThereIsAbsent(t *testing.T) {
	dir := t.TempDir()
	loop := filepath.Join(dir, "loop")
	require.NoError(t, os.Symlink(loop, loop))
	for _, path := range []string{dir, loop, "/dev/null", write(t, "bad.txt", []byte("no equals sign"))} {
		_, err := find(t, path)
		require.Error(t, err)
		require.NotErrorIs(t, err, resolve.ErrAbsent)
	}
}

func TestFindOfAFileWithoutKeysIsEmpty(t *testing.T) {
	for _, text := range []string{"", "\n\n", "# only this", "\xef\xbb\xbf"} {
		for _, name := range []string{"f.txt", "f.env"} {
			found, err := find(t, write(t, name, []byte(text)))
			require.NoError(t, err)
			require.Empty(t, found)
		}
	}
}

func TestAMessageOfFindIsOneLine(t *testing.T) {
	_, err := find(t, `"`+write(t, "f.txt", nil)+`\n"`)
	require.NotContains(t, err.Error(), "\n")
	path := write(t, "a\nb.txt", []byte("no equals sign"))
	s, err := New(resolve.Declaration{Source: &document.Node{Kind: document.String, Text: path}}, &Pipes{})
	require.NoError(t, err)
	_, err = s.Find(soon(t))
	require.ErrorContains(t, err, `a\nb.txt":1:1: `)
	require.NotContains(t, err.Error(), "\n")
}

func TestFindReturnsWhenTheContextEnds(t *testing.T) {
	s, err := New(declare(t, write(t, "f.txt", []byte("A=1"))), &Pipes{})
	require.NoError(t, err)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = s.Find(ended)
	require.ErrorIs(t, err, resolve.ErrUnavailable)
}

func TestNewNamesEveryProblemWithItsPlace(t *testing.T) {
	for source, want := range map[string]string{
		`[a, b]`:                  "task:1:1: a file source must be a path or a map, not a list",
		`12`:                      "task:1:1: a file source must be a path or a map, not a number",
		`~`:                       "task:1:1: a file source must be a path or a map, not null",
		`""`:                      "task:1:1: a file's path is empty",
		`{"path": "a\u0000b"}`:    `task:1:10: a file's path "a\x00b" holds a NUL byte`,
		`{}`:                      "task:1:1: a file source has no path",
		`{path: ""}`:              "task:1:8: a file's path is empty",
		`{path: [x]}`:             "task:1:8: a file's path must be a string, not a list",
		`{path: ~}`:               "task:1:8: a file's path must be a string, not null",
		`{path: x, format: json}`: "task:1:19: unknown format",
		`{path: x, format: ""}`:   "task:1:19: unknown format",
		`{path: x, format: 1}`:    "task:1:19: format must be a string, not a number",
		`{path: x, mode: 1}`:      `task:1:11: unknown field "mode" in a file source`,
		`{Path: x, format: y}`: "task:1:1: a file source has no path\n" +
			"task:1:2: unknown field \"Path\" in a file source\ntask:1:19: unknown format",
	} {
		_, err := New(declare(t, source), &Pipes{})
		require.EqualError(t, err, want, source)
		require.True(t, errors.As(err, new(*document.Problem)), source)
	}
	_, err := New(resolve.Declaration{At: document.Position{Origin: "task"}}, nil)
	require.EqualError(t, err, "task: a file source has no source")
}
