// Package azuretest owns a fake Azure for tests of the real launcher: an Entra, its
// vaults, and what a pod has to reach them. It knows only the fake and launchertest.
package azuretest

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/examples/azure/fakevault/fake"
	"github.com/seed45446ece/launcher/launcher/launchertest"
)

// Names of the application that reads, and what it proves itself with.
const (
	Tenant       = "72f988bf-0000-4000-8000-2d7cd011db47"
	otherTenant  = "99999999-0000-4000-8000-2d7cd011db47"
	Application  = "11111111-1111-4111-8111-111111111111"
	ClientSecret = "canary-client~secret/4+x"
	Version      = "4387e9f3d6e14c459867679a90fd0f79"
)

// azureWorld is what there is at Azure. Every value is a canary.
const azureWorld = `
principals:
- {tenant: ` + Tenant + `, client_id: ` + Application + `, secrets: [` + ClientSecret + `], expired: [canary-expired~secret], certificate: true, federated: "*", managed: true}
vaults:
- name: my-vault
  tenant: ` + Tenant + `
  access: {` + Application + `: [get, list]}
  page: 2
  secrets:
  - {name: DB-PASSWORD, value: canary-db "1" <é>}
  - {name: api-token, value: canary-first, version: ` + Version + `}
  - {name: api-token, value: canary-second}
  - {name: job-secrets, value: '{"SMTP_USER": "canary-user", "SMTP_PASSWORD": "canary-letter"}'}
  - {name: retired, value: canary-gone, disabled: true}
  - {name: old-key, value: canary-old, exp: 1577836800}
  - {name: site-certificate, value: canary-certificate, managed: true}
- {name: closed-vault, tenant: ` + Tenant + `}
- {name: policy-vault, tenant: ` + Tenant + `, model: policy}
- {name: walled-vault, tenant: ` + Tenant + `, firewall: address}
- {name: private-vault, tenant: ` + Tenant + `, firewall: private}
- {name: other-vault, tenant: ` + otherTenant + `}
- {name: cn-vault, domain: vault.azure.cn, tenant: ` + Tenant + `, access: {` + Application + `: [get]}, secrets: [{name: KEY, value: canary-cn}]}
- {name: us-vault, domain: vault.usgovcloudapi.net, tenant: ` + Tenant + `, access: {` + Application + `: [get]}, secrets: [{name: KEY, value: canary-us}]}
`

// azureSecrets is what nothing that the launcher prints may hold: the values,
// the client secrets, and the start of every token.
var azureSecrets = launchertest.Forms(`canary-db "1" <é>`, "canary-first", "canary-second", "canary-user", "canary-letter", "canary-gone", "canary-old",
	"canary-certificate", "canary-cn", "canary-us", ClientSecret, "canary-expired~secret", "eyJ0eXAiOiJKV1Qi")

// Pod is a fake Azure, and what a pod has to reach it.
type Pod struct {
	*fake.Server
	Credentials string   // the mounted folder
	Env         []string // of the container
}

// NewPod starts a fake Azure that ends with the test.
func NewPod(t testing.TB, edit ...func(*fake.Config)) *Pod {
	t.Helper()
	pod, err := StartPod(t.TempDir(), edit...)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, pod.Close()) })
	return pod
}

// StartPod starts a fake Azure that keeps its files in a folder.
func StartPod(dir string, edit ...func(*fake.Config)) (*Pod, error) {
	config, err := Config(edit...)
	if err != nil {
		return nil, err
	}
	server, err := fake.Start(fake.Options{Dir: filepath.Join(dir, "fake"), Config: config})
	if err != nil {
		return nil, err
	}
	pod := &Pod{Server: server, Credentials: filepath.Join(dir, "credentials")}
	pod.Env = []string{"HTTPS_PROXY=" + server.Proxy, "HTTP_PROXY=" + server.Proxy, "SSL_CERT_FILE=" + server.CA, "HOME=" + dir,
		"IDENTITY_ENDPOINT=" + server.Proxy + "/msi/token", "IDENTITY_HEADER=" + fake.IdentityHeader}
	return pod, Mount(pod.Credentials, Tenant, Application, ClientSecret)
}

