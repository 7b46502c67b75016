package fake_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"
	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/examples/azure/fakevault/fake"
)

const (
	tenant  = "72f988bf-0000-4000-8000-2d7cd011db47"
	client  = "11111111-1111-4111-8111-111111111111"
	proof   = "canary-client-secret"
	value   = "canary-secret-value"
	address = "https://my-vault.vault.azure.net"
)

func config() fake.Config {
	return fake.Config{
		Principals: []fake.Principal{{
			Tenant: tenant, ClientID: client, Secrets: []string{proof}, Expired: []string{"expired"},
			Certificate: true, Federated: "system:serviceaccount:jobs:train", Managed: true,
		}},
		Vaults: []fake.Vault{{
			Name: "my-vault", Tenant: tenant, Access: map[string][]string{client: {"get", "list"}},
			Secrets: []fake.Secret{
				{Name: "db-password", Value: value, Version: "4387e9f3d6e14c459867679a90fd0f79"},
				{Name: "db-password", Value: "newer"},
				{Name: "retired", Value: value, Disabled: true},
				{Name: "dated", Value: value, NotBefore: 1500000000, Expires: 1600000000},
				{Name: "site", Value: value, Managed: true, ContentType: "application/x-pkcs12"},
			},
		}},
	}
}

// start is a running fake; change edits what it has.
func start(t *testing.T, change ...func(*fake.Config)) *fake.Server {
	t.Helper()
	c := config()
	for _, change := range change {
		change(&c)
	}
	s, err := fake.Start(fake.Options{Dir: t.TempDir(), Config: c})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// transport does what HTTPS_PROXY, HTTP_PROXY and SSL_CERT_FILE do.
func transport(t *testing.T, s *fake.Server) *http.Client {
	t.Helper()
	proxy, err := url.Parse(s.Proxy)
	require.NoError(t, err)
	pem, err := os.ReadFile(s.CA)
	require.NoError(t, err)
	roots := x509.NewCertPool()
	require.True(t, roots.AppendCertsFromPEM(pem))
	transport := &http.Transport{
		Proxy: http.ProxyURL(proxy), TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 16,
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func options(t *testing.T, s *fake.Server, tries int32) azcore.ClientOptions {
	o := azcore.ClientOptions{Transport: transport(t, s)}
	o.Retry = policy.RetryOptions{MaxRetries: tries - 1, RetryDelay: time.Microsecond, MaxRetryDelay: time.Microsecond}
	if tries == 1 {
		o.Retry.MaxRetries = -1
	}
	return o
}

// open is a client of a vault that proves itself with a client secret.
func open(t *testing.T, s *fake.Server, vault, tenant, clientID, secret string, tries int32) *azsecrets.Client {
	t.Helper()
	o := options(t, s, tries)
	credential, err := azidentity.NewClientSecretCredential(tenant, clientID, secret, &azidentity.ClientSecretCredentialOptions{ClientOptions: o})
	require.NoError(t, err)
	return with(t, o, vault, credential)
}

func with(t *testing.T, o azcore.ClientOptions, vault string, credential azcore.TokenCredential) *azsecrets.Client {
	t.Helper()
	c, err := azsecrets.NewClient(vault, credential, &azsecrets.ClientOptions{ClientOptions: o})
	require.NoError(t, err)
	return c
}

// good is a client that nothing is wrong with.
func good(t *testing.T, s *fake.Server) *azsecrets.Client {
	return open(t, s, address, tenant, client, proof, 1)
}

// records is the request log.
func records(t *testing.T, s *fake.Server) []fake.Record {
	t.Helper()
	text, err := os.ReadFile(s.Log)
	require.NoError(t, err)
	var all []fake.Record
	for line := range strings.Lines(string(text)) {
		var r fake.Record
		require.NoError(t, json.Unmarshal([]byte(line), &r))
		all = append(all, r)
	}
	return all
}

// steps is what was asked, in order, without the tunnels.
func steps(t *testing.T, s *fake.Server) string {
	var steps []string
	for _, r := range records(t, s) {
		if r.Operation != "connect" {
			steps = append(steps, r.Operation)
		}
	}
	return strings.Join(steps, " ")
}

// serviceAccount is a token of the form that the kubelet projects.
func serviceAccount(t *testing.T, subject string) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	signature, err := ecdsa.SignASN1(rand.Reader, key, make([]byte, 32))
	require.NoError(t, err)
	claims, err := json.Marshal(map[string]any{"iss": "https://oidc.example/", "sub": subject, "exp": time.Now().Add(time.Hour).Unix()})
	require.NoError(t, err)
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(`{"alg":"ES256"}`)) + "." + encode(claims) + "." + encode(signature)
}
