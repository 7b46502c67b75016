package keyvault

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/google/uuid"
	"golang.org/x/sys/unix"

	"github.com/seed45446ece/launcher/resolve/azure"
)

// The files of a mounted credential, as MLRun has them, and a certificate in
// place of the secret.
const (
	tenantFile      = "tenant_id"
	clientFile      = "client_id"
	secretFile      = "secret"
	certificateFile = "certificate"
)

// maxFile is over what a Kubernetes Secret can hold, 1 MiB.
const maxFile = 1 << 20

// directory is where a source's credentials are mounted: below a directory of
// the options, in the folder of the Kubernetes Secret's name if there is one.
// It reports whether any of the files is there; where none is, the directory is
// the one to make them in.
func (v *Vaults) directory(spec azure.Spec) (string, bool) {
	bases := []string{v.options().Credentials}
	if v.options().Credentials == "" {
		bases = []string{filepath.Join("/root", mlrun)}
		if home := v.options().Environ["HOME"]; home != "" {
			bases = []string{filepath.Join(home, mlrun), filepath.Join("/root", mlrun)}
		}
	}
	for _, base := range bases {
		dir := base
		if own := filepath.Join(base, spec.K8sSecret); spec.K8sSecret != "" && isDir(own) {
			dir = own
		}
		for _, name := range []string{tenantFile, clientFile, secretFile, certificateFile} {
			if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
				return dir, true
			}
		}
	}
	return bases[0], false
}

// mlrun is where MLRun mounts the credentials, below the home directory.
const mlrun = ".mlrun/azure_vault"

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// createSecret is the line that makes the credentials.
func createSecret(spec azure.Spec) string {
	name := spec.K8sSecret
	if name == "" {
		name = "azure-creds"
	}
	return "kubectl create secret generic " + name + " --from-literal=tenant_id=TENANT_ID --from-literal=client_id=CLIENT_ID --from-literal=secret=CLIENT_SECRET"
}

// files is one generation of a mounted credential.
type files struct {
	tenant, client, secret string
	certificates           []*x509.Certificate
	key                    crypto.PrivateKey
	print                  [sha256.Size]byte
}

// readMounted reads a credential from one generation of a mount: the kubelet
// replaces all files at once by turning the link ..data,
// https://kubernetes.io/docs/concepts/configuration/secret/. One line ending and
// a byte order mark are not part of a file.
func readMounted(dir string, spec azure.Spec) (files, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return files{}, &problem{text: fmt.Sprintf("no credentials: the directory %q cannot be read", dir), hint: createSecret(spec)}
	}
	defer func() { _ = root.Close() }()
	if generation, err := root.OpenRoot("..data"); err == nil {
		defer func() { _ = generation.Close() }()
		root = generation
	}
	proof := secretFile
	if _, err := root.Stat(secretFile); spec.Credential == "certificate" || spec.Credential != "mounted" && errors.Is(err, fs.ErrNotExist) && has(root, certificateFile) {
		proof = certificateFile
	}
	texts := map[string][]byte{}
	var missing []string
	for _, name := range []string{tenantFile, clientFile, proof} {
		text, err := readFile(root, name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			missing = append(missing, name)
		case err != nil:
			return files{}, &problem{text: fmt.Sprintf("no credentials: %s: %v", filepath.Join(dir, name), err), hint: createSecret(spec)}
		}
		texts[name] = text
	}
	if len(missing) > 0 {
		return files{}, &problem{text: fmt.Sprintf("no credentials: %s has no %s", dir, strings.Join(missing, ", ")), hint: createSecret(spec)}
	}
	return parseMounted(dir, proof, texts)
}

func has(root *os.Root, name string) bool {
	_, err := root.Stat(name)
	return err == nil
}

// readFile reads a regular file without waiting, as a FIFO would make it.
func readFile(root *os.Root, name string) ([]byte, error) {
	file, err := root.OpenFile(name, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fs.ErrNotExist
		}
		return nil, errors.New("it cannot be opened")
	}
	defer func() { _ = file.Close() }()
	if info, err := file.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, errors.New("it is not a regular file")
	}
	text, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	switch {
	case err != nil:
		return nil, errors.New("it cannot be read")
	case len(text) > maxFile:
		return nil, errors.New("it is over 1 MiB")
	}
	return text, nil
}

func parseMounted(dir, proof string, texts map[string][]byte) (files, error) {
	f := files{print: sha256.Sum256(bytes.Join([][]byte{texts[tenantFile], texts[clientFile], texts[proof]}, []byte{0}))}
	var errs []error
	plain := func(name string) string {
		text, err := trim(texts[name])
		if err != nil {
			errs = append(errs, &problem{text: fmt.Sprintf("no credentials: %s %v", filepath.Join(dir, name), err)})
		}
		return text
	}
	f.tenant, f.client = plain(tenantFile), plain(clientFile)
	if proof == secretFile {
		f.secret = plain(secretFile)
	} else {
		var err error
		if f.certificates, f.key, err = azidentity.ParseCertificates(texts[certificateFile], nil); err != nil {
			errs = append(errs, &problem{text: "no credentials: " + filepath.Join(dir, certificateFile) + " holds no certificate with its private key",
				hint: "PEM with both, or PFX without a password"})
		}
	}
	if len(errs) == 0 {
		errs = append(errs, checkIDs(filepath.Join(dir, tenantFile), f.tenant, filepath.Join(dir, clientFile), f.client))
	}
	return f, errors.Join(errs...)
}

// trim takes off a byte order mark and one line ending, and refuses what no
// credential holds.
func trim(text []byte) (string, error) {
	if bytes.HasPrefix(text, []byte{0xff, 0xfe}) || bytes.HasPrefix(text, []byte{0xfe, 0xff}) {
		return "", errors.New("is UTF-16: write it as UTF-8")
	}
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	s := strings.TrimSuffix(strings.TrimSuffix(string(text), "\n"), "\r")
	switch {
	case s == "":
		return "", errors.New("is empty")
	case !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl):
		return "", errors.New("is not one line of text")
	case strings.TrimSpace(s) != s:
		return "", errors.New("starts or ends with a blank")
	}
	return s, nil
}

// checkIDs refuses what Entra would not know, before it is asked: a tenant is a
// UUID or a domain, a client is a UUID.
func checkIDs(tenantAt, tenant, clientAt, client string) error {
	var errs []error
	domain := strings.Contains(tenant, ".") && strings.Trim(strings.ToLower(tenant), "abcdefghijklmnopqrstuvwxyz0123456789.-") == ""
	if !isUUID(tenant) && !domain {
		errs = append(errs, &problem{text: tenantAt + " holds no tenant: neither a UUID nor a domain", hint: "az account show --query tenantId"})
	}
	if !isUUID(client) {
		errs = append(errs, &problem{text: clientAt + " holds no client id: not a UUID", hint: "az ad sp list --display-name NAME --query [].appId"})
	}
	return errors.Join(errs...)
}

// isUUID takes the form with four hyphens alone.
func isUUID(text string) bool { return len(text) == 36 && uuid.Validate(text) == nil }
