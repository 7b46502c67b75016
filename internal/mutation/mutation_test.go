package mutation

import (
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheSameSeedMakesTheSameInputs(t *testing.T) {
	require.Equal(t, Tasks(1, 50), Tasks(1, 50))
	require.NotEqual(t, Tasks(1, 50)[3].Text, Tasks(2, 50)[3].Text)
}

func TestAnInputKnowsItsLeaksAndItsValues(t *testing.T) {
	for _, in := range append(Tasks(1, 100), Files(1, 100)...) {
		require.Empty(t, in.Leak("task.yaml:3:21: a blank is missing after the colon\nKEY PROVIDER WHERE -----BEGIN PRIVATE KEY-----"))
		for _, v := range in.values {
			for line := range strings.SplitSeq(v.text, "\n") {
				if v.secret && len(line) > 8 && !strings.HasPrefix(line, "-----") {
					require.NotEmpty(t, in.Leak("x"+line[1:9]+"x"), in.Name)
					require.NotEmpty(t, in.Leak(strings.ToUpper(hex.EncodeToString([]byte(line)))), in.Name)
					require.NotEmpty(t, in.Leak("YWI"+base64.StdEncoding.EncodeToString([]byte("ab"+line+"c"))), in.Name)
				}
			}
			if !in.untouched(v) {
				continue
			}
			require.Empty(t, in.Wrong(map[string]string{v.key: v.text}), in.Name)
			require.NotEmpty(t, in.Wrong(map[string]string{v.key: v.text + "x"}), in.Name)
		}
	}
}
