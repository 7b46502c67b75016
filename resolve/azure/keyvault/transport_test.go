package keyvault

import (
	"bytes"
	"crypto/x509"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/seed45446ece/launcher/examples/azure/fakevault/fake"
	"github.com/seed45446ece/launcher/resolve"
)

func TestAnAuthorityThatIsNotTrustedIsRefusedAtOnce(t *testing.T) {
	w, other := start(t), start(t)
	w.options.Environ["SSL_CERT_FILE"] = other.CA
	_, err := w.find(one)
	require.EqualError(t, err, aVault+": no token: the certificate of login.microsoftonline.com is not one of a trusted authority")
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
	require.Len(t, certificateFiles("", []string{dir}), 2, "each file once, and nothing that is none")
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
		require.EqualError(t, err, aVault+`: no certificate of an authority in SSL_CERT_FILE "`+path+`" and SSL_CERT_DIR ""`)
	}
}

func TestWithoutAnyVariableThereAreAuthorities(t *testing.T) {
	trust, err := newTrust(resolve.Environ{})
	require.NoError(t, err)
	require.False(t, trust.first.Equal(x509.NewCertPool()))
	require.False(t, builtIn().Equal(x509.NewCertPool()), "those of an image that has none")
}

func TestARedirectionIsNotFollowed(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		require.Equal(t, "/first", r.URL.Path)
		http.Redirect(out, r, "/second", http.StatusTemporaryRedirect)
	}))
	t.Cleanup(server.Close)
	clients, err := newWeb(Options{Parallel: 1})
	require.NoError(t, err)
	resp, err := clients.proxied.Post(server.URL+"/first", "text/plain", http.NoBody)
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

// TestNothingIsLogged is run by itself with all that makes the SDK and net/http
// log, which is read when a program starts.
func TestNothingIsLogged(t *testing.T) {
	const debug = "http2debug=2"
	if os.Getenv("GODEBUG") == debug {
		w := start(t, func(c *fake.Config) { c.HTTP2 = true })
		w.requireRead()
		var heard bytes.Buffer
		log.SetOutput(&heard)
		w.requireRead()
		log.SetOutput(io.Discard)
		require.Contains(t, heard.String(), "http2: ", "there is something to turn off")
		return
	}
	self, err := os.Executable()
	require.NoError(t, err)
	command := exec.CommandContext(t.Context(), self, "-test.run=^TestNothingIsLogged$", "-test.v")
	command.Env = append(os.Environ(), "GODEBUG="+debug, "AZURE_SDK_GO_LOGGING=all")
	text, err := command.CombinedOutput()
	require.NoError(t, err)
	require.Regexp(t, `^=== RUN .*\n--- PASS.*\nPASS\n(coverage: .*\n)?$`, string(text))
}
