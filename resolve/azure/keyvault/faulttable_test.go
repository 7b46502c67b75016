package keyvault_test

import (
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/seed45446ece/launcher/examples/azure/fakevault/fake"
	"github.com/seed45446ece/launcher/internal/azuretest"
)

// faultSection is the faults of one place.
type faultSection struct {
	title  string
	faults []fault
}

func faultSections() []faultSection {
	return []faultSection{
		{"A secret, or the permission to read it", ofPermission()},
		{"The vault", ofVault()},
		{"Entra and the token", ofEntra()},
		{"The credentials in the pod", ofCredentials()},
		{"The network on the way", ofNetwork()},
	}
}

var one = azuretest.Vault("my-vault", "DB_PASSWORD")

func source(json string) []string { return []string{"-s", "azure_vault=" + json} }

func ofPermission() []fault {
	everything := func(name string) []string { return azuretest.Vault(name, []string{}...) }
	return []fault{
		{what: "no such secret", flags: azuretest.Vault("my-vault", "NOT_THERE")},
		{what: "no such version of a secret", flags: source(`{"name": "my-vault", "secrets": [{"key": "T", "name": "api-token", "version": "0123456789abcdef0123456789abcdef"}]}`)},
		{what: "two secrets do not exist", flags: azuretest.Vault("my-vault", "NOT_THERE", "nor-there")},
		{what: "disabled", flags: azuretest.Vault("my-vault", "retired")},
		{what: "expired, but still served", flags: azuretest.Vault("my-vault", "old-key")},
		{what: "no role (ForbiddenByRbac)", flags: azuretest.Vault("closed-vault", "KEY")},
		{what: "no role, two secrets", flags: azuretest.Vault("closed-vault", "KEY", "OTHER")},
		{what: "no role to list", flags: everything("closed-vault")},
		{what: "no access policy (ForbiddenByPolicy)", flags: azuretest.Vault("policy-vault", "KEY")},
		{what: "no access policy to list", flags: everything("policy-vault")},
		{what: "the vault's firewall (ForbiddenByFirewall)", flags: azuretest.Vault("walled-vault", "KEY")},
		{what: "a private vault (ForbiddenByConnection)", flags: azuretest.Vault("private-vault", "KEY")},
		{what: "forbidden without a reason", flags: one, faults: azuretest.AtVault(fake.Fault{Kind: fake.Status, Status: 403})},
		{what: "the vault is in another tenant", flags: azuretest.Vault("other-vault", "KEY")},
		{what: "a bundle that is not a JSON object", flags: source(`{"name": "my-vault", "bundle": ["DB-PASSWORD"]}`)},
	}
}

