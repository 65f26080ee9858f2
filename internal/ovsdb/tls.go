package ovsdb

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
)

// TLS names the PEM files of an ssl: connection.
type TLS struct {
	CA          string // authority that has signed the server's certificate
	Certificate string // shown to the server; may be empty if it asks for none
	PrivateKey  string // of Certificate
}

// serve is config for a listener: whoever connects has to show a certificate of
// the authority, and its own is shown.
func (t TLS) serve() (*tls.Config, error) {
	if t.Certificate == "" {
		return nil, errors.New("ssl: needs a certificate and its private key, to be shown to the switches")
	}
	cfg, err := t.config()
	if err != nil {
		return nil, err
	}
	cfg.ClientAuth = tls.RequireAnyClientCert // VerifyConnection checks the chain
	return cfg, nil
}

// config reads the files; they are read for each connection, so that renewed
// ones are used. As everywhere in OVSDB the chain of the server's certificate is
// checked, not its name: the certificates that ovs-pki makes have none.
func (t TLS) config() (*tls.Config, error) {
	if t.CA == "" {
		return nil, errors.New("ssl: needs the certificate of the authority (CA)")
	}
	if (t.Certificate == "") != (t.PrivateKey == "") {
		return nil, errors.New("ssl: a certificate and its private key must be given together")
	}
	pem, err := os.ReadFile(t.CA)
	if err != nil {
		return nil, fmt.Errorf("ssl: read the authority's certificate: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("ssl: %s has no certificate in PEM form", t.CA)
	}
	cfg := &tls.Config{
		MinVersion:         tls.VersionTLS12,
		InsecureSkipVerify: true, // VerifyConnection checks the chain
		VerifyConnection:   func(s tls.ConnectionState) error { return verifyChain(s, roots) },
	}
	if t.Certificate != "" {
		pair, err := tls.LoadX509KeyPair(t.Certificate, t.PrivateKey)
		if err != nil {
			return nil, fmt.Errorf("ssl: read %s and %s: %w", t.Certificate, t.PrivateKey, err)
		}
		cfg.Certificates = []tls.Certificate{pair}
	}
	return cfg, nil
}

func verifyChain(s tls.ConnectionState, roots *x509.CertPool) error {
	if len(s.PeerCertificates) == 0 {
		return errors.New("the other side shows no certificate")
	}
	opts := x509.VerifyOptions{
		Roots: roots, Intermediates: x509.NewCertPool(),
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	}
	for _, c := range s.PeerCertificates[1:] {
		opts.Intermediates.AddCert(c)
	}
	if _, err := s.PeerCertificates[0].Verify(opts); err != nil {
		return fmt.Errorf("the other side's certificate is not of the given authority: %w", err)
	}
	return nil
}
