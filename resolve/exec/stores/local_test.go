package stores_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func openSOPS(t *testing.T, p *place, values map[string]string) {
	t.Helper()
	p.env = append(p.env, "SOPS_AGE_KEY_FILE="+filepath.Join(p.dir, "key.txt"))
	p.must(t, `age-keygen -o key.txt && sops encrypt --age "$(age-keygen -y key.txt)" --filename-override secrets.json --output-type yaml >secrets.enc.yaml`, object(t, values))
}

// openPass makes a key without a passphrase, and a store. Its agent ends with the
// test.
func openPass(t *testing.T, p *place, values map[string]string) {
	t.Helper()
	p.env = append(p.env, "GNUPGHOME="+filepath.Join(p.dir, "gnupg"), "PASSWORD_STORE_DIR="+filepath.Join(p.dir, "store"))
	p.must(t, "mkdir -m 700 gnupg && gpg --batch --passphrase '' --quick-generate-key test && pass init test", "")
	t.Cleanup(func() { p.must(t, "gpgconf --kill gpg-agent", "") })
	for name, value := range values {
		p.must(t, "pass insert --multiline "+name, value)
	}
}

const dopplerToken = "dp.st.prod.test"

// openDoppler starts a server that answers as Doppler's does.
func openDoppler(t *testing.T, p *place, values map[string]string) {
	t.Helper()
	text := object(t, values)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		token, _, _ := r.BasicAuth()
		switch {
		case token != dopplerToken && r.Header.Get("Authorization") != "Bearer "+dopplerToken:
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = w.Write([]byte(`{"messages": ["Invalid Service token"], "success": false}`))
		case r.URL.Path == "/v3/configs/config/secrets/download" && r.URL.Query().Get("format") == "json":
			_, _ = w.Write([]byte(text))
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	t.Cleanup(server.Close)
	p.env = append(p.env, "DOPPLER_API_HOST="+server.URL, "DOPPLER_TOKEN="+dopplerToken, "DOPPLER_ENABLE_VERSION_CHECK=false")
}

// openCredentials writes a unit's credentials as systemd does: decrypted, in a
// folder of the unit's own.
func openCredentials(t *testing.T, p *place, values map[string]string) {
	t.Helper()
	folder := filepath.Join(p.dir, "credentials")
	require.NoError(t, os.Mkdir(folder, 0o700))
	for name, value := range values {
		require.False(t, strings.Contains(name, "/"), name)
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), []byte(value), 0o400))
	}
	p.env = append(p.env, "CREDENTIALS_DIRECTORY="+folder)
}
