package keyvault_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/internal/azuretest"
	"github.com/seed45446ece/launcher/launcher/launchertest"
)

func TestASecretOfAVaultReachesTheHandler(t *testing.T) {
	pod := azuretest.NewPod(t)
	for _, deliver := range []string{"stdin", "fd", "env"} {
		got := pod.Run(t, append(azuretest.Vault("my-vault", "DB_PASSWORD"), "--deliver", deliver), "probe", "secret", "DB_PASSWORD")
		require.Equal(t, launchertest.Result{Stdout: `canary-db "1" <é>`}, got, deliver)
	}
}

// TestEveryFormOfADeclaration is what a source may say, by what the handler gets.
func TestEveryFormOfADeclaration(t *testing.T) {
	pod := azuretest.NewPod(t)
	for source, want := range map[string]string{
		`{"name": "my-vault", "secrets": ["db-password"]}`:                                                             "db-password=canary-db \"1\" <é>",
		`{"name": "MY-VAULT", "secrets": ["api-token"]}`:                                                               "api-token=canary-second",
		`{"name": "https://my-vault.vault.azure.net/", "secrets": [{"key": "T", "name": "api-token"}]}`:                "T=canary-second",
		`{"name": "my-vault", "secrets": [{"key": "T", "name": "api-token", "version": "` + azuretest.Version + `"}]}`: "T=canary-first",
		`{"name": "my-vault", "bundle": ["job-secrets"]}`:                                                              "SMTP_PASSWORD=canary-letter SMTP_USER=canary-user",
		`{"name": "my-vault", "bundle": ["job-secrets"], "secrets": ["site-certificate"]}`:                             "SMTP_PASSWORD=canary-letter SMTP_USER=canary-user site-certificate=canary-certificate",
		`{"name": "https://cn-vault.vault.azure.cn", "secrets": ["KEY"]}`:                                              "KEY=canary-cn",
		`{"name": "https://us-vault.vault.usgovcloudapi.net", "secrets": ["KEY"]}`:                                     "KEY=canary-us",
		`{"name": "my-vault.vault.azure.net", "secrets": ["api-token"]}`:                                               "api-token=canary-second",
		`{"name": "HTTPS://my-vault.vault.azure.net:443/", "secrets": ["api-token"]}`:                                  "api-token=canary-second",
		`{"name": "my-vault", "secrets": ["api-token"], "k8s_secret": "not-mounted"}`:                                  "api-token=canary-second",
		`{"name": "my-vault", "secrets": ["api-token"], "credential": "mounted"}`:                                      "api-token=canary-second",
		`{"name": "my-vault", "secrets": ["api-token", {"key": "A", "name": "API-TOKEN"}], "credential": "managed"}`:   "A=canary-second api-token=canary-second",
	} {
		t.Run(source, func(t *testing.T) {
			got := pod.Run(t, []string{"-s", "azure_vault=" + source, "--deliver", "env"}, "probe", "process")
			require.Zero(t, got.Status, got.Stderr)
			var p launchertest.ProbeReport
			require.NoError(t, json.Unmarshal([]byte(got.Stdout), &p))
			var secrets []string
			for _, entry := range p.Environ {
				name, value, _ := strings.Cut(entry, "=")
				if strings.HasPrefix(value, "canary-") {
					secrets = append(secrets, strings.ReplaceAll(name, "_", "-")+"="+value)
				}
			}
			slices.Sort(secrets)
			require.Equal(t, strings.ReplaceAll(want, "_", "-"), strings.Join(secrets, " "))
		})
	}
}

// TestAnEmptyListIsEverything leaves out what is disabled and what is behind a
// certificate, and reads on over the pages.
func TestAnEmptyListIsEverything(t *testing.T) {
	pod := azuretest.NewPod(t)
	got := launchertest.Run(t, pod.Env, "", pod.Args("explain", append(azuretest.Vault("my-vault", []string{}...), "--json"))...)
	require.Zero(t, got.Status, got.Stderr)
	require.Equal(t, []string{"api-token", "db-password", "job-secrets", "old-key"}, explained(t, got.Stdout, "found"))
	require.Equal(t, 3, pod.Counters().Requests["list"]-pod.Unauthorized(t, "list"), "seven versions, six names, two a page")
}

// explained is the keys of an explanation with this status, sorted.
func explained(t *testing.T, text, status string) (keys []string) {
	t.Helper()
	var table struct {
		Secrets []struct{ Key, Status string }
	}
	require.NoError(t, json.Unmarshal([]byte(text), &table))
	for _, row := range table.Secrets {
		if row.Status == status {
			keys = append(keys, strings.ToLower(row.Key))
		}
	}
	slices.Sort(keys)
	return keys
}

func TestExplainNamesTheVaultAndNoValue(t *testing.T) {
	pod := azuretest.NewPod(t)
	got := launchertest.Run(t, pod.Env, "", pod.Args("explain", append(azuretest.Vault("my-vault", "DB_PASSWORD", "retired", "not-there"), "--verbose"))...)
	require.Equal(t, 125, got.Status)
	azuretest.RequireNoSecret(t, got.Stdout+got.Stderr)
	require.Regexp(t, `DB_PASSWORD +azure_vault +https://my-vault\.vault\.azure\.net/secrets/DB-PASSWORD +found`, got.Stdout)
	require.Regexp(t, `not-there +azure_vault +https://my-vault\.vault\.azure\.net/secrets/not-there +missing`, got.Stdout)
	require.Contains(t, got.Stderr, `secret "retired"`)
	require.Contains(t, got.Stderr, `secret "not-there"`)
}
