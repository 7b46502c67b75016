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

// createSecret is the line that makes the credentials, with a secret or with a
// certificate.
func createSecret(spec azure.Spec, proof string) string {
	name := spec.K8sSecret
	if name == "" {
		name = "azure-creds"
	}
	last := "--from-literal=secret=CLIENT_SECRET"
	if proof == azure.CertificateFile {
		last = "--from-file=certificate=cert.pem"
	}
	return "kubectl create secret generic " + name + " --from-literal=tenant_id=TENANT_ID --from-literal=client_id=CLIENT_ID " + last
}

// files is a mounted credential, read from one generation of the mount.
type files struct {
	naming
	secret       resolve.Value
	certificates []*x509.Certificate
	key          func() crypto.PrivateKey // nil: it has a secret and no certificate
	proof        resolve.Value            // all that was read
}

// readMounted reads a credential from one generation of a mount. Missing files
// are named together; any other error is of the first file that has one.
func readMounted(ctx context.Context, dir string, spec azure.Spec) (files, error) {
	var found files
	var err error
	if !file.ReadGeneration(ctx, dir, func(from string) { found, err = readFiles(ctx, dir, from, spec) }) {
		return files{}, &problem{text: fmt.Sprintf("no credentials: %q kept changing while it was read", dir), kind: resolve.ErrUnavailable}
	}
	return found, err
}

// readFiles reads the files below from, which are dir's in messages.
func readFiles(ctx context.Context, dir, from string, spec azure.Spec) (files, error) {
	proof := azure.SecretFile
	if spec.Credential == "certificate" || !there(from, azure.SecretFile) && there(from, azure.CertificateFile) {
		proof = azure.CertificateFile
	}
	texts := map[string][]byte{}
	var missing []string
	for _, name := range []string{azure.TenantFile, azure.ClientFile, proof} {
		text, err := readFile(ctx, filepath.Join(from, name))
		switch {
		case ctx.Err() != nil:
			return files{}, errLate
		case errors.Is(err, fs.ErrNotExist):
			missing = append(missing, name)
		case err != nil:
			return files{}, &problem{text: fmt.Sprintf("no credentials: %q %s", filepath.Join(dir, name), reason(err)), hint: "it must be a regular file that this user may read: see the volume's defaultMode, and the pod's fsGroup"}
		}
		texts[name] = text
	}
	if len(missing) > 0 {
		return files{}, &problem{text: fmt.Sprintf("no credentials: %q has no %s", dir, strings.Join(missing, ", ")), hint: createSecret(spec, proof)}
	}
	return parseMounted(dir, proof, texts)
}

func there(dir, name string) bool {
	_, err := os.Stat(filepath.Join(dir, name))
	return err == nil
}

// maxFile is over what a Kubernetes Secret can hold, 1 MiB.
const maxFile = 1 << 20

var errLarge = errors.New("is larger than 1 MiB")

func readFile(ctx context.Context, path string) ([]byte, error) {
	text, err := file.Read(ctx, path)
	if err == nil && len(text) > maxFile {
		err = errLarge
	}
	return text, err
}

// reason is why a file was not read, without its path.
func reason(err error) string {
	switch {
	case errors.Is(err, errLarge):
		return err.Error()
	case errors.Is(err, fs.ErrPermission):
		return "cannot be read: permission denied"
	}
	return "is no regular file, or cannot be read"
}

const hintCertificate = "PEM with both and an RSA key, which openssl pkcs12 -in FILE -nodes makes of a PFX; or a PFX without a password, exported with openssl pkcs12 -export -legacy"

func parseMounted(dir, proof string, texts map[string][]byte) (files, error) {
	var errs []error
	plain := func(name string) string {
		text, err := trim(texts[name])
		if err != nil {
			errs = append(errs, &problem{text: fmt.Sprintf("no credentials: %q %v", filepath.Join(dir, name), err), hint: hintTrim})
		}
		return text
	}
	f := files{proof: resolve.NewValue(bytes.Join([][]byte{texts[azure.TenantFile], texts[azure.ClientFile], texts[proof]}, []byte{0}))}
	f.naming = naming{plain(azure.TenantFile), plain(azure.ClientFile)}
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

// parseCertificate takes the keys that the SDK signs with: it has no others.
func parseCertificate(path string, text []byte) ([]*x509.Certificate, crypto.PrivateKey, error) {
	certificates, key, err := azidentity.ParseCertificates(bytes.TrimPrefix(text, []byte(mark)), nil)
	if err != nil {
		return nil, nil, &problem{text: fmt.Sprintf("no credentials: %q holds no certificate with its private key", path), hint: hintCertificate}
	}
	if _, ok := key.(*rsa.PrivateKey); !ok {
		return nil, nil, &problem{text: fmt.Sprintf("no credentials: the private key in %q is not RSA", path), hint: hintCertificate}
	}
	return certificates, key, nil
}
