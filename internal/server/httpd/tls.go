package httpd

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"

	"landbridge/internal/livefile"
)

// Certificate is a server's certificate with its key, in PEM files that are
// read again when they change.
type Certificate struct {
	*livefile.Value[*tls.Certificate]
}

// OpenCertificate reads the files. The certificate may be followed by those
// between it and its authority.
func OpenCertificate(log *slog.Logger, certificate, key string) (Certificate, error) {
	v, err := livefile.Open(log, func() (*tls.Certificate, error) {
		pair, err := tls.LoadX509KeyPair(certificate, key)
		if err != nil {
			return nil, fmt.Errorf("certificate %s with key %s: %w", certificate, key, err)
		}
		return &pair, nil
	}, certificate, key)
	return Certificate{v}, err
}

// Listener has the connections of l speak TLS 1.2 or newer, and HTTP/1.1 in it:
// the bounds of this package are on connections.
func (c Certificate) Listener(l net.Listener) net.Listener {
	return tls.NewListener(l, &tls.Config{
		MinVersion:     tls.VersionTLS12,
		NextProtos:     []string{"http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.Get(), nil },
	})
}
