//go:build openstack

package openstack

import (
	"context"
	"fmt"
	"net/netip"
	"sync"
	"testing"
	"time"

	"landbridge/internal/lab/openstack"
	"landbridge/internal/lab/ping"
)

const (
	stretchedWithin = 20 * time.Second // for connections to be ACTIVE
	reachedWithin   = 2 * time.Second  // what Landbridge has, to be where the cloud says
	backWithin      = 10 * time.Second // for all to be well after a restart
	blueKey         = 456              // of network blue on the WAN
)

// clouds are two clouds, side by side and unlike: A has Keystone, and tells its
// compute nodes where everybody is; B has neither. Inside they have the same
// addresses and other VNIs.
type clouds struct {
	wan  *openstack.WAN
	a, b *site
}

// site is a cloud with its gateway, two compute nodes, and a network with a VM
// on each of them.
type site struct {
	*openstack.Cloud
	name     string
	border   *openstack.Gateway
	computes [2]*openstack.Compute
	blue     *openstack.Network
	vms      [2]*openstack.VM
	remote   *site
	before   traces // as it is without Landbridge
}

// TestTwoClouds shares two clouds: it takes a minute to start them.
func TestTwoClouds(t *testing.T) {
	w := newClouds(t)
	for _, c := range []struct {
		name string
		test func(*testing.T, *clouds)
	}{
		{"everybody reaches everybody", testReach},
		{"newcomers", testNewcomers},
		{"moves", testMoves},
		{"restarts", testRestarts},
		{"remote MACs", testRemoteMACs},
		{"two networks", testApart},
		{"a third cloud", testThirdCloud},
		{"other networks", testRefused},
		{"commands of the documentation", testDocumentation},
		{"nothing is left", testNothingLeft},
		{"nothing is left of a crash", testCrash},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, w) })
	}
}

func newClouds(t *testing.T) *clouds {
	t.Helper()
	w := &clouds{wan: openstack.NewWAN(t), a: &site{name: "a"}, b: &site{name: "b"}}
	w.a.remote, w.b.remote = w.b, w.a
	sideBySide(t,
		func() {
			w.a.start(t, openstack.Options{Keystone: true, VNIs: "1000:1999", L2Population: true, ARPResponder: true}, w.wan, 1)
		},
		func() { w.b.start(t, openstack.Options{VNIs: "2000:2999"}, w.wan, 2) },
	)
	for _, s := range []*site{w.a, w.b} {
		w.reaches(t, backWithin, s.vms[0], s.vms[1])
		w.reaches(t, backWithin, s.vms[1], s.vms[0])
		s.before = s.traces(t)
	}
	return w
}

// sideBySide does steps at the same time. Where one fails, the test ends when
// all have come to an end.
func sideBySide(t *testing.T, steps ...func()) {
	t.Helper()
	var all sync.WaitGroup
	for _, do := range steps {
		all.Go(do)
	}
	all.Wait()
	if t.Failed() {
		t.FailNow()
	}
}

// start starts the cloud. Its number keeps what it has apart from the other's.
func (s *site) start(t *testing.T, o openstack.Options, wan *openstack.WAN, number byte) {
	t.Helper()
	began := time.Now()
	s.Cloud = openstack.Start(t, o)
	sideBySide(t,
		func() { s.computes[0] = s.AddCompute(t) },
		func() { s.border = s.AddGateway(t, wan, "gw-"+s.name, onWAN(number)) },
	)
	s.computes[1] = s.AddCompute(t)
	t.Logf("cloud %s is up after %v", s.name, time.Since(began).Round(time.Second))
	s.blue = s.network(t, "blue", number)
	for i, host := range s.computes {
		s.vms[i] = s.Boot(t, fmt.Sprint("vm-", s.name, i+1), host, s.blue)
	}
}

func onWAN(number byte) netip.Prefix {
	return netip.PrefixFrom(netip.AddrFrom4([4]byte{198, 51, 100, number}), 24)
}

// network makes a network whose addresses the other cloud has too, but gives to
// nobody.
func (s *site) network(t *testing.T, name string, number byte) *openstack.Network {
	t.Helper()
	v4 := func(last byte) netip.Addr { return netip.AddrFrom4([4]byte{192, 168, 50, last}) }
	v6 := func(part string) netip.Addr {
		return netip.MustParseAddr(fmt.Sprintf("2001:db8:50::%d:%s", number, part))
	}
	return s.CreateNetwork(t, name,
		openstack.Subnet{Prefix: netip.MustParsePrefix("192.168.50.0/24"), First: v4(number * 50), Last: v4(number*50 + 49)},
		openstack.Subnet{Prefix: netip.MustParsePrefix("2001:db8:50::/64"), First: v6("1"), Last: v6("ffff")},
	)
}

// vms gives all VMs.
func (w *clouds) vms() []*openstack.VM { return append(w.a.vms[:2:2], w.b.vms[:]...) }

// reaches waits until one VM gets an answer of another, and gives how long it
// took.
func (w *clouds) reaches(t *testing.T, within time.Duration, from, to *openstack.VM) time.Duration {
	t.Helper()
	began := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	if err := ping.Until(ctx, from.Namespace, to.V4, 20*time.Millisecond); err != nil {
		t.Fatalf("%s does not reach %s within %v: %v", from.Name, to.Name, within, err)
	}
	return time.Since(began)
}
