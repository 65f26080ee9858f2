package proxy

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"
)

const (
	dialWithin      = 5 * time.Second
	handshakeWithin = 10 * time.Second
	continueWithin  = time.Second
	// idleAtMost is below what common servers keep idle connections for (5 s
	// with Apache): a request that is sent while the other side closes its
	// connection fails, and one with a body cannot simply be sent again.
	idleAtMost  = 4 * time.Second
	idlePerHost = 64
	mostHeaders = 1 << 20 // bytes
)

// newTransport makes the connections to Neutron. It changes no bodies: nothing
// is compressed or unpacked on the way.
func newTransport(cfg Config) (*http.Transport, error) {
	pool, err := authorities(cfg.CA)
	if err != nil {
		return nil, err
	}
	return &http.Transport{
		DialContext:            (&net.Dialer{Timeout: dialWithin}).DialContext,
		TLSClientConfig:        &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    handshakeWithin,
		ExpectContinueTimeout:  continueWithin,
		IdleConnTimeout:        idleAtMost,
		MaxIdleConnsPerHost:    idlePerHost,
		MaxResponseHeaderBytes: mostHeaders,
		DisableCompression:     true,
	}, nil
}

// authorities reads a PEM file; nil without one, which means the system's.
func authorities(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read the authority of Neutron's certificate: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s: has no certificate in PEM form; give the authority that signed Neutron's", file)
	}
	return pool, nil
}
