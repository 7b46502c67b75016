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
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/seed45446ece/launcher/examples/azure/fakevault/fake"
	"github.com/seed45446ece/launcher/resolve"
)

func TestAnAuthorityThatIsNotTrustedIsRefusedAtOnce(t *testing.T) {
	w, other := start(t), start(t)
	w.options.Environ["SSL_CERT_FILE"] = other.CA
	_, err := w.find(one)
	require.EqualError(t, err, aVault+": no token: the certificate of login.microsoftonline.com was not issued by a trusted authority")
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
		require.EqualError(t, err, aVault+`: no CA certificate in SSL_CERT_FILE "`+path+`" and SSL_CERT_DIR ""`)
	}
}

func TestWithoutAnyVariableThereAreAuthorities(t *testing.T) {
	trust, err := newTrust(resolve.Environ{})
	require.NoError(t, err)
	require.False(t, trust.quick.Equal(x509.NewCertPool()))
	require.False(t, builtIn().Equal(x509.NewCertPool()), "those of an image that has none")
}

func TestARedirectionIsNotFollowed(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		require.Equal(t, "/first", r.URL.Path)
		http.Redirect(out, r, "/second", http.StatusTemporaryRedirect)
	}))
	t.Cleanup(server.Close)
	clients, err := newHTTPClients(Options{Parallel: 1})
	require.NoError(t, err)
	resp, err := clients.proxied.Post(server.URL+"/first", "text/plain", http.NoBody)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusTemporaryRedirect, resp.StatusCode)
}

func TestProxyVariablesAreReadAsInGo(t *testing.T) {
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

// TestACertificateSaysWhatIsWrongWithIt has a host's certificate be at fault.
func TestACertificateSaysWhatIsWrongWithIt(t *testing.T) {
	for fault, want := range map[string][2]string{
		fake.Expired:     {"the certificate of " + login + " expired on 2020-02-01, and this machine's clock says " + time.Now().UTC().Format(time.DateOnly), "clock"},
		fake.NotYetValid: {"the certificate of " + login + " is not valid before 2090-01-01, and this machine's clock says " + time.Now().UTC().Format(time.DateOnly), "clock"},
		fake.OtherHost:   {"the certificate of " + login + ` is for another host: "elsewhere.example"`, "DNS"},
	} {
		w := start(t, func(c *fake.Config) { c.Certificates = map[string]string{login: fault} })
		_, err := w.find(one)
		require.EqualError(t, err, aVault+": no token: "+want[0])
		require.Contains(t, hintOf(err), want[1])
		require.NotErrorIs(t, err, resolve.ErrUnavailable)
	}
}

// TestAnAuthorityBesideTheBundleIsTrusted has the authority in a file of the
// directory that an image's bundle is in, and in a link named by a hash.
func TestAnAuthorityBesideTheBundleIsTrusted(t *testing.T) {
	w, other := start(t), start(t)
	dir := t.TempDir()
	mounted := filepath.Join(dir, "mounted.pem")
	ca, err := os.ReadFile(w.CA)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(mounted, ca, 0o600))
	for name, c := range map[string]struct {
		file, dir            string
		bundles, directories []string
	}{
		"the image's":    {"", "", []string{"/nowhere", other.CA}, []string{"/nowhere", dir}},
		"no bundle":      {"", "", nil, []string{dir}},
		"a bundle named": {other.CA, "", []string{"/nowhere"}, []string{dir}},
		"a folder named": {"", filepath.Dir(other.CA), []string{w.CA}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			trust, err := newTrustIn(c.file, c.dir, c.bundles, c.directories)
			require.NoError(t, err)
			proxy := proxyFunc(w.options.Environ)
			client := newHTTP(w.options, trust, proxy)
			for range 2 {
				resp, err := client.Post("https://"+login+"/"+tenant+"/oauth2/v2.0/token", "text/plain", strings.NewReader("body"))
				require.NoError(t, err)
				require.NoError(t, resp.Body.Close())
			}
			_, err = newHTTP(other.options, trust, proxyFunc(start(t).options.Environ)).Get("https://" + login + "/")
			require.ErrorAs(t, err, new(x509.UnknownAuthorityError), "and nobody else")
		})
	}
	_, err = newTrustIn("", "/nowhere", []string{w.CA}, []string{dir})
	require.ErrorContains(t, err, "no CA certificate")
}
