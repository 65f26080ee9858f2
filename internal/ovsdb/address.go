package ovsdb

import (
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
)

// The schemes of addresses that a client can dial.
const (
	schemeTCP  = "tcp"
	schemeSSL  = "ssl"
	schemeUnix = "unix"
)

// address is a checked address: a scheme, and host:port or a path.
type address struct{ scheme, target string }

// ParseAddress checks the address of a database: tcp:HOST:PORT,
// ssl:HOST:PORT (an IPv6 host in brackets) or unix:PATH with an absolute path.
func ParseAddress(s string) error {
	_, err := parseAddress(s)
	return err
}

func parseAddress(s string) (address, error) {
	scheme, target, _ := strings.Cut(s, ":")
	a := address{scheme, target}
	switch scheme {
	case schemeTCP, schemeSSL:
		return a, checkHostPort(s, target)
	case schemeUnix:
		if !filepath.IsAbs(target) {
			return a, fmt.Errorf("database address %q: the path of a unix: address must be absolute", s)
		}
		return a, nil
	case "ptcp", "pssl", "punix":
		return a, fmt.Errorf("database address %q: waiting for the switch to connect is not supported; use one of tcp:, ssl: and unix: instead", s)
	}
	return a, fmt.Errorf("database address %q: use tcp:HOST:PORT, ssl:HOST:PORT or unix:PATH", s)
}

func checkHostPort(s, target string) error {
	host, port, err := net.SplitHostPort(target)
	if err != nil || host == "" {
		return fmt.Errorf("database address %q: want HOST:PORT after the first colon, an IPv6 address in brackets", s)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return fmt.Errorf("database address %q: %q is not a port (1-65535)", s, port)
	}
	return nil
}

// endpoint is the address as libovsdb parses it.
func (a address) endpoint() string {
	if a.scheme == schemeUnix {
		return (&url.URL{Scheme: schemeUnix, Path: a.target}).String()
	}
	return a.scheme + ":" + a.target
}
