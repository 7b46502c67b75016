package keyvault_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/examples/azure/fakevault/fake"
	"github.com/seed45446ece/launcher/internal/azuretest"
	"github.com/seed45446ece/launcher/launcher/launchertest"
)

// TestAVaultThatGoesSilentIsReadByAnotherConnection has the one HTTP/2 connection
// to a vault die after three answers, with the pauses of real use. 40 secrets
// are read long before the deadline.
func TestAVaultThatGoesSilentIsReadByAnotherConnection(t *testing.T) {
	t.Parallel()
	var keys []string
	authorized := true
	pod := azuretest.NewPod(t, func(c *fake.Config) {
		c.HTTP2 = true
		for i := range 40 {
			keys = append(keys, fmt.Sprintf("s-%d", i))
			c.Vaults[0].Secrets = append(c.Vaults[0].Secrets, fake.Secret{Name: keys[i], Value: "canary-first"})
		}
		c.Faults = []fake.Fault{{Kind: fake.Dead, Path: "/secrets/*", Authorized: &authorized, Skip: 3, Count: 1}}
	})
	got := pod.Run(t, append(azuretest.Vault("my-vault", keys...), "--timeout", "60s"), "probe", "secret", "s-39")
	require.Equal(t, launchertest.Result{Stdout: "canary-first"}, got)
	require.Len(t, pod.Counters().Reads["my-vault"], 40)
}

// TestTheAuthorityVariableIsForVaultsAlone has AZURE_AUTHORITY_HOST as Microsoft's
// SDKs take it, a host only, and as something that is no host.
func TestTheAuthorityVariableIsForVaultsAlone(t *testing.T) {
	pod := azuretest.NewPod(t)
	for _, host := range []string{"login.microsoftonline.us", "https://login.microsoftonline.us", "HTTPS://login.microsoftonline.us/"} {
		env := append(pod.Env[:len(pod.Env):len(pod.Env)], "AZURE_AUTHORITY_HOST="+host)
		got := launchertest.Run(t, env, "", pod.Args("run", azuretest.Vault("us-vault", "KEY"), "probe", "secret", "KEY")...)
		require.Equal(t, launchertest.Result{Stdout: "canary-us"}, got, host)
	}
	env := append(pod.Env[:len(pod.Env):len(pod.Env)], "AZURE_AUTHORITY_HOST=no host at all", "TOKEN=canary-first")
	got := launchertest.Run(t, env, "", "run", "-s", "env=TOKEN", "--", "probe", "secret", "TOKEN")
	require.Equal(t, launchertest.Result{Stdout: "canary-first"}, got, "a task with no vault does not need it")
	got = launchertest.Run(t, env, "", pod.Args("run", azuretest.Vault("my-vault", "DB_PASSWORD"), "true")...)
	require.Equal(t, 125, got.Status)
	require.Contains(t, got.Stderr, `variable AZURE_AUTHORITY_HOST: "no host at all" is not the https URL of a host`)
}

func TestAnAPIVersionIsChecked(t *testing.T) {
	pod := azuretest.NewPod(t, func(c *fake.Config) { c.Vaults[0].APIVersions = []string{"7.4"} })
	got := pod.Run(t, append(azuretest.Vault("my-vault", "DB_PASSWORD"), "--azure-api-version", "7.4"), "probe", "secret", "DB_PASSWORD")
	require.Equal(t, launchertest.Result{Stdout: `canary-db "1" <é>`}, got)
	got = pod.Run(t, append(azuretest.Vault("my-vault", "DB_PASSWORD"), "--azure-api-version", "7.4&x=y"), "true")
	require.Equal(t, 125, got.Status)
	require.Contains(t, got.Stderr, "--azure-api-version")
}

// TestAzureArc has the agent's directory of key files, in a mount namespace of
// its own.
func TestAzureArc(t *testing.T) {
	keys := t.TempDir()
	require.NoError(t, os.Chmod(keys, 0o755))
	pod := azuretest.NewPod(t, func(c *fake.Config) { c.Arc = &fake.Arc{Keys: keys} })
	source := []string{"-s", `azure_vault={"name": "my-vault", "secrets": ["DB_PASSWORD"], "credential": "managed"}`}
	run := func(prepare string) launchertest.Result {
		launcher := append([]string{launchertest.Path("launcher")}, pod.Args("run", source, launchertest.Path("probe"), "secret", "DB_PASSWORD")...)
		cmd := launchertest.PID1Command(append([]string{"sh", "-c", prepare + ` && exec "$@"`, "sh"}, launcher...)...)
		cmd.Env = append(cmd.Env, append(pod.Env, "IDENTITY_HEADER=", "IDENTITY_ENDPOINT="+pod.Proxy+"/metadata/identity/oauth2/token", "IMDS_ENDPOINT="+pod.Proxy)...)
		return launchertest.Finish(t, cmd)
	}
	got := run("mount -t tmpfs none /var/opt && mkdir -p /var/opt/azcmagent/tokens && mount --bind " + keys + " /var/opt/azcmagent/tokens")
	require.Equal(t, launchertest.Result{Stdout: `canary-db "1" <é>`}, got)
	require.Equal(t, 2, pod.Counters().Requests["managed-identity"], "the challenge, and its answer")
	got = run("mount -t tmpfs none /var/opt")
	require.Equal(t, 125, got.Status)
	require.Contains(t, got.Stderr, "no token: Azure Arc's key file")
	require.Contains(t, got.Stderr, "is missing")
	files, err := os.ReadDir(keys)
	require.NoError(t, err)
	for _, file := range files {
		require.NotContains(t, got.Stderr, strings.TrimSpace(launchertest.ReadFile(t, filepath.Join(keys, file.Name()))), "a key")
	}
}
