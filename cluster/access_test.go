package cluster

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheRulesNameTheUserAndTheCommand(t *testing.T) {
	c := &Cluster{command: "secrets set"}
	names := map[string]bool{}
	for _, user := range []string{"ana", "arn:aws:iam::1:user/ana", "arn:aws:iam::1:user%ana", "Zoë", "ns:account", "..", "a b"} {
		name := c.roleName([]Access{{Name: "s"}, {}, {Name: "s"}}, user)
		require.NotContains(t, []string{".", ".."}, name, "a name is a segment of a path")
		require.False(t, strings.ContainsAny(name, "/%"), name)
		require.True(t, strings.HasPrefix(name, "launcherctl:secrets-set:s:"), name)
		require.False(t, names[name], name)
		names[name] = true
	}
	require.True(t, names["launcherctl:secrets-set:s:ana"])
	require.True(t, names["launcherctl:secrets-set:s:ns:account"])
}
