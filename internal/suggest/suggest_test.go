package suggest

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNearest(t *testing.T) {
	flags := []string{"task", "secrets", "deliver", "init", "log", "allow-env", "require-confidential"}
	for word, want := range map[string]string{
		"delivr": "deliver", "delievr": "deliver", "deliverr": "deliver", "DELIVER": "deliver", "delivery": "deliver", "deli": "",
		"secret": "secrets", "tsak": "task", "tusk": "task", "tks": "", "int": "init", "lgo": "log", "x": "", "": "", "l": "",
		"allow_env": "allow-env", "allowenv": "allow-env", "requireconfidental": "require-confidential",
		"nope": "", strings.Repeat("deliver", 1000): "",
	} {
		require.Equal(t, want, Nearest(word, flags...), word)
	}
	require.Empty(t, Nearest("a"))
	require.Equal(t, "fd", Nearest("fdd", "stdin", "fd"))
}

func TestHint(t *testing.T) {
	require.Equal(t, "did you mean --deliver?", Hint("see the help", "delivr", "--", "task", "deliver"))
	require.Equal(t, "see the help", Hint("see the help", "nope", "--", "task", "deliver"))
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"", "abc", 3}, {"abc", "", 3}, {"abc", "abc", 0}, {"abc", "acb", 1}, {"abc", "abd", 1}, {"kitten", "sitting", 3}, {"ca", "abc", 3}} {
		require.Equal(t, c.want, distance(c.a, c.b), "%s %s", c.a, c.b)
	}
}