// Config returns the fake's principals and vaults, changed by each edit.
func Config(edit ...func(*fake.Config)) (fake.Config, error) {
	config, err := fake.Parse("world", []byte(azureWorld))
	for _, e := range edit {
		e(&config)
	}
	return config, err
}

// Mount writes the credentials as the kubelet does: a folder of one generation,
// the link ..data to it, which is turned in one step, and a link for each file.
func Mount(dir, tenant, client, secret string) error {
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

// Vault returns the -s flag of an azure_vault source.
func Vault(name string, keys ...string) []string {
	text, _ := json.Marshal(keys) // strings have no way to fail
	return []string{"-s", fmt.Sprintf(`azure_vault={"name": %q, "secrets": %s}`, name, text)}
}

// RequireNoSecret fails if something printed holds a secret.
func RequireNoSecret(t testing.TB, printed string) {
	t.Helper()
	require.Empty(t, Leaks(printed))
}

// Leaks returns the secrets that something printed holds.
func Leaks(printed string) (found []string) {
	for _, form := range azureSecrets {
		if strings.Contains(strings.ToLower(printed), strings.ToLower(form)) {
			found = append(found, form)
		}
	}
	return found
}

// Workload returns the variables of workload identity, with a service account's
// token. The launcher reports it if that could not be written.
func (p *Pod) Workload() []string {
	encode := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
	claims := fmt.Sprintf(`{"iss": "https://cluster.example", "sub": "system:serviceaccount:ns:job", "exp": %d}`, time.Now().Add(time.Hour).Unix())
	path := p.Credentials + "-federated"
	_ = os.WriteFile(path, []byte(encode(`{"typ":"JWT"}`)+"."+encode(claims)+".c2ln"), 0o600)
	return []string{"AZURE_CLIENT_ID=" + Application, "AZURE_TENANT_ID=" + Tenant, "AZURE_FEDERATED_TOKEN_FILE=" + path}
}

// Args returns a command line with the credentials, the flags, and a handler.
func (p *Pod) Args(command string, flags []string, handler ...string) []string {
	args := slices.Concat([]string{command, "--azure-credentials", p.Credentials}, flags)
	if len(handler) > 0 {
		args = append(append(args, "--"), handler...)
	}
	return args
}

// Run runs the launcher in the pod and fails if it prints a secret.
func (p *Pod) Run(t testing.TB, flags []string, handler ...string) launchertest.Result {
	t.Helper()
	got := launchertest.Run(t, p.Env, "", p.Args("run", flags, handler...)...)
	RequireNoSecret(t, got.Stderr)
	return got
}

// Records returns the request log.
func (p *Pod) Records(t testing.TB) (records []fake.Record) {
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

// Unauthorized counts the requests of an operation that had no token.
func (p *Pod) Unauthorized(t testing.TB, operation string) (n int) {
	for _, r := range p.Records(t) {
		if r.Operation == operation && !r.Authorized {
			n++
		}
	}
	return n
}

// FullVault returns the edit that adds the vault full-vault, of n secrets, and their keys.
func FullVault(n int) (func(*fake.Config), []string) {
	var keys []string
	full := fake.Vault{Name: "full-vault", Tenant: Tenant, Access: map[string][]string{Application: {"get", "list"}}}
	for i := range n {
		keys = append(keys, fmt.Sprintf("key-%d", i))
		full.Secrets = append(full.Secrets, fake.Secret{Name: keys[i], Value: fmt.Sprintf("canary-value-%d", i)})
	}
	return func(c *fake.Config) { c.Vaults = append(c.Vaults, full) }, keys
}

// AtVault limits a fault to the reads of my-vault that have a token.
func AtVault(f fake.Fault) []fake.Fault {
	authorized := true
	f.Host, f.Authorized = "my-vault.*", &authorized
	return []fake.Fault{f}
}
