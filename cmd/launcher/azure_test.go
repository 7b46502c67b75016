package main_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/examples/azure/fakevault/fake"
)

// Who reads, and what the readers have in common: the fake takes any names.
const (
	tenant       = "72f988bf-0000-4000-8000-2d7cd011db47"
	otherTenant  = "99999999-0000-4000-8000-2d7cd011db47"
	application  = "11111111-1111-4111-8111-111111111111"
	clientSecret = "canary-client~secret/4+x"
	version      = "4387e9f3d6e14c459867679a90fd0f79"
)

// azureWorld is what there is at Azure. Every value is a canary.
const azureWorld = `
principals:
- {tenant: ` + tenant + `, client_id: ` + application + `, secrets: [` + clientSecret + `], expired: [canary-expired~secret], certificate: true, federated: "*", managed: true}
vaults:
- name: my-vault
  tenant: ` + tenant + `
  access: {` + application + `: [get, list]}
  page: 2
  secrets:
  - {name: DB-PASSWORD, value: canary-db "1" <é>}
  - {name: api-token, value: canary-first, version: ` + version + `}
  - {name: api-token, value: canary-second}
  - {name: job-secrets, value: '{"SMTP_USER": "canary-user", "SMTP_PASSWORD": "canary-letter"}'}
  - {name: retired, value: canary-gone, disabled: true}
  - {name: old-key, value: canary-old, exp: 1577836800}
  - {name: site-certificate, value: canary-certificate, managed: true}
- {name: closed-vault, tenant: ` + tenant + `}
- {name: policy-vault, tenant: ` + tenant + `, model: policy}
- {name: walled-vault, tenant: ` + tenant + `, firewall: address}
- {name: private-vault, tenant: ` + tenant + `, firewall: private}
- {name: other-vault, tenant: ` + otherTenant + `}
- {name: cn-vault, domain: vault.azure.cn, tenant: ` + tenant + `, access: {` + application + `: [get]}, secrets: [{name: KEY, value: canary-cn}]}
- {name: us-vault, domain: vault.usgovcloudapi.net, tenant: ` + tenant + `, access: {` + application + `: [get]}, secrets: [{name: KEY, value: canary-us}]}
`

// azureSecrets is what nothing that the launcher prints may hold: the values,
// the client secrets, and the start of every token.
var azureSecrets = formsOf(`canary-db "1" <é>`, "canary-first", "canary-second", "canary-user", "canary-letter", "canary-gone", "canary-old",
	"canary-certificate", "canary-cn", "canary-us", clientSecret, "canary-expired~secret", "eyJ0eXAiOiJKV1Qi")

// azurePod is a fake Azure, and what a pod has to reach it.
type azurePod struct {
	*fake.Server
	credentials string   // the mounted folder
	env         []string // of the container
}

func newAzurePod(t testing.TB, edit ...func(*fake.Config)) *azurePod {
	t.Helper()
	pod, err := startAzurePod(t.TempDir(), edit...)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, pod.Close()) })
	return pod
}

func startAzurePod(dir string, edit ...func(*fake.Config)) (*azurePod, error) {
	config, err := azureConfig(edit...)
	if err != nil {
		return nil, err
	}
	server, err := fake.Start(fake.Options{Dir: filepath.Join(dir, "fake"), Config: config})
	if err != nil {
		return nil, err
	}
	pod := &azurePod{Server: server, credentials: filepath.Join(dir, "credentials")}
	pod.env = []string{"HTTPS_PROXY=" + server.Proxy, "HTTP_PROXY=" + server.Proxy, "SSL_CERT_FILE=" + server.CA, "HOME=" + dir,
		"IDENTITY_ENDPOINT=" + server.Proxy + "/msi/token", "IDENTITY_HEADER=" + fake.IdentityHeader}
	return pod, mount(pod.credentials, tenant, application, clientSecret)
}

func azureConfig(edit ...func(*fake.Config)) (fake.Config, error) {
	config, err := fake.Parse("world", []byte(azureWorld))
	for _, e := range edit {
		e(&config)
	}
	return config, err
}

// mount writes the credentials as the kubelet does: a folder of one generation,
// the link ..data to it, which is turned in one step, and a link for each file.
func mount(dir, tenant, client, secret string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	generation, err := os.MkdirTemp(dir, "..generation_")
	if err != nil {
		return err
	}
	for name, text := range map[string]string{"tenant_id": tenant, "client_id": client, "secret": secret} {
		if err := os.WriteFile(filepath.Join(generation, name), []byte(text), 0o600); err != nil {
			return err
		}
		if err := os.Symlink("..data/"+name, filepath.Join(dir, name)); err != nil && !os.IsExist(err) {
			return err
		}
	}
	if err := os.Symlink(filepath.Base(generation), generation+"_link"); err != nil {
		return err
	}
	return os.Rename(generation+"_link", filepath.Join(dir, "..data"))
}

// vault is the -s flag of an azure_vault source.
func vault(name string, keys ...string) []string {
	text, _ := json.Marshal(keys) // strings have no way to fail
	return []string{"-s", fmt.Sprintf(`azure_vault={"name": %q, "secrets": %s}`, name, text)}
}

// args is a command line with the credentials, the flags, and a handler.
func (p *azurePod) args(command string, flags []string, handler ...string) []string {
	args := slices.Concat([]string{command, "--azure-credentials", p.credentials}, flags)
	if len(handler) > 0 {
		args = append(append(args, "--"), handler...)
	}
	return args
}

