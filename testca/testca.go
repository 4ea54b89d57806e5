// Package testca makes the certificates of tests that speak real TLS: an
// authority of the test's own, and what it vouches for.
package testca

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// CA is an authority that lives as long as its test.
type CA struct {
	File string // its certificate, PEM

	folder      string
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

// New makes an authority whose files are in a folder of the test's.
func New(tb testing.TB) *CA {
	tb.Helper()
	ca := &CA{folder: tb.TempDir(), key: newKey(tb)}
	der := sign(tb, &x509.Certificate{
		Subject: pkix.Name{CommonName: "an authority of earworm's tests"},
		IsCA:    true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}, nil, ca.key, ca.key)
	var err error
	if ca.certificate, err = x509.ParseCertificate(der); err != nil {
		tb.Fatal(err)
	}
	ca.File = ca.write(tb, "ca.pem", &pem.Block{Type: "CERTIFICATE", Bytes: der})
	return ca
}

// Issue makes a certificate for a name, which is good for a server at 127.0.0.1
// and for a client, and returns the files of it and of its key (PKCS #8), PEM.
func (ca *CA) Issue(tb testing.TB, name string) (cert, key string) {
	tb.Helper()
	own := newKey(tb)
	der := sign(tb, &x509.Certificate{
		Subject: pkix.Name{CommonName: name}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}, ca.certificate, own, ca.key)
	pkcs8, err := x509.MarshalPKCS8PrivateKey(own)
	if err != nil {
		tb.Fatal(err)
	}
	return ca.write(tb, name+".pem", &pem.Block{Type: "CERTIFICATE", Bytes: der}),
		ca.write(tb, name+".key", &pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})
}

func newKey(tb testing.TB) *ecdsa.PrivateKey {
	tb.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	return key
}

// sign makes a certificate that is good for a day; without a parent it signs itself.
func sign(tb testing.TB, c, parent *x509.Certificate, own, signer *ecdsa.PrivateKey) []byte {
	tb.Helper()
	if parent == nil {
		parent = c
	}
	c.SerialNumber = big.NewInt(time.Now().UnixNano())
	c.NotBefore, c.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(24*time.Hour)
	der, err := x509.CreateCertificate(rand.Reader, c, parent, &own.PublicKey, signer)
	if err != nil {
		tb.Fatal(err)
	}
	return der
}

func (ca *CA) write(tb testing.TB, name string, block *pem.Block) string {
	tb.Helper()
	path := filepath.Join(ca.folder, name)
	if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
		tb.Fatal(err)
	}
	return path
}
