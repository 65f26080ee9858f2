package testenv

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"testing"

	"github.com/vishvananda/netlink"

	"landbridge/internal/ethernet"
	"landbridge/internal/lab/netns"
)

// NetNS is a network namespace that lives as long as the test that made it. It
// is named, so that "ip netns exec" finds it while the test runs. What fails
// ends the test.
type NetNS struct {
	Name string
	t    testing.TB
	ns   *netns.Namespace
}

// NewNetNS makes a Namespace whose faults end the test.
func NewNetNS(t testing.TB, label string) *NetNS {
	t.Helper()
	ns := Namespace(t, label)
	return &NetNS{Name: ns.Name, t: t, ns: ns}
}

// Namespace makes a network namespace with its loopback up. The label becomes
// part of its name, which is unique on the machine. It goes away when the test
// ends.
func Namespace(t testing.TB, label string) *netns.Namespace {
	t.Helper()
	RequireRoot(t)
	ns, err := netns.New(uniqueName(label))
	must(t, err, "prepare the test")
	t.Cleanup(func() {
		if err := errors.Join(ns.Close(), netns.Delete(ns.Name)); err != nil {
			t.Error(err)
		}
	})
	return ns
}

// RequireRoot ends the test at once, as failed, where it lacks root.
func RequireRoot(t testing.TB) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Fatal("this test makes network namespaces and loads eBPF programs: run it as root")
	}
}

// Do runs fn in the namespace, on the calling goroutine with its thread locked.
// Sockets that fn opens and processes that it starts stay in the namespace;
// goroutines that it starts do not run there.
func (n *NetNS) Do(fn func()) {
	n.t.Helper()
	err := n.ns.Do(func() error {
		fn()
		return nil
	})
	must(n.t, err, "work in %s", n.Name)
}

// Up sets a link up.
func (n *NetNS) Up(link string) {
	n.t.Helper()
	must(n.t, n.ns.Up(link), "arrange links")
}

// Down sets a link down.
func (n *NetNS) Down(link string) {
	n.t.Helper()
	must(n.t, n.ns.Down(link), "arrange links")
}

// Link gives a link by its name.
func (n *NetNS) Link(name string) netlink.Link {
	n.t.Helper()
	l, err := n.ns.Link(name)
	must(n.t, err, "look at links")
	return l
}

// MAC gives the address of a link.
func (n *NetNS) MAC(link string) ethernet.MAC {
	n.t.Helper()
	mac, err := n.ns.MAC(link)
	must(n.t, err, "look at links")
	return mac
}

// Netlink is a handle in the namespace, for what the helpers here lack. It is
// closed when the test ends.
func (n *NetNS) Netlink() *netlink.Handle { return n.ns.Netlink() }

// AddLink adds a link and sets it up.
func (n *NetNS) AddLink(l netlink.Link) {
	n.t.Helper()
	must(n.t, n.ns.AddLink(l), "arrange links")
}

// DelLink removes a link.
func (n *NetNS) DelLink(name string) {
	n.t.Helper()
	must(n.t, n.ns.DeleteLink(name), "arrange links")
}

// AddAddr gives a link an address, written "192.0.2.1/24". IPv6 addresses skip
// duplicate address detection.
func (n *NetNS) AddAddr(link, prefix string) {
	n.t.Helper()
	p, err := netip.ParsePrefix(prefix)
	must(n.t, err, "read address")
	must(n.t, n.ns.AddAddr(link, p), "arrange addresses")
}

// AddRoute adds a route; dst is a prefix.
func (n *NetNS) AddRoute(dst, via string) {
	n.t.Helper()
	p, err := netip.ParsePrefix(dst)
	must(n.t, err, "read route")
	router, err := netip.ParseAddr(via)
	must(n.t, err, "read route")
	must(n.t, n.ns.AddRoute(p, router), "arrange routes")
}

// Sysctl writes a value below /proc/sys, by its path there
// ("net/ipv4/ip_forward").
func (n *NetNS) Sysctl(path, value string) {
	n.t.Helper()
	must(n.t, n.ns.Sysctl(path, value), "set %s in %s", path, n.Name)
}

// Veth joins two namespaces by a pair of links, both up. The namespaces may be
// one.
func Veth(t testing.TB, a *NetNS, aName string, b *NetNS, bName string) {
	t.Helper()
	must(t, netns.Veth(a.ns, aName, b.ns, bName), "arrange links")
}

func uniqueName(label string) string {
	var b [4]byte
	_, _ = rand.Read(b[:]) // never fails
	return fmt.Sprintf("lb-%s-%d-%s", label, os.Getpid(), hex.EncodeToString(b[:]))
}

// must ends the test where err is not nil; the format says what was tried.
func must(t testing.TB, err error, format string, args ...any) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", fmt.Sprintf(format, args...), err)
	}
}