func (p *azurePod) run(t testing.TB, flags []string, handler ...string) result {
	t.Helper()
	got := start(t, p.env, "", p.args("run", flags, handler...)...)
	requireNoAzureSecret(t, got.stderr)
	return got
}

func requireNoAzureSecret(t testing.TB, printed string) {
	t.Helper()
	require.Empty(t, leaks(printed))
}

// leaks is the secrets that something printed holds.
func leaks(printed string) (found []string) {
	for _, form := range azureSecrets {
		if strings.Contains(strings.ToLower(printed), strings.ToLower(form)) {
			found = append(found, form)
		}
	}
	return found
}

// records is the request log.
func (p *azurePod) records(t testing.TB) (records []fake.Record) {
	t.Helper()
	text, err := os.ReadFile(p.Log)
	require.NoError(t, err)
	for line := range strings.Lines(string(text)) {
		var record fake.Record
		require.NoError(t, json.Unmarshal([]byte(line), &record))
		records = append(records, record)
	}
	return records
}

func TestASecretOfAVaultReachesTheHandler(t *testing.T) {
	pod := newAzurePod(t)
	for _, deliver := range []string{"stdin", "fd", "env"} {
		got := pod.run(t, append(vault("my-vault", "DB_PASSWORD"), "--deliver", deliver), "probe", "secret", "DB_PASSWORD")
		require.Equal(t, result{stdout: `canary-db "1" <é>`}, got, deliver)
	}
}

// TestEveryFormOfADeclaration is what a source may say, by what the handler gets.
func TestEveryFormOfADeclaration(t *testing.T) {
	pod := newAzurePod(t)
	for source, want := range map[string]string{
		`{"name": "my-vault", "secrets": ["db-password"]}`:                                                           "db-password=canary-db \"1\" <é>",
		`{"name": "MY-VAULT", "secrets": ["api-token"]}`:                                                             "api-token=canary-second",
		`{"name": "https://my-vault.vault.azure.net/", "secrets": [{"key": "T", "name": "api-token"}]}`:              "T=canary-second",
		`{"name": "my-vault", "secrets": [{"key": "T", "name": "api-token", "version": "` + version + `"}]}`:         "T=canary-first",
		`{"name": "my-vault", "bundle": ["job-secrets"]}`:                                                            "SMTP_PASSWORD=canary-letter SMTP_USER=canary-user",
		`{"name": "my-vault", "bundle": ["job-secrets"], "secrets": ["site-certificate"]}`:                           "SMTP_PASSWORD=canary-letter SMTP_USER=canary-user site-certificate=canary-certificate",
		`{"name": "https://cn-vault.vault.azure.cn", "secrets": ["KEY"]}`:                                            "KEY=canary-cn",
		`{"name": "https://us-vault.vault.usgovcloudapi.net", "secrets": ["KEY"]}`:                                   "KEY=canary-us",
		`{"name": "my-vault.vault.azure.net", "secrets": ["api-token"]}`:                                             "api-token=canary-second",
		`{"name": "HTTPS://my-vault.vault.azure.net:443/", "secrets": ["api-token"]}`:                                "api-token=canary-second",
		`{"name": "my-vault", "secrets": ["api-token"], "k8s_secret": "not-mounted"}`:                                "api-token=canary-second",
		`{"name": "my-vault", "secrets": ["api-token"], "credential": "mounted"}`:                                    "api-token=canary-second",
		`{"name": "my-vault", "secrets": ["api-token", {"key": "A", "name": "API-TOKEN"}], "credential": "managed"}`: "A=canary-second api-token=canary-second",
	} {
		t.Run(source, func(t *testing.T) {
			got := pod.run(t, []string{"-s", "azure_vault=" + source, "--deliver", "env"}, "probe", "process")
			require.Zero(t, got.status, got.stderr)
			var p process
			require.NoError(t, json.Unmarshal([]byte(got.stdout), &p))
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
	pod := newAzurePod(t)
	got := start(t, pod.env, "", pod.args("explain", append(vault("my-vault", []string{}...), "--json"))...)
	require.Zero(t, got.status, got.stderr)
	require.Equal(t, []string{"api-token", "db-password", "job-secrets", "old-key"}, explained(t, got.stdout, "found"))
	require.Equal(t, 3, pod.Counters().Requests["list"]-pod.unauthorized(t, "list"), "seven versions, six names, two a page")
}

func (p *azurePod) unauthorized(t testing.TB, operation string) (n int) {
	for _, r := range p.records(t) {
		if r.Operation == operation && !r.Authorized {
			n++
		}
	}
	return n
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
	pod := newAzurePod(t)
	got := start(t, pod.env, "", pod.args("explain", append(vault("my-vault", "DB_PASSWORD", "retired", "not-there"), "--verbose"))...)
	require.Equal(t, 125, got.status)
	requireNoAzureSecret(t, got.stdout+got.stderr)
	require.Regexp(t, `DB_PASSWORD +azure_vault +https://my-vault\.vault\.azure\.net/secrets/DB-PASSWORD +found`, got.stdout)
	require.Regexp(t, `not-there +azure_vault +https://my-vault\.vault\.azure\.net/secrets/not-there +missing`, got.stdout)
	require.Contains(t, got.stderr, `secret "retired"`)
	require.Contains(t, got.stderr, `secret "not-there"`)
}
