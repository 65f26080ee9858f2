package store

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
)

// mysqlConfig reads a URL as SQLAlchemy's users write it:
//
//	mysql://user:password@host:3306/database?ssl_ca=/path/ca.pem
//	mysql://user@/database?unix_socket=/run/mysqld/mysqld.sock
func mysqlConfig(dsn string) (*mysql.Config, error) {
	u, err := parseURL(dsn)
	if err != nil {
		return nil, err
	}
	cfg := mysql.NewConfig()
	cfg.User = u.User.Username()
	cfg.Passwd, _ = u.User.Password()
	cfg.Net, cfg.Addr = "tcp", net.JoinHostPort(orElse(u.Hostname(), "127.0.0.1"), orElse(u.Port(), "3306"))
	cfg.DBName = strings.TrimPrefix(u.Path, "/")
	if cfg.DBName == "" {
		return nil, fmt.Errorf("%s names no database: use mysql://user:password@host/database", redactURL(dsn))
	}
	cfg.Timeout, cfg.ParseTime, cfg.RejectReadOnly, cfg.Logger = connectTimeout, true, true, &mysql.NopLogger{}
	if err := cfg.Apply(mysql.Charset("utf8mb4", "")); err != nil {
		return nil, err
	}
	if err := (mysqlParameters{cfg, u.Query()}).apply(); err != nil {
		return nil, fmt.Errorf("%s: %w", redactURL(dsn), err)
	}
	return cfg, nil
}

func orElse(text, other string) string {
	if text == "" {
		return other
	}
	return text
}

// mysqlParameters are what follows the question mark.
type mysqlParameters struct {
	cfg   *mysql.Config
	given url.Values
}

func (p mysqlParameters) apply() error {
	for name := range p.given {
		if err := p.one(name, p.given.Get(name)); err != nil {
			return fmt.Errorf("parameter %s: %w", name, err)
		}
	}
	return p.tls()
}

func (p mysqlParameters) one(name, value string) error {
	switch name {
	case "charset":
		// The connection has utf8mb4 whatever is asked; utf8 is what old URLs say.
		if value != "utf8mb4" && value != "utf8" {
			return errors.New("must be utf8mb4")
		}
	case "unix_socket":
		p.cfg.Net, p.cfg.Addr = "unix", value
	case "connect_timeout":
		seconds, err := strconv.ParseUint(value, 10, 16)
		if err != nil || seconds == 0 {
			return errors.New("must be a number of seconds")
		}
		p.cfg.Timeout = time.Duration(seconds) * time.Second
	case "wsrep_sync_wait": // of Galera: reads see what other nodes have committed
		if n, err := strconv.ParseUint(value, 10, 8); err != nil || n > 15 {
			return errors.New("must be a number from 0 to 15, 1 for reads")
		}
		p.cfg.Params = map[string]string{name: value}
	case "ssl", "ssl_ca", "ssl_cert", "ssl_key", "ssl_verify_identity":
	default:
		return errors.New("is not known; known are unix_socket, charset, connect_timeout, " +
			"ssl, ssl_ca, ssl_cert, ssl_key, ssl_verify_identity and wsrep_sync_wait")
	}
	return nil
}

// tls makes the TLS settings: any parameter of TLS asks for it, and the
// server's certificate is always verified.
func (p mysqlParameters) tls() error {
	on, err := p.flag("ssl", p.given.Has("ssl_ca") || p.given.Has("ssl_cert"))
	if err != nil || !on {
		return err
	}
	identity, err := p.flag("ssl_verify_identity", true)
	if err != nil {
		return err
	}
	cfg := &tls.Config{MinVersion: tls.VersionTLS12}
	if file := p.given.Get("ssl_ca"); file != "" {
		if cfg.RootCAs, err = authorities(file); err != nil {
			return err
		}
	}
	if cert := p.given.Get("ssl_cert"); cert != "" {
		pair, err := tls.LoadX509KeyPair(cert, p.given.Get("ssl_key"))
		if err != nil {
			return fmt.Errorf("ssl_cert, ssl_key: %w", err)
		}
		cfg.Certificates = []tls.Certificate{pair}
	}
	if !identity {
		verifyChainOnly(cfg)
	}
	p.cfg.TLS = cfg
	return nil
}

func (p mysqlParameters) flag(name string, otherwise bool) (bool, error) {
	if !p.given.Has(name) {
		return otherwise, nil
	}
	on, err := strconv.ParseBool(p.given.Get(name))
	if err != nil {
		return false, fmt.Errorf("parameter %s: must be true or false", name)
	}
	return on, nil
}

func authorities(file string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("ssl_ca: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("ssl_ca: %s has no certificate in PEM form", file)
	}
	return pool, nil
}

// verifyChainOnly takes any certificate of the authorities, whatever host it
// names.
func verifyChainOnly(cfg *tls.Config) {
	cfg.InsecureSkipVerify = true // of what crypto/tls does by itself
	cfg.VerifyConnection = func(s tls.ConnectionState) error {
		options := x509.VerifyOptions{Roots: cfg.RootCAs, Intermediates: x509.NewCertPool()}
		for _, c := range s.PeerCertificates[1:] {
			options.Intermediates.AddCert(c)
		}
		_, err := s.PeerCertificates[0].Verify(options)
		return err
	}
}
