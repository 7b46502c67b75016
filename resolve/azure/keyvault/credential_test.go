package keyvault

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/seed45446ece/launcher/examples/azure/fakevault/fake"
	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/azure"
)

// certificate is a certificate and its key, in PEM.
func certificate(t *testing.T, key crypto.Signer) (cert, private string) {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	inPEM := func(kind string, bytes []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: bytes}))
	}
	return inPEM("CERTIFICATE", der), inPEM("PRIVATE KEY", secret)
}

func TestACertificateReplacesTheSecret(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	cert, private := certificate(t, key)
	pkcs1 := string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}))
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	curveCert, curvePrivate := certificate(t, curve)
	pfx := func(name string) string {
		text, err := os.ReadFile(filepath.Join("testdata", name))
		require.NoError(t, err)
		return string(text)
	}
	const none = " does not hold a certificate with its private key"
	for name, c := range map[string]struct{ text, want string }{
		"PEM": {cert + private, ""}, "the key first": {private + cert, ""}, "PKCS #1": {cert + pkcs1, ""}, "a mark and CR LF": {"\ufeff" + strings.ReplaceAll(cert+private, "\n", "\r\n"), ""},
		"with words around": {"Bag Attributes\n" + cert + "\nmore\n" + private + "\n", ""}, "PFX": {pfx("legacy.pfx"), ""},
		"no key": {cert, none}, "no certificate": {private, none}, "two keys": {cert + private + private, none}, "empty": {"", none}, "garbage": {proof, none},
		"PFX with a password": {pfx("password.pfx"), none}, "PFX of a newer kind": {pfx("modern.pfx"), none}, "PFX cut off": {pfx("legacy.pfx")[:1000], none},
		"PEM cut off": {(cert + private)[:len(cert)+200], none},
	} {
		for _, credential := range []string{"auto", "mounted", "certificate"} {
			t.Run(name+", "+credential, func(t *testing.T) {
				w := start(t)
				require.NoError(t, os.Remove(filepath.Join(w.mount, azure.SecretFile)))
				w.put(azure.CertificateFile, c.text)
				found, err := w.find("{name: my-vault, credential: " + credential + ", secrets: [db-password]}")
				if c.want == "" {
					require.NoError(t, err)
					require.Equal(t, "db-password="+value, values(found))
					require.Equal(t, map[string]int{"token": 1, "secret": 1}, w.requests())
					return
				}
				require.EqualError(t, err, aVault+`: no credentials: "`+filepath.Join(w.mount, azure.CertificateFile)+`"`+c.want)
				require.Contains(t, hintOf(err), "PEM with both")
				require.NotContains(t, err.Error()+hintOf(err), "BEGIN")
			})
		}
	}
	t.Run("of a curve", func(t *testing.T) {
		w := start(t)
		w.put(azure.CertificateFile, curveCert+curvePrivate)
		_, err := w.find("{name: my-vault, credential: certificate, secrets: [db-password]}")
		require.EqualError(t, err, aVault+`: no credentials: the private key in "`+filepath.Join(w.mount, azure.CertificateFile)+`" is not RSA`)
	})
	t.Run("where both are there, by name", func(t *testing.T) {
		w := start(t)
		w.put(azure.CertificateFile, cert+private)
		w.put(azure.SecretFile, "wrong")
		_, err := w.find(one)
		require.ErrorContains(t, err, "AADSTS7000215", "the secret is MLRun's")
		_, err = w.find("{name: my-vault, credential: certificate, secrets: [db-password]}")
		require.NoError(t, err)
	})
	t.Run("that Entra does not know", func(t *testing.T) {
		w := start(t, func(c *fake.Config) { c.Principals[0].Certificate = false })
		w.put(azure.CertificateFile, cert+private)
		_, err := w.find("{name: my-vault, credential: certificate, secrets: [db-password]}")
		require.EqualError(t, err, aVault+": no token: the certificate of application "+application+" is not registered (AADSTS700027)")
	})
}

// serviceAccount is a token of the form that Kubernetes projects.
func serviceAccount(subject string, expires time.Time) string {
	encode := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	return encode(`{"alg":"RS256"}`) + "." + encode(fmt.Sprintf(`{"iss":"https://cluster.example","sub":%q,"exp":%d}`, subject, expires.Unix())) + "." + encode("signature")
}

// workload is a world in which the pod has a service account token, and no
// mounted credentials.
func workload(t *testing.T, token string) (w *world, path string) {
	w = start(t)
	w.options.Credentials = t.TempDir()
	path = filepath.Join(t.TempDir(), "azure-identity-token")
	require.NoError(t, os.WriteFile(path, []byte(token), 0o600))
	for name, value := range map[string]string{tenantVariable: tenant, clientVariable: application, azure.TokenVariable: path} {
		w.options.Environ[name] = value
	}
	return w, path
}

