package keyvault

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/azure"
	"github.com/seed45446ece/launcher/resolve/file"
)

// createSecret returns the command that creates the credentials' Kubernetes
// Secret.
func createSecret(spec azure.Spec, proof string) string {
	name := spec.K8sSecret
	if name == "" {
		name = "azure-creds"
	}
	last := "--from-literal=secret=CLIENT_SECRET"
	if proof == azure.CertificateFile {
		last = "--from-file=certificate=cert.pem"
	}
	return "run kubectl create secret generic " + name + " --from-literal=tenant_id=TENANT_ID --from-literal=client_id=CLIENT_ID " + last
}

// mountedFiles is a credential read from one generation of a mount.
type mountedFiles struct {
	ids
	secret       resolve.Value
	certificates []*x509.Certificate
	key          func() crypto.PrivateKey // nil if it has a secret
	content      resolve.Value            // all files that were read
}

// readMounted reads a credential from one generation of a mount. It reports
// all missing files together, and otherwise the first file that cannot be
// read.
func readMounted(ctx context.Context, dir string, spec azure.Spec) (mountedFiles, error) {
	var found mountedFiles
	var err error
	if !file.ReadGeneration(ctx, dir, func(from string) { found, err = readFiles(ctx, dir, from, spec) }) {
		return mountedFiles{}, &problem{text: fmt.Sprintf("no credentials: %q kept changing while it was read", dir), kind: resolve.ErrUnavailable}
	}
	return found, err
}

// readFiles reads the files in from. Messages name them in dir.
func readFiles(ctx context.Context, dir, from string, spec azure.Spec) (mountedFiles, error) {
	proof := azure.SecretFile
	if spec.Credential == "certificate" || !exists(from, azure.SecretFile) && exists(from, azure.CertificateFile) {
		proof = azure.CertificateFile
	}
	texts := map[string][]byte{}
	var missing []string
	for _, name := range []string{azure.TenantFile, azure.ClientFile, proof} {
		text, err := readFile(ctx, filepath.Join(from, name))
		switch {
		case ctx.Err() != nil:
			return mountedFiles{}, errDeadline
		case errors.Is(err, fs.ErrNotExist):
			missing = append(missing, name)
		case err != nil:
			return mountedFiles{}, &problem{text: fmt.Sprintf("no credentials: %q %s", filepath.Join(dir, name), reason(err)), hint: "make it a regular file that this user can read: check the volume's defaultMode and the pod's fsGroup"}
		}
		texts[name] = text
	}
	if len(missing) > 0 {
		return mountedFiles{}, &problem{text: fmt.Sprintf("no credentials: %q has no %s", dir, strings.Join(missing, ", ")), hint: createSecret(spec, proof)}
	}
	return parseMounted(dir, proof, texts)
}

func exists(dir, name string) bool {
	_, err := os.Stat(filepath.Join(dir, name))
	return err == nil
}

// maxFile is the most that a Kubernetes Secret can hold.
const maxFile = 1 << 20

var errFileTooLarge = errors.New("is larger than 1 MiB")

func readFile(ctx context.Context, path string) ([]byte, error) {
	text, err := file.Read(ctx, path)
	if err == nil && len(text) > maxFile {
		err = errFileTooLarge
	}
	return text, err
}

// reason returns why a file was not read, without its path.
func reason(err error) string {
	switch {
	case errors.Is(err, errFileTooLarge):
		return err.Error()
	case errors.Is(err, fs.ErrPermission):
		return "cannot be read: permission denied"
	}
	return "is not a regular file, or cannot be read"
}

const hintCertificate = "give PEM with both and an RSA key (openssl pkcs12 -in FILE -nodes), or a PFX without a password (openssl pkcs12 -export -legacy)"

func parseMounted(dir, proof string, texts map[string][]byte) (mountedFiles, error) {
	var errs []error
	plain := func(name string) string {
		text, err := trim(texts[name])
		if err != nil {
			errs = append(errs, &problem{text: fmt.Sprintf("no credentials: %q %v", filepath.Join(dir, name), err), hint: hintTrim})
		}
		return text
	}
	f := mountedFiles{content: resolve.NewValue(bytes.Join([][]byte{texts[azure.TenantFile], texts[azure.ClientFile], texts[proof]}, []byte{0}))}
	f.ids = ids{plain(azure.TenantFile), plain(azure.ClientFile)}
	if proof == azure.SecretFile {
		f.secret = resolve.NewValue([]byte(plain(azure.SecretFile)))
	} else {
		certificates, key, err := parseCertificate(filepath.Join(dir, azure.CertificateFile), texts[azure.CertificateFile])
		if err != nil {
			errs = append(errs, err)
		}
		f.certificates, f.key = certificates, func() crypto.PrivateKey { return key }
	}
	if len(errs) == 0 {
		errs = append(errs, f.check(fmt.Sprintf("no credentials: %q", filepath.Join(dir, azure.TenantFile)), fmt.Sprintf("no credentials: %q", filepath.Join(dir, azure.ClientFile))))
	}
	return f, errors.Join(errs...)
}

// parseCertificate reads a certificate and its key. It refuses a key that is
// not RSA, as the SDK can sign with no other.
func parseCertificate(path string, text []byte) ([]*x509.Certificate, crypto.PrivateKey, error) {
	certificates, key, err := azidentity.ParseCertificates(bytes.TrimPrefix(text, []byte(utf8BOM)), nil)
	if err != nil {
		return nil, nil, &problem{text: fmt.Sprintf("no credentials: %q does not hold a certificate with its private key", path), hint: hintCertificate}
	}
	if _, ok := key.(*rsa.PrivateKey); !ok {
		return nil, nil, &problem{text: fmt.Sprintf("no credentials: the private key in %q is not RSA", path), hint: hintCertificate}
	}
	return certificates, key, nil
}
