package cli

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheManualPageHasEveryFlag(t *testing.T) {
	page, err := runApp(map[string]string{}, nil, "man", "2026-01-31")
	require.NoError(t, err)
	for _, want := range []string{
		".TH PROG 1 \"2026-01-31\" \"prog 1.2\"\n",
		".SS run\nkubectl prog run [flags] COMMAND\n.PP\nrun it.\n",
		".TP\n\\fB\\-\\-task\\fR \\fIFILE\\fR\nthe task (default: none) [$LAUNCHER_TASK]\n",
		".TP\n\\fB\\-s, \\-\\-secrets\\fR \\fIKIND=SOURCE\\fR\n",
		".TP\n\\fB\\-\\-mask\\fR\n",
		".SS secrets set\n",
		".SH EXIT STATUS\nThe status is\n.TP\n.B 1\nno\n.TP\n.B 2\nnot yet\n.PP\nOr 3.\n",
	} {
		require.Contains(t, page, want)
	}
	_, err = runApp(nil, nil, "man", "a", "b")
	require.EqualError(t, err, "man takes at most one date")
	if mandoc, err := exec.LookPath("mandoc"); err == nil {
		lint := exec.Command(mandoc, "-Tlint", "-Wwarning")
		lint.Stdin = strings.NewReader(page)
		out, err := lint.CombinedOutput()
		require.NoError(t, err, string(out))
	}
}

func TestTextOfAManualPageIsEscaped(t *testing.T) {
	require.Equal(t, `\&.a \-\-b \e \(aq \[u2026]`, roff(`.a --b \ ' …`))
	require.Equal(t, strings.Repeat("a", 74)+"\n\\&.b", roff(strings.Repeat("a", 74)+" .b"))
}

func TestTheManualPageIsNotInTheHelp(t *testing.T) {
	for _, args := range [][]string{{"--help"}, {"completion", "bash"}, {"completion", "fish"}} {
		out, err := runApp(map[string]string{}, nil, args...)
		require.NoError(t, err)
		require.NotRegexp(t, `\bman\b`, out)
	}
}
