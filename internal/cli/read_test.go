package cli

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/resolve/document"
)

func TestReadTextNamesItsFlag(t *testing.T) {
	path := filepath.Join(t.TempDir(), "task.yaml")
	_, _, err := ReadText(t.Context(), nil, "--task", path, nil)
	require.ErrorIs(t, err, ErrNoFile)
	require.EqualError(t, err, `--task: "`+path+`" does not exist`)

	require.NoError(t, os.WriteFile(path, []byte("a: 1"), 0o600))
	origin, text, err := ReadText(t.Context(), nil, "--task", path, nil)
	require.NoError(t, err)
	require.Equal(t, []string{path, "a: 1"}, []string{origin, string(text)})

	origin, text, err = ReadText(t.Context(), nil, "--task", StandardInput, strings.NewReader("b: 2"))
	require.NoError(t, err)
	require.Equal(t, []string{"standard input", "b: 2"}, []string{origin, string(text)})

	_, _, err = ReadText(t.Context(), nil, "--task", t.TempDir(), nil)
	require.ErrorContains(t, err, "--task: ")
	require.Equal(t, "name a regular file or a pipe, or - for standard input", Hint(err))
}

func TestParseDocumentReadsJSONByTheFilesName(t *testing.T) {
	n, err := ParseDocument(t.Context(), "a.yaml", []byte("a: 1"))
	require.NoError(t, err)
	require.Equal(t, document.Map, n.Kind)
	_, err = ParseDocument(t.Context(), "a.json", []byte("a: 1"))
	require.ErrorContains(t, err, "a.json:1:1")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = ParseDocument(ctx, "a.yaml", []byte(strings.Repeat("- a\n", 100_000)))
	require.Error(t, err)
}
