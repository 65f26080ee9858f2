package ovsdb

import (
	"fmt"
	"net"
	"net/netip"
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
	case schemePTCP, schemePSSL:
		return a, fmt.Errorf("database address %q: is for switches to dial; use one of tcp:, ssl: and unix: here", s)
	}
	return a, fmt.Errorf("database address %q: use tcp:HOST:PORT, ssl:HOST:PORT or unix:PATH", s)
}

// The schemes of addresses that switches dial, and the port where none is named
// (ovsdb(7)).
const (
	schemePTCP  = "ptcp"
	schemePSSL  = "pssl"
	defaultPort = "6640"
)

// IsListen tells whether an address is one for switches to dial.
func IsListen(s string) bool {
	scheme, _, _ := strings.Cut(s, ":")
	return scheme == schemePTCP || scheme == schemePSSL
}

// ParseListen checks an address for switches to dial: ptcp:[PORT][:IP] or
// pssl:[PORT][:IP], an IPv6 address in brackets (ovsdb(7)). Without IP it is that
// of loopback: who is to be heard has to be said.
func ParseListen(s string) error {
	_, err := parseListen(s)
	return err
}

func parseListen(s string) (address, error) {
	scheme, target, _ := strings.Cut(s, ":")
	port, host, named := strings.Cut(target, ":")
	ip := netip.AddrFrom4([4]byte{127, 0, 0, 1})
	if !IsListen(s) {
		return address{}, fmt.Errorf("address %q: use ptcp:PORT:IP or pssl:PORT:IP", s)
	}
	if port == "" {
		port = defaultPort
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return address{}, fmt.Errorf("address %q: %q is not a port (1-65535)", s, port)
	}
	if named {
		var err error
		bare, bracketed := strings.CutPrefix(strings.TrimSuffix(host, "]"), "[")
		if ip, err = netip.ParseAddr(bare); err != nil || ip.Is6() != bracketed || bracketed != strings.HasSuffix(host, "]") {
			return address{}, fmt.Errorf("address %q: %q is not an IP address, IPv6 in brackets", s, host)
		}
	}
	return address{scheme, net.JoinHostPort(ip.String(), port)}, nil
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
