package fake

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"sync"
	"time"
)

// authority issues a certificate for any host. Its key stays in this process,
// so ca.pem lets nobody issue another.
type authority struct {
	pem  []byte
	cert *x509.Certificate
	key  crypto.Signer
	leaf crypto.Signer // one key for all hosts: making one is the slow part

	mu     sync.Mutex
	leaves map[string]*tls.Certificate // by host, and what is wrong with it
}

// What can be wrong with a host's certificate.
const (
	Expired     = "expired"
	NotYetValid = "not-yet-valid"
	OtherHost   = "other-host"
)

// lifetime is longer than any test, and short for a CA that someone forgets in
// a shell's SSL_CERT_FILE.
const lifetime = 7 * 24 * time.Hour

func newAuthority() (*authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	leaf, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	a := &authority{key: key, leaf: leaf, leaves: map[string]*tls.Certificate{}}
	template := certificate("fakevault CA: trust it for tests only")
	template.IsCA, template.BasicConstraintsValid = true, true
	template.KeyUsage = x509.KeyUsageCertSign
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		return nil, err
	}
	a.pem = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return a, nil
}

func certificate(name string) *x509.Certificate {
	serial, _ := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120)) // crypto/rand does not fail
	return &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(lifetime),
	}
}

// config returns the TLS configuration of the fake's hosts; wrong returns what
// is wrong with a host's certificate.
func (a *authority) config(wrong func(host string) string) *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
		return a.certificate(hello, wrong)
	}}
}

// certificate returns the certificate for the host that the client named, or
// for the address that it connected to, as RFC 6066 has no names for
// addresses.
func (a *authority) certificate(hello *tls.ClientHelloInfo, wrong func(host string) string) (*tls.Certificate, error) {
	host := hello.ServerName
	if host == "" {
		address, _, err := net.SplitHostPort(hello.Conn.LocalAddr().String())
		if err != nil {
			return nil, err
		}
		host = address
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	fault := wrong(host)
	key := host + " " + fault
	if leaf := a.leaves[key]; leaf != nil {
		return leaf, nil
	}
	if fault == OtherHost {
		host = "elsewhere.example"
	}
	template := certificate(host)
	switch fault {
	case Expired:
		template.NotBefore, template.NotAfter = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2020, 2, 1, 0, 0, 0, 0, time.UTC)
	case NotYetValid:
		template.NotBefore, template.NotAfter = time.Date(2090, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2090, 2, 1, 0, 0, 0, 0, time.UTC)
	}
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	if ip := net.ParseIP(host); ip != nil {
		template.IPAddresses = []net.IP{ip}
	} else {
		template.DNSNames = []string{host}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, a.leaf.Public(), a.key)
	if err != nil {
		return nil, err
	}
	leaf := &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: a.leaf}
	a.leaves[key] = leaf
	return leaf, nil
}
