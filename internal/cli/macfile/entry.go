// Package macfile reads the remote MACs of a command line and of files.
package macfile

import (
	"fmt"
	"net/netip"
	"strings"

	"landbridge/internal/ethernet"
)

// Entry is a host behind a remote connection.
type Entry struct {
	MAC  ethernet.MAC
	IP   netip.Addr // the zero Addr where none is given
	Line int        // of the file; 0 on a command line
}

// ParseEntry reads MAC[;IP].
func ParseEntry(s string) (Entry, error) {
	mac, ip, _ := strings.Cut(s, ";")
	return newEntry(mac, ip)
}

func newEntry(mac, ip string) (e Entry, err error) {
	if e.MAC, err = ethernet.ParseMAC(strings.TrimSpace(mac)); err != nil {
		return e, fmt.Errorf("%w such as fa:16:3e:00:00:01", err)
	}
	if e.MAC.IsMulticast() || e.MAC.IsZero() {
		return e, fmt.Errorf("%s is not the address of one host: it is multicast or zero", e.MAC)
	}
	if ip = strings.TrimSpace(ip); ip == "" {
		return e, nil
	}
	e.IP, err = hostAddress(ip)
	return e, err
}

// hostAddress takes what the API takes, so that a whole file can be refused
// before any of it is sent.
func hostAddress(s string) (netip.Addr, error) {
	a, err := netip.ParseAddr(s)
	a = a.Unmap()
	switch {
	case err != nil || a.Zone() != "":
		return netip.Addr{}, fmt.Errorf("%q is not an IPv4 or IPv6 address", s)
	case a.IsUnspecified() || a.IsMulticast() || a == netip.AddrFrom4([4]byte{255, 255, 255, 255}):
		return netip.Addr{}, fmt.Errorf("%q is not the address of one host", s)
	}
	return a, nil
}
