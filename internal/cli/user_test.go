package cli

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParseUser(t *testing.T) {
	for text, want := range map[string][2]int64{"0": {0, 0}, "1000": {1000, 1000}, "1:2": {1, 2}, "9:9": {9, 9}} {
		uid, gid, err := ParseUser(text, 1000)
		require.NoError(t, err, text)
		require.Equal(t, want, [2]int64{uid, gid}, text)
	}
	for _, text := range []string{"", "root", "1:", ":1", "1:2:3", "-1", "1:-1", "1001", "1:1001", "0x1", "1 ", "99999999999999999999"} {
		_, _, err := ParseUser(text, 1000)
		require.ErrorContains(t, err, "is not UID[:GID]", text)
	}
}