func ofVault() []fault {
	return []fault{
		{what: "no such vault (a proxy looks it up)", flags: azuretest.Vault("no-such-vault", "KEY"), brief: true},
		{what: "throttled, without Retry-After", flags: one, faults: azuretest.AtVault(fake.Fault{Kind: fake.Status, Status: 429}), brief: true},
		{what: "throttled, Retry-After within the deadline", flags: one, faults: azuretest.AtVault(fake.Fault{Kind: fake.Status, Status: 429, RetryAfter: "1"}), brief: true},
		{what: "throttled, Retry-After past the deadline", flags: one, faults: azuretest.AtVault(fake.Fault{Kind: fake.Status, Status: 429, RetryAfter: "300"})},
		{what: "500", flags: one, faults: azuretest.AtVault(fake.Fault{Kind: fake.Status, Status: 500}), brief: true},
		{what: "503, Retry-After past the deadline", flags: one, faults: azuretest.AtVault(fake.Fault{Kind: fake.Status, Status: 503, RetryAfter: "300"})},
		{what: "503 twice, then an answer", flags: one, faults: azuretest.AtVault(fake.Fault{Kind: fake.Status, Status: 503, Count: 2})},
		{what: "throttled twice, then an answer", flags: one, faults: azuretest.AtVault(fake.Fault{Kind: fake.Status, Status: 429, RetryAfter: "1", Count: 2})},
		{what: "400", flags: one, faults: azuretest.AtVault(fake.Fault{Kind: fake.Status, Status: 400})},
		{what: "the vault does not know the api-version", flags: one, pod: configured(func(c *fake.Config) { c.Vaults[0].APIVersions = []string{"7.4"} })},
		{what: "a redirect", flags: one, faults: azuretest.AtVault(fake.Fault{Kind: fake.Status, Status: 302})},
		{what: "every token is refused", flags: one, faults: azuretest.AtVault(fake.Fault{Kind: fake.Status, Status: 401})},
		{what: "connection reset", flags: one, faults: azuretest.AtVault(fake.Fault{Kind: fake.Reset}), brief: true},
		{what: "no answer", flags: one, faults: azuretest.AtVault(fake.Fault{Kind: fake.Silent}), brief: true},
		{what: "half an answer", flags: one, faults: azuretest.AtVault(fake.Fault{Kind: fake.Stall}), brief: true},
		{what: "an answer after the deadline", flags: one, faults: azuretest.AtVault(fake.Fault{Kind: fake.Slow, DelayMS: 60_000}), brief: true},
		{what: "a sign-in page", flags: one, faults: azuretest.AtVault(fake.Fault{Kind: fake.HTML})},
		{what: "malformed JSON", flags: one, faults: azuretest.AtVault(fake.Fault{Kind: fake.Malformed}), brief: true},
		{what: "a challenge that makes the SDK panic", flags: one, faults: azuretest.AtVault(fake.Fault{Kind: fake.ShortChallenge})},
		{what: "the next page of a list is elsewhere", flags: azuretest.Vault("my-vault", []string{}...), faults: azuretest.AtVault(fake.Fault{Kind: fake.ForeignNextLink})},
		{what: "a page of a list that is malformed", flags: azuretest.Vault("my-vault", []string{}...), faults: azuretest.AtVault(fake.Fault{Kind: fake.Malformed, Path: "/secrets"}), brief: true},
	}
}

func atEntra(f fake.Fault) []fake.Fault {
	f.Host = "login.*"
	return []fake.Fault{f}
}

func ofEntra() []fault {
	mounted := func(tenant, client, secret string) func(*azuretest.Pod) error {
		return func(p *azuretest.Pod) error { return azuretest.Mount(p.Credentials, tenant, client, secret) }
	}
	return []fault{
		{what: "the client secret is wrong", flags: one, pod: mounted(azuretest.Tenant, azuretest.Application, "canary-client~secret/4+x2")},
		{what: "the client secret has expired", flags: one, pod: mounted(azuretest.Tenant, azuretest.Application, "canary-expired~secret")},
		{what: "AZURE_AUTHORITY_HOST is not a host", flags: one, pod: func(p *azuretest.Pod) error {
			p.Env = append(p.Env, "AZURE_AUTHORITY_HOST=https://login.microsoftonline.us/common")
			return nil
		}},
		{what: "no such tenant", flags: one, pod: mounted("00000000-0000-4000-8000-000000000000", azuretest.Application, azuretest.ClientSecret)},
		{what: "no such application", flags: one, pod: mounted(azuretest.Tenant, "22222222-2222-4222-8222-222222222222", azuretest.ClientSecret)},
		{what: "the authority of another cloud", flags: append(source(`{"name": "https://my-vault.vault.azure.net", "secrets": ["DB_PASSWORD"]}`), "--azure-authority", "https://login.microsoftonline.us/")},
		{what: "Entra throttles, without Retry-After", flags: one, faults: atEntra(fake.Fault{Kind: fake.Status, Status: 429}), brief: true},
		{what: "Entra throttles, Retry-After past the deadline", flags: one, faults: atEntra(fake.Fault{Kind: fake.Status, Status: 429, RetryAfter: "60"})},
		{what: "Entra: 500", flags: one, faults: atEntra(fake.Fault{Kind: fake.Status, Status: 500}), brief: true},
		{what: "Entra: connection reset", flags: one, faults: atEntra(fake.Fault{Kind: fake.Reset}), brief: true},
		{what: "Entra: no answer", flags: one, faults: atEntra(fake.Fault{Kind: fake.Silent}), brief: true},
		{what: "Entra: half an answer", flags: one, faults: atEntra(fake.Fault{Kind: fake.Stall}), brief: true},
		{what: "Entra: a sign-in page", flags: one, faults: atEntra(fake.Fault{Kind: fake.HTML})},
		{what: "Entra: malformed JSON, with the token in it", flags: one, faults: atEntra(fake.Fault{Kind: fake.Malformed}), brief: true},
		{what: "Entra: an answer without the token", flags: one, faults: atEntra(fake.Fault{Kind: fake.NoAccessToken}), brief: true},
		{what: "Entra: a token with an expiry that is not a number", flags: one, faults: atEntra(fake.Fault{Kind: fake.BadExpiry}), brief: true},
	}
}

