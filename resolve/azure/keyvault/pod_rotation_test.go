package keyvault_test

import (
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/examples/azure/fakevault/fake"
	"github.com/seed45446ece/launcher/internal/azuretest"
	"github.com/seed45446ece/launcher/launcher/launchertest"
)

const nextSecret = "canary-next~client~secret"

// rotated runs the launcher, and rotates once the fake has counted this many of
// what; what is slow is long enough for that to be in time.
func rotated(t *testing.T, slow fake.Fault, flags []string, counted func(fake.Counters) bool) (launchertest.Result, *azuretest.Pod) {
	t.Helper()
	slow.Kind, slow.DelayMS = fake.Slow, 2000
	pod := azuretest.NewPod(t, func(c *fake.Config) { c.Faults = []fake.Fault{slow} })
	cmd := exec.Command(launchertest.Path("launcher"), pod.Args("run", flags, "probe", "secret", "DB_PASSWORD")...)
	cmd.Env = append(pod.Env, "PATH="+launchertest.Folder())
	ended := make(chan launchertest.Result, 1)
	go func() { ended <- launchertest.Finish(t, cmd) }()
	require.Eventually(t, func() bool { return counted(pod.Counters()) }, time.Minute, time.Millisecond)
	rotate(t, pod)
	got := <-ended
	azuretest.RequireNoSecret(t, got.Stderr)
	return got, pod
}

// TestRotationWhileTheFirstTokenIsRefused resolves in the same run: at the first
// read, in the middle of several, and where it is Entra that refuses.
func TestRotationWhileTheFirstTokenIsRefused(t *testing.T) {
	one, several := azuretest.Vault("my-vault", "DB_PASSWORD"), append(azuretest.Vault("my-vault", "api-token", "job-secrets", "DB_PASSWORD", "old-key", "site-certificate"), "--quiet")
	tokens := func(c fake.Counters) bool { return c.Tokens == 1 }
	for name, c := range map[string]struct {
		slow    fake.Fault
		flags   []string
		counted func(fake.Counters) bool
		tokens  int
	}{
		"at the first read":           {fake.Fault{Path: "/secrets/*"}, one, tokens, 2},
		"at every one of several":     {fake.Fault{Path: "/secrets/*"}, several, tokens, 2},
		"one after another":           {fake.Fault{Path: "/secrets/*"}, append(several, "--azure-parallel", "1"), tokens, 2},
		"in the middle":               {fake.Fault{Path: "/secrets/*", Skip: 1}, append(several, "--azure-parallel", "1"), func(c fake.Counters) bool { return len(c.Reads["my-vault"]) == 1 }, 2},
		"everything":                  {fake.Fault{Path: "/secrets/*"}, append(azuretest.Vault("my-vault", []string{}...), "--quiet"), tokens, 2},
		"the list":                    {fake.Fault{Path: "/secrets", Skip: 1}, append(azuretest.Vault("my-vault", []string{}...), "--quiet"), tokens, 2},
		"Entra takes the old no more": {fake.Fault{Host: "login.*"}, one, func(c fake.Counters) bool { return c.Requests["connect"] == 2 }, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, pod := rotated(t, c.slow, c.flags, c.counted)
			require.Equal(t, `canary-db "1" <é>`, got.Stdout, got.Stderr)
			require.Zero(t, got.Status)
			require.Equal(t, c.tokens, pod.Counters().Tokens, "one more, and no more than that")
		})
	}
}

// TestARefusedTokenAndNothingNewEnds has every token refused and nothing new
// in the mount: it ends, and says so.
func TestARefusedTokenAndNothingNewEnds(t *testing.T) {
	pod := azuretest.NewPod(t, func(c *fake.Config) { c.Faults = azuretest.AtVault(fake.Fault{Kind: fake.Status, Status: 401}) })
	got := pod.Run(t, azuretest.Vault("my-vault", "DB_PASSWORD", "api-token"), "echo", handlerRan)
	require.Equal(t, 125, got.Status)
	require.Empty(t, got.Stdout)
	require.LessOrEqual(t, pod.Counters().Tokens, 2)
}

// rotate is what an operator does under a running pod: a new client secret in
// the mount, the old one gone, and every token of it refused.
func rotate(t *testing.T, p *azuretest.Pod) {
	t.Helper()
	config, err := azuretest.Config(func(c *fake.Config) { c.Principals[0].Secrets = []string{nextSecret} })
	require.NoError(t, err)
	require.NoError(t, azuretest.Mount(p.Credentials, azuretest.Tenant, azuretest.Application, nextSecret))
	require.NoError(t, p.SetConfig(config))
	p.Revoke()
}
