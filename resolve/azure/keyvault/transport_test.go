package keyvault

import (
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/sourcetest"
)

func TestAnAuthorityThatIsNotTrustedIsRefusedAtOnce(t *testing.T) {
	w, other := start(t), start(t)
	w.options.Environ["SSL_CERT_FILE"] = other.CA
	_, err := w.find(one)
	require.EqualError(t, err, "the certificate of login.microsoftonline.com is not one of a trusted authority")
	require.Contains(t, hintOf(err), "SSL_CERT_FILE")
	require.NotErrorIs(t, err, resolve.ErrUnavailable)
}

func TestAuthoritiesAreInAFileOrInFolders(t *testing.T) {
	w := start(t)
	ca, err := os.ReadFile(w.CA)
	require.NoError(t, err)
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "ca.pem"), ca, 0o600))
	require.NoError(t, os.Symlink("ca.pem", filepath.Join(dir, "0a1b2c3d.0")))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "folder"), 0o700))
	require.NoError(t, unix.Mkfifo(filepath.Join(dir, "fifo"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "README"), []byte("no certificate"), 0o600))
	require.Len(t, certificateFiles("", dir), 2, "each file once, and nothing that is none")
	for _, environ := range []resolve.Environ{{"SSL_CERT_DIR": dir}, {"SSL_CERT_DIR": "/nowhere:" + dir}, {"SSL_CERT_FILE": "/nowhere", "SSL_CERT_DIR": dir}, {"SSL_CERT_FILE": w.CA}} {
		delete(w.options.Environ, "SSL_CERT_FILE")
		for name, value := range environ {
			w.options.Environ[name] = value
		}
		w.requireRead()
		delete(w.options.Environ, "SSL_CERT_DIR")
	}
	for _, path := range []string{filepath.Join(dir, "README"), filepath.Join(dir, "fifo"), "/nowhere", dir} {
		w.options.Environ["SSL_CERT_FILE"] = path
		_, err := w.find(one)
		require.EqualError(t, err, `no certificate of an authority in SSL_CERT_FILE "`+path+`" and SSL_CERT_DIR ""`)
	}
}

func TestWithoutAnyVariableThereAreAuthorities(t *testing.T) {
	pool, err := roots(resolve.Environ{})
	require.NoError(t, err)
	require.False(t, pool.Equal(x509.NewCertPool()))
	require.False(t, builtIn().Equal(x509.NewCertPool()), "those of an image that has none")
}

func TestARedirectionIsNotFollowed(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		require.Equal(t, "/first", r.URL.Path)
		http.Redirect(out, r, "/second", http.StatusTemporaryRedirect)
	}))
	t.Cleanup(server.Close)
	client, err := newHTTP(resolve.Environ{}, 1, time.Minute)
	require.NoError(t, err)
	resp, err := client.Post(server.URL+"/first", "text/plain", http.NoBody)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusTemporaryRedirect, resp.StatusCode)
}

func TestTheProxysVariablesAreThoseOfGo(t *testing.T) {
	w := start(t)
	address := w.options.Environ["HTTPS_PROXY"]
	for _, environ := range []map[string]string{
		{"https_proxy": address}, {"HTTPS_PROXY": address, "https_proxy": "http://127.0.0.1:1"}, {"HTTPS_PROXY": address[len("http://"):]},
		{"HTTPS_PROXY": address, "NO_PROXY": "example.com,10.0.0.0/8"},
	} {
		delete(w.options.Environ, "HTTPS_PROXY")
		for name, value := range environ {
			w.options.Environ[name] = value
		}
		w.requireRead()
		delete(w.options.Environ, "https_proxy")
	}
}

func TestAProxysAddressThatIsNoneIsNotGonePast(t *testing.T) {
	for _, address := range []string{"http://user:pass" + sourcetest.Canary + "/word@proxy.example", "http://", "://proxy", "http://%zz", "a b"} {
		w := start(t)
		w.options.Environ["HTTPS_PROXY"] = address
		_, err := w.find(one)
		require.EqualError(t, err, "the address of the proxy for login.microsoftonline.com is no URL", address)
		require.Contains(t, hintOf(err), "HTTPS_PROXY")
		require.Empty(t, w.log())
	}
}
