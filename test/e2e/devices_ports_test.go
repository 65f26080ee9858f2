package e2e

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"landbridge/internal/lab"
	"landbridge/internal/lab/netns"
	"landbridge/internal/lab/ping"
	"landbridge/internal/lab/rest"
	"landbridge/internal/lab/testenv"
)

// TestPortsOfTwoDevices has a server at a port of each device of a gateway. All
// hosts of the network reach each other, also by the device that does not carry
// the WAN side; no frame comes twice or back, also while the WAN side moves. What
// one device has learned on its port the other is told, until it is forgotten.
func TestPortsOfTwoDevices(t *testing.T) {
	d := newDevices(t, (*devices).rackBoth)
	home, other := d.carrier(t)
	names := []string{"vm-a1", "vm-a2", "vm-b1", "srv-" + home, "srv-" + other}
	d.allHear(t, names)
	reaches(t, d.racks["srv-"+other], d.Spec.VM("vm-b1").Addr.Addr())
	answers(t, d.racks["srv-"+d.a.Cloud.Gateway.Name], rackAddrs[1].Addr())
	for _, device := range []string{home, other} {
		d.isTold(t, device, "srv-"+map[string]string{home: other, other: home}[device], true)
	}
	mend := d.unplug(t, "wan", d.wanPort(home))
	testenv.Eventually(t, movesWithin, "the WAN side moves", func() error {
		if !d.carries(t, other) {
			return errors.New("it does not")
		}
		return nil
	})
	d.allHear(t, names)
	if err := mend(); err != nil {
		t.Fatal(err)
	}
	shows(t, d.a, rest.Connections, d.made["a"].Connection, "ACTIVE")
	d.faultless(t)

	// A server that is gone is forgotten.
	if err := d.racks["srv-"+other].Down(vmLink); err != nil {
		t.Fatal(err)
	}
	d.isTold(t, home, "srv-"+other, false)
}

// rackAddrs are the servers' at the ports of the first and the second device.
var rackAddrs = []netip.Prefix{netip.MustParsePrefix("192.168.50.41/24"), netip.MustParsePrefix("192.168.50.42/24")}

// rackBoth puts a server at each device.
func (d *devices) rackBoth(t *testing.T) lab.Ask {
	t.Helper()
	d.racks = map[string]*netns.Namespace{}
	for i, device := range []string{d.a.Cloud.Gateway.Name, d.a.Cloud.Others[0].Name} {
		node := d.nodes[device]
		gateway, err := node.Namespace()
		if err != nil {
			t.Fatal(err)
		}
		server := testenv.Namespace(t, "srv")
		err = errors.Join(
			server.NoIPv6(), netns.Veth(gateway, "rack0", server, vmLink), server.AddAddr(vmLink, rackAddrs[i]),
			node.Stop(lab.VTEPD), node.Start(t.Context(), lab.VTEPD, "--port", "rack1=rack0", "--ageing", "5s"),
		)
		if err != nil {
			t.Fatal(err)
		}
		d.racks["srv-"+device] = server
	}
	return lab.Ask{Ports: map[string][]int{"rack1": {0}}}
}

// answers waits until packets of some size are answered. Between two datapaths of
// one kernel short ones, which a port has to fill up, do not pass: the kernel knows
// them as encapsulated still.
func answers(t *testing.T, from *netns.Namespace, to netip.Addr) {
	t.Helper()
	testenv.Eventually(t, movesWithin, to.String()+" answers", func() error {
		r, err := ping.CountSized(t.Context(), from, to, 100, 3, 20*time.Millisecond)
		if err == nil && (r.Lost() > 0 || r.Duplicates > 0) {
			err = errors.New(r.String())
		}
		return err
	})
}

// allHear waits until each host has heard each other one of late, and looks
// whether anything is wrong.
func (d *devices) allHear(t *testing.T, names []string) {
	t.Helper()
	testenv.Eventually(t, movesWithin, "all hear all", func() error {
		for _, at := range names {
			for _, of := range names {
				if s := d.Since(at, of); at != of && s > time.Second {
					return fmt.Errorf("%s has not heard %s for %s", at, of, s)
				}
			}
		}
		return nil
	})
	if err := d.Wrong(); err != nil {
		t.Fatal(err)
	}
}

// isTold waits until the database of a device has a server behind the other one,
// or has it no more.
func (d *devices) isTold(t *testing.T, device, server string, want bool) {
	t.Helper()
	mac, err := d.racks[server].MAC(vmLink)
	if err != nil {
		t.Fatal(err)
	}
	testenv.Eventually(t, activeWithin, fmt.Sprintf("%s is told of %s: %v", device, server, want), func() error {
		got := strings.Join(rows(t, d.nodes[device])["Ucast_Macs_Remote"], "\n")
		if strings.Contains(got, mac.String()) != want {
			return fmt.Errorf("of %s it has %s", mac, got)
		}
		return nil
	})
}
