package oslomsg

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
)

// TLS names the PEM files of connections by TLS. The server's certificate is
// always verified, and it has to name the host that is connected to.
type TLS struct {
	CA          string // authority of the server's certificate; "" are those of the system
	Certificate string // shown to the server; may be empty if it asks for none
	PrivateKey  string // of Certificate
}

// config reads the files; they are read for each connection, so that renewed
// ones are used.
func (t TLS) config(host string) (*tls.Config, error) {
	if (t.Certificate == "") != (t.PrivateKey == "") {
		return nil, errors.New("a certificate and its private key must be given together")
	}
	cfg := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: host}
	if t.CA != "" {
		pem, err := os.ReadFile(t.CA)
		if err != nil {
			return nil, fmt.Errorf("read the authority's certificate: %w", err)
		}
		cfg.RootCAs = x509.NewCertPool()
		if !cfg.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s has no certificate in PEM form", t.CA)
		}
	}
	if t.Certificate != "" {
		pair, err := tls.LoadX509KeyPair(t.Certificate, t.PrivateKey)
		if err != nil {
			return nil, fmt.Errorf("read %s and %s: %w", t.Certificate, t.PrivateKey, err)
		}
		cfg.Certificates = []tls.Certificate{pair}
	}
	return cfg, nil
}
