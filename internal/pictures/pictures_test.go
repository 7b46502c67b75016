package main

import (
	"encoding/xml"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestThePicturesAreDrawn compares the files in docs with what "make docs" writes.
func TestThePicturesAreDrawn(t *testing.T) {
	drawn, err := draw("../../docs/benchmarks.json")
	require.NoError(t, err)
	require.Len(t, drawn, 3)
	for name, text := range drawn {
		decoder := xml.NewDecoder(strings.NewReader(text))
		for err = nil; err == nil; {
			_, err = decoder.Token()
		}
		require.ErrorIs(t, err, io.EOF, name)
		file, err := os.ReadFile(filepath.Join("../../docs", name))
		require.NoError(t, err)
		require.Equal(t, string(file), text, "make docs writes docs/%s", name)
	}
}

// TestBarsRefusesATableThatItCannotDraw names the file.
func TestBarsRefusesATableThatItCannotDraw(t *testing.T) {
	for _, text := range []string{"", "{", "{}", `{"limit": 1}`, `{"limit": 1, "rows": [{"ratio": "x"}]}`} {
		path := filepath.Join(t.TempDir(), "benchmarks.json")
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		_, err := bars(path)
		require.ErrorContains(t, err, path)
	}
}
