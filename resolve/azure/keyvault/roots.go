package keyvault

import (
	"crypto/x509"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/crypto/x509roots/fallback/bundle"
	"golang.org/x/sys/unix"

	"github.com/seed45446ece/launcher/resolve"
)

// bundles is where distributions keep their authorities, as one file.
var bundles = []string{
	"/etc/ssl/certs/ca-certificates.crt",                // Debian, Ubuntu, Alpine
	"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", // Fedora, RHEL
	"/etc/pki/tls/certs/ca-bundle.crt",
	"/etc/ssl/ca-bundle.pem", // SUSE
	"/etc/ssl/cert.pem",
}

// roots is the authorities to trust: those of SSL_CERT_FILE and SSL_CERT_DIR
// where one of them is set, else the image's bundle, else, in an image that has
// none, Mozilla's list as built in. The system's own loading reads each
// certificate twice, from the bundle and from a file beside it.
func roots(environ resolve.Environ) (*x509.CertPool, error) {
	file, dir := environ["SSL_CERT_FILE"], environ["SSL_CERT_DIR"]
	if file != "" || dir != "" {
		return rootsOf(file, dir)
	}
	for _, path := range bundles {
		pool := x509.NewCertPool()
		if text, err := os.ReadFile(path); err == nil && pool.AppendCertsFromPEM(text) {
			return pool, nil
		}
	}
	return builtIn(), nil
}

func rootsOf(file, dir string) (*x509.CertPool, error) {
	pool, some := x509.NewCertPool(), false
	for _, path := range certificateFiles(file, dir) {
		if text, err := os.ReadFile(path); err == nil {
			some = pool.AppendCertsFromPEM(text) || some
		}
	}
	if !some {
		return nil, &problem{text: fmt.Sprintf("no certificate of an authority in SSL_CERT_FILE %q and SSL_CERT_DIR %q", file, dir),
			hint: "name a bundle in PEM, or unset them"}
	}
	return pool, nil
}

// certificateFiles is each file once: OpenSSL's directories have a link beside
// each, named after its hash.
func certificateFiles(file, dir string) []string {
	candidates := []string{file}
	for _, one := range filepath.SplitList(dir) {
		entries, _ := os.ReadDir(one) // a directory that is not there holds none
		for _, entry := range entries {
			candidates = append(candidates, filepath.Join(one, entry.Name()))
		}
	}
	type inode struct{ device, number uint64 }
	seen := map[inode]bool{}
	return slices.DeleteFunc(candidates, func(path string) bool {
		var info unix.Stat_t
		if path == "" || unix.Stat(path, &info) != nil || info.Mode&unix.S_IFMT != unix.S_IFREG {
			return true
		}
		key := inode{uint64(info.Dev), info.Ino}
		again := seen[key]
		seen[key] = true
		return again
	})
}

func builtIn() *x509.CertPool {
	pool := x509.NewCertPool()
	for root := range bundle.Roots() {
		certificate, err := x509.ParseCertificate(root.Certificate)
		switch {
		case err != nil: // one that this version of Go does not read
		case root.Constraint == nil:
			pool.AddCert(certificate)
		default:
			pool.AddCertWithConstraint(certificate, root.Constraint)
		}
	}
	return pool
}
