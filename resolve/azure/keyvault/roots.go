package keyvault

import (
	"crypto/x509"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/crypto/x509roots/fallback/bundle"

	"github.com/seed45446ece/launcher/resolve"
)

// bundleFiles are the files in which distributions keep all their authorities.
var bundleFiles = []string{
	"/etc/ssl/certs/ca-certificates.crt",                // Debian, Ubuntu, Alpine
	"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", // Fedora, RHEL
	"/etc/pki/tls/certs/ca-bundle.crt",
	"/etc/ssl/ca-bundle.pem", // SUSE
	"/etc/ssl/cert.pem",
}

// directories are where distributions keep one file for each authority, and
// where an operator may mount another.
var directories = []string{"/etc/ssl/certs", "/etc/pki/tls/certs"}

type trust struct {
	quick    *x509.CertPool        // quick to read
	complete func() *x509.CertPool // everything that Go reads by default
}

// newTrust reads the authorities of SSL_CERT_FILE and SSL_CERT_DIR if one of
// them is set, else of the image's bundle, else Mozilla's built-in list. It
// leaves the directories for later: they are slow to read, and most hold the
// bundle's certificates again.
func newTrust(environ resolve.Environ) (*trust, error) {
	return newTrustIn(environ["SSL_CERT_FILE"], environ["SSL_CERT_DIR"], bundleFiles, directories)
}

func newTrustIn(file, dir string, bundleFiles, directories []string) (*trust, error) {
	pool := x509.NewCertPool()
	if file != "" || dir != "" {
		if !add(pool, certificateFiles(file, filepath.SplitList(dir))) {
			return nil, &problem{text: fmt.Sprintf("no CA certificate in SSL_CERT_FILE %q and SSL_CERT_DIR %q", file, dir),
				hint: "name a bundle in PEM, or unset them"}
		}
	} else if !addFirst(pool, bundleFiles) {
		pool = builtIn()
	}
	all := func() *x509.CertPool {
		wide := pool.Clone()
		if file == "" {
			addFirst(wide, bundleFiles)
		}
		if dir == "" {
			add(wide, certificateFiles("", directories))
		}
		return wide
	}
	return &trust{pool, all}, nil
}

// add adds the certificates in the files. It reports whether there are any.
func add(pool *x509.CertPool, paths []string) (some bool) {
	for _, path := range paths {
		if text, err := os.ReadFile(path); err == nil {
			some = pool.AppendCertsFromPEM(text) || some
		}
	}
	return some
}

// addFirst adds the certificates of the first file that has any.
func addFirst(pool *x509.CertPool, paths []string) bool {
	return slices.ContainsFunc(paths, func(path string) bool { return add(pool, []string{path}) })
}

// certificateFiles returns the file and those in the directories. It leaves out a
// link to a file beside it: OpenSSL's directories have one for each, named after
// its hash.
func certificateFiles(file string, directories []string) []string {
	candidates := []string{file}
	for _, directory := range directories {
		entries, _ := os.ReadDir(directory) // a missing directory has no entries
		for _, entry := range entries {
			path := filepath.Join(directory, entry.Name())
			if target, err := os.Readlink(path); err != nil || strings.Contains(target, "/") {
				candidates = append(candidates, path)
			}
		}
	}
	return slices.DeleteFunc(candidates, func(path string) bool {
		info, err := os.Stat(path)
		return err != nil || !info.Mode().IsRegular()
	})
}

func builtIn() *x509.CertPool {
	pool := x509.NewCertPool()
	for root := range bundle.Roots() {
		certificate, err := x509.ParseCertificate(root.Certificate)
		switch {
		case err != nil: // Go cannot read it
		case root.Constraint == nil:
			pool.AddCert(certificate)
		default:
			pool.AddCertWithConstraint(certificate, root.Constraint)
		}
	}
	return pool
}