func ofCredentials() []fault {
	file := func(name string, text ...string) func(*azuretest.Pod) error {
		return func(p *azuretest.Pod) error {
			path := filepath.Join(p.Credentials, "..data", name)
			if len(text) == 0 {
				return os.Remove(path)
			}
			return os.WriteFile(path, []byte(text[0]), 0o600)
		}
	}
	env := func(variables ...string) func(*azuretest.Pod) error {
		return func(p *azuretest.Pod) error {
			p.Env = append(p.Env, variables...)
			return os.RemoveAll(p.Credentials)
		}
	}
	by := func(credential string) []string {
		return source(`{"name": "my-vault", "secrets": ["DB_PASSWORD"], "credential": "` + credential + `"}`)
	}
	return []fault{
		{what: "no credentials at all", flags: one, pod: env()},
		{what: "no credentials, and the Kubernetes Secret is named", flags: source(`{"name": "my-vault", "k8s_secret": "vault-creds", "secrets": ["DB_PASSWORD"]}`), pod: env()},
		{what: "a file is missing", flags: one, pod: file("client_id")},
		{what: "the file is empty", flags: one, pod: file("secret", "")},
		{what: "the file is UTF-16", flags: one, pod: file("secret", "\xff\xfes\x00e\x00")},
		{what: "the file has two lines", flags: one, pod: file("secret", "canary-first\ncanary-second\n")},
		{what: "the tenant is malformed", flags: one, pod: file("tenant_id", "my tenant")},
		{what: "the client ID is malformed", flags: one, pod: file("client_id", azuretest.ClientSecret)},
		{what: "a certificate without its key", flags: by("certificate"), pod: file("certificate", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n")},
		{what: "no certificate", flags: by("certificate")},
		{what: "workload identity without its variables", flags: by("workload"), pod: env("AZURE_CLIENT_ID=" + azuretest.Application)},
		{what: "workload identity without its token", flags: by("workload"), pod: env("AZURE_CLIENT_ID="+azuretest.Application, "AZURE_TENANT_ID="+azuretest.Tenant, "AZURE_FEDERATED_TOKEN_FILE=/var/run/secrets/azure/tokens/azure-identity-token")},
		{what: "no federated credential for the service account", flags: by("workload"), pod: otherSubject},
		{what: "the machine has no managed identity", flags: by("managed"), pod: configured(func(c *fake.Config) { c.Principals[0].Managed = false })},
		{what: "the machine has several managed identities", flags: by("managed"), pod: configured(func(c *fake.Config) {
			c.UserAssigned = true
			c.Principals = append(c.Principals, fake.Principal{Tenant: azuretest.Tenant, ClientID: "33333333-3333-4333-8333-333333333333", Managed: true})
		})},
		{what: "the managed identity endpoint is not ready", flags: by("managed"), faults: []fake.Fault{{Kind: fake.Status, Status: 404, Path: "/msi/token"}}, brief: true},
		{what: "the managed identity endpoint says nothing (not an Azure machine)", flags: by("managed"), faults: []fake.Fault{{Kind: fake.Silent, Path: "/msi/token"}}, brief: true},
		{what: "Azure Arc names a key file elsewhere", flags: by("managed"), pod: arcElsewhere},
	}
}

func otherSubject(p *azuretest.Pod) error {
	config, err := azuretest.Config(func(c *fake.Config) { c.Principals[0].Federated = "system:serviceaccount:ns:other" })
	if err != nil {
		return err
	}
	p.Env = append(p.Env, p.Workload()...)
	return p.SetConfig(config)
}

func arcElsewhere(p *azuretest.Pod) error {
	config, err := azuretest.Config(func(c *fake.Config) { c.Arc = &fake.Arc{Keys: p.Credentials, Named: "/etc"} })
	if err != nil {
		return err
	}
	p.Env = append(p.Env, "IDENTITY_HEADER=", "IDENTITY_ENDPOINT="+p.Proxy+"/metadata/identity/oauth2/token", "IMDS_ENDPOINT="+p.Proxy)
	return p.SetConfig(config)
}

// configured replaces what the fake has.
func configured(edit func(*fake.Config)) func(*azuretest.Pod) error {
	return func(p *azuretest.Pod) error {
		config, err := azuretest.Config(edit)
		if err != nil {
			return err
		}
		return p.SetConfig(config)
	}
}

func certificates(host, fault string) func(*azuretest.Pod) error {
	return configured(func(c *fake.Config) { c.Certificates = map[string]string{host: fault} })
}

func ofNetwork() []fault {
	without := func(name string, more ...string) func(*azuretest.Pod) error {
		return func(p *azuretest.Pod) error {
			var kept []string
			for _, entry := range p.Env {
				if !strings.HasPrefix(entry, name+"=") {
					kept = append(kept, entry)
				}
			}
			p.Env = append(kept, more...)
			return nil
		}
	}
	answering := func(text string) func(*azuretest.Pod) error {
		return func(p *azuretest.Pod) error { return without("HTTPS_PROXY", "HTTPS_PROXY="+oneAnswer(text))(p) }
	}
	return []fault{
		{what: "the proxy refuses", flags: one, pod: answering("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")},
		{what: "the proxy wants a password", flags: one, pod: answering("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")},
		{what: "the proxy does not speak HTTP", flags: one, pod: answering("220 mail.example ESMTP\r\n"), brief: true},
		{what: "nobody is at the proxy's address", flags: one, pod: without("HTTPS_PROXY", "HTTPS_PROXY=http://user:canary-first@127.0.0.1:1"), brief: true},
		{what: "the certificate is of an unknown authority", flags: one, pod: without("SSL_CERT_FILE")},
		{what: "the certificate has expired", flags: one, pod: certificates("login.microsoftonline.com", fake.Expired)},
		{what: "the certificate is not valid yet", flags: one, pod: certificates("my-vault.vault.azure.net", fake.NotYetValid)},
		{what: "the certificate is for another host", flags: one, pod: certificates("my-vault.vault.azure.net", fake.OtherHost)},
		{what: "SSL_CERT_FILE does not exist", flags: one, pod: without("SSL_CERT_FILE", "SSL_CERT_FILE=/no/such/bundle.pem")},
		{what: "the proxy says nothing", flags: one, faults: []fake.Fault{{Kind: fake.Silent, Method: http.MethodConnect}}, brief: true},
		{what: "--azure-spread is longer than --timeout", flags: append(azuretest.Vault("my-vault", "DB_PASSWORD"), "--azure-spread", "200000h")},
	}
}

// oneAnswer is the address of a server that says the same to everyone, until
// the tests end.
func oneAnswer(text string) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err.Error()
	}
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = io.WriteString(c, text)
			_ = c.Close()
		}
	}()
	return "http://" + listener.Addr().String()
}
