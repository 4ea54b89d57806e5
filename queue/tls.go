package queue

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
)

// TLS says whom a connection trusts, and as whom it shows itself. It goes with
// an address of rediss:// or rediss-sentinel://.
type TLS struct {
	CA        string // file of the authorities to trust, PEM; empty: the system's
	Cert, Key string // files of the client's certificate, PEM; empty: none
}

// apply reads the files into the configuration that an address gave.
func (t TLS) apply(config *tls.Config) error {
	if (t.Cert == "") != (t.Key == "") {
		return errors.New("redis tls has one of cert and key; want both or none")
	}
	if config == nil {
		if t != (TLS{}) {
			return errors.New("redis tls has files and the address is one without TLS; want rediss://host:port/db, or no files")
		}
		return nil
	}
	if t.CA != "" {
		pem, err := os.ReadFile(t.CA)
		if err != nil {
			return fmt.Errorf("read the authorities of redis: %w", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return fmt.Errorf("the authorities of redis in %q cannot be read; want certificates as PEM", t.CA)
		}
	}
	if t.Cert != "" {
		pair, err := tls.LoadX509KeyPair(t.Cert, t.Key)
		if err != nil {
			return fmt.Errorf("read the certificate for redis: %w", err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return nil
}
