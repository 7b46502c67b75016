package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var at = time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)

// TestAnArchiveDoesNotDependOnItsWriter has an archive as another program writes it.
func TestAnArchiveDoesNotDependOnItsWriter(t *testing.T) {
	write := func(names []string, modified time.Time, uid int) []byte {
		var archive bytes.Buffer
		compressed := gzip.NewWriter(&archive)
		compressed.ModTime, compressed.Name = modified, "x"
		w := tar.NewWriter(compressed)
		for _, name := range names {
			require.NoError(t, w.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: 1, ModTime: modified, Uid: uid, Uname: "me"}))
			_, err := w.Write([]byte("x"))
			require.NoError(t, err)
		}
		require.NoError(t, w.Close())
		require.NoError(t, compressed.Close())
		return archive.Bytes()
	}
	one, err := normalize(write([]string{"a", "b"}, at.Add(time.Hour), 1000), at)
	require.NoError(t, err)
	two, err := normalize(write([]string{"b", "a"}, at.Add(time.Minute), 0), at)
	require.NoError(t, err)
	require.Equal(t, one, two)
	_, err = normalize([]byte("no archive"), at)
	require.Error(t, err)
}

func TestPlatformsAreChosen(t *testing.T) {
	all, err := choose("")
	require.NoError(t, err)
	require.Equal(t, allPlatforms, all)
	some, err := choose("linux/arm, darwin/arm64")
	require.NoError(t, err)
	require.Equal(t, []string{"linux_armv7", "darwin_arm64"}, []string{some[0].file(), some[1].file()})
	_, err = choose("linux/mips")
	require.EqualError(t, err, `platform "linux/mips" is unsupported`)
}
