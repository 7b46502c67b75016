package keyvault

import (
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/azure"
)

// script is all of a vault of the operator's own domain: it wants tokens for
// this resource, lists as written, and has the path of a secret as its value.
func (w *world) script(resource, authority, list string) resolve.Source {
	w.t.Helper()
	var server *httptest.Server
	server = httptest.NewUnstartedServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		switch {
		case r.Header.Get("Authorization") == "":
			out.Header().Set("WWW-Authenticate", `Bearer authorization="https://login.example/`+tenant+`", resource="`+strings.ReplaceAll(resource, "SELF", server.URL)+`"`)
			out.WriteHeader(http.StatusUnauthorized)
		case r.URL.Path == "/secrets":
			out.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(out, strings.ReplaceAll(list, "SELF", server.URL))
		default:
			_, _ = io.WriteString(out, `{"value": "`+strings.Trim(r.URL.Path, "/")+`"}`)
		}
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	w.t.Cleanup(server.Close)
	w.trust(server)
	u, err := url.Parse(server.URL)
	require.NoError(w.t, err)
	realm := azure.Clouds{Authority: authority, Domains: []string{u.Host}}
	return New(w.options).Source(specOf(w.t, "{name: '"+server.URL+"', secrets: []}", realm))
}

// trust adds a server's certificate to the authorities. Its requests go past
// the proxy, as do those to every loopback address.
func (w *world) trust(server *httptest.Server) {
	w.t.Helper()
	ca, err := os.ReadFile(w.options.Environ["SSL_CERT_FILE"])
	require.NoError(w.t, err)
	bundle := filepath.Join(w.t.TempDir(), "bundle.pem")
	ca = append(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})...)
	require.NoError(w.t, os.WriteFile(bundle, ca, 0o600))
	w.options.Environ["SSL_CERT_FILE"] = bundle
}

// TestAVaultReceivesOnlyATokenForItself has vaults of the operator's domain
// that ask for tokens of another's. Microsoft's authority would hand them out.
func TestAVaultReceivesOnlyATokenForItself(t *testing.T) {
	for resource, want := range map[string]string{
		"https://management.azure.com/": "asks for a token for another resource, \"https://management.azure.com/\"",
		"https://vault.azure.net":       "asks for a token for another resource",
		"https://27.0.0.1":              "asks for a token for another resource",
		"https://SELF":                  "asks for a token for another resource",
		"http://127.0.0.1":              "answers with an invalid challenge",
		"vault":                         "answers with an invalid challenge",
		"":                              "answers with an invalid challenge",
	} {
		w := start(t)
		_, err := w.ask(t.Context(), w.script(resource, "", "{}"))
		require.ErrorContains(t, err, want, resource)
		require.Zero(t, w.requests()["token"])
	}
	require.True(t, inDomain("my.vault.corp.example:8443", "vault.corp.example"))
	require.True(t, inDomain("[::1]:8443", "::1"))
	require.False(t, inDomain("myvault.corp.example", "vault.corp.example"))
	require.False(t, inDomain("vault.example", ""))
	w := start(t)
	_, err := w.ask(t.Context(), w.script("SELF/", "", "{}"))
	require.ErrorContains(t, err, "AADSTS500011", "its own resource is asked for; this Entra does not know it")
	found, err := w.ask(t.Context(), w.script("https://vault.azure.net", w.Direct, `{"value": [{"id": "SELF/secrets/a"}]}`))
	require.NoError(t, err, "what the operator's own authority hands out is the operator's affair")
	require.Equal(t, "a=secrets/a", values(found))
}