const withWorkload = "{name: my-vault, credential: workload, secrets: [db-password]}"

func TestAPodsServiceAccountIsACredential(t *testing.T) {
	good := serviceAccount("system:serviceaccount:jobs:train", time.Now().Add(time.Hour))
	for _, token := range []string{good, good + "\n"} {
		w, _ := workload(t, token)
		w.requireRead() // auto
		found, err := w.find(withWorkload)
		require.NoError(t, err)
		require.Equal(t, "db-password="+value, values(found))
	}
	for name, c := range map[string]struct{ token, want string }{
		"another account": {serviceAccount("system:serviceaccount:jobs:other", time.Now().Add(time.Hour)), "no token: no federated credential of application " + application + " matches this service account (AADSTS700213)"},
		"expired":         {serviceAccount("system:serviceaccount:jobs:train", time.Now().Add(-time.Hour)), "no token: the assertion of application " + application + " is not valid at this time (AADSTS700024)"},
		"no token":        {proof, "no token: login.microsoftonline.com refuses application " + application + " (AADSTS50027)"},
		"empty":           {"\n", `is empty`},
		"two lines":       {good + "\n" + good, `is not one line of text`},
	} {
		t.Run(name, func(t *testing.T) {
			w, _ := workload(t, c.token)
			_, err := w.find(withWorkload)
			require.ErrorContains(t, err, c.want)
			require.NotErrorIs(t, err, resolve.ErrUnavailable)
			require.NotEmpty(t, hintOf(err))
		})
	}
}

func TestMissingWorkloadIdentityVariablesAreNamed(t *testing.T) {
	good := serviceAccount("system:serviceaccount:jobs:train", time.Now().Add(time.Hour))
	for want, change := range map[string]func(w *world, path string){
		"no workload identity: not set: AZURE_CLIENT_ID": func(w *world, _ string) { delete(w.options.Environ, clientVariable) },
		"no workload identity: not set: AZURE_CLIENT_ID, AZURE_TENANT_ID": func(w *world, _ string) {
			w.options.Environ[clientVariable], w.options.Environ[tenantVariable] = "", ""
		},
		"variable AZURE_TENANT_ID does not hold a tenant: it is neither a UUID nor a domain": func(w *world, _ string) { w.options.Environ[tenantVariable] = "a/b.com" },
		"variable AZURE_CLIENT_ID does not hold a client ID: it is not a UUID":               func(w *world, _ string) { w.options.Environ[clientVariable] = proof },
		"no workload identity: the service account token %q does not exist":                  func(_ *world, path string) { require.NoError(t, os.Remove(path)) },
		"no workload identity: the service account token %q is not a regular file, or cannot be read": func(_ *world, path string) {
			require.NoError(t, os.Remove(path))
			require.NoError(t, unix.Mkfifo(path, 0o600))
		},
		"no workload identity: the service account token %q is larger than 1 MiB": func(_ *world, path string) { require.NoError(t, os.WriteFile(path, make([]byte, 2<<20), 0o600)) },
	} {
		w, path := workload(t, good)
		change(w, path)
		_, err := w.find(withWorkload)
		require.EqualError(t, err, aVault+": "+strings.ReplaceAll(want, "%q", fmt.Sprintf("%q", path)))
		require.NotEmpty(t, hintOf(err))
		require.Zero(t, w.requests()["token"])
	}
	w, _ := workload(t, good)
	delete(w.options.Environ, azure.TokenVariable)
	_, err := w.find(one)
	require.EqualError(t, err, aVault+`: no credentials: "`+w.options.Credentials+`" has no tenant_id, client_id or secret, and variable AZURE_FEDERATED_TOKEN_FILE is not set`)
	require.Contains(t, hintOf(err), "--local FILE")
	w.options.Environ["KUBERNETES_SERVICE_HOST"] = "10.0.0.1"
	_, err = w.find(one)
	require.Contains(t, hintOf(err), "kubectl create secret generic azure-creds")
	require.Contains(t, hintOf(err), "credential: managed")
}

func TestAutoTakesMountedCredentialsFirst(t *testing.T) {
	w, _ := workload(t, proof)
	w.give(w.options.Credentials, tenant, application, proof)
	w.requireRead()
	require.NoError(t, os.Remove(filepath.Join(w.options.Credentials, azure.SecretFile)))
	_, err := w.find(one)
	require.ErrorContains(t, err, "has no secret", "half of a mount is a mistake, and no reason to take another identity")
}
