package appended

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestJoinedIsLocated(t *testing.T) {
	second := []byte("second")
	for _, size := range []int{0, 1, alignment - 1, alignment, alignment + 1, 3 * alignment} {
		first := bytes.Repeat([]byte{1}, size)
		file := Join(first, second)
		offset, length, ok := locate(bytes.NewReader(file), int64(len(file)))
		require.Equal(t, size > 0, ok, "the first cannot be empty")
		require.Zero(t, offset%alignment)
		require.Equal(t, second, file[offset:offset+length])
		require.True(t, bytes.HasPrefix(file, first))
	}
}

// FuzzLocate is any file: what is located is inside it.
func FuzzLocate(f *testing.F) {
	for _, seed := range [][]byte{nil, []byte(magic), Join([]byte("first"), []byte("second")), Join([]byte("first"), nil)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		offset, length, ok := locate(bytes.NewReader(file), int64(len(file)))
		if ok {
			require.Positive(t, offset)
			require.Positive(t, length)
			require.Equal(t, len(file), int(offset+length)+trailerSize)
		}
	})
}
