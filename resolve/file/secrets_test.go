package file

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/document"
	"github.com/seed45446ece/launcher/resolve/sourcetest"
)

// TestConformanceOfDeclaredKeys holds a file whose keys the task lists to the suite.
func TestConformanceOfDeclaredKeys(t *testing.T) {
	sourcetest.Run(t, sourcetest.Suite{
		Open: func(t *testing.T, holds map[string]string, keys ...string) (resolve.Source, error) {
			var text strings.Builder
			for key, value := range holds {
				text.WriteString(key + "=" + value + "\n")
			}
			secrets := &document.Node{Kind: document.List}
			for _, key := range keys {
				secrets.Items = append(secrets.Items, &document.Node{Kind: document.String, Text: key})
			}
			return New(resolve.Declaration{Source: &document.Node{Kind: document.Map, Fields: []document.Field{
				{Name: "path", Value: &document.Node{Kind: document.String, Text: write(t, "lines.txt", []byte(text.String()))}},
				{Name: "secrets", Value: secrets},
			}}}, nil)
		},
		Declares: true,
		Carries: func(value string) bool {
			return !strings.Contains(value, "\r") && strings.Trim(value, " \t\n\u00a0\ufeff") == value
		},
		Refuses: func(value string) bool { return strings.ContainsAny(value, "\n\x00") },
		Spells:  func(key string) bool { return !strings.ContainsAny(key, "=\n") },
	})
}

func TestSecretsTakeOnlyTheirKeysByName(t *testing.T) {
	path := write(t, "db.txt", []byte("user=ana\npassword=p\nother=x\n"))
	found, err := find(t, "{path: "+path+", secrets: [{key: DB_PASSWORD, name: password}, user]}")
	require.NoError(t, err)
	require.Equal(t, []string{"DB_PASSWORD=p db.txt:2", "user=ana db.txt:1"}, found)

	s, err := New(declare(t, "{path: "+path+", secrets: {K: gone}}"), nil)
	require.NoError(t, err)
	missing, err := s.Find(soon(t))
	require.NoError(t, err)
	require.EqualError(t, missing[0].Err, `"gone" is not in `+path)
	require.ErrorIs(t, missing[0].Err, resolve.ErrAbsent)
}
