package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"landbridge/internal/lab"
	"landbridge/internal/lab/rest"
	"landbridge/internal/lab/testenv"
	"landbridge/internal/vtep"
)

const (
	// movesWithin is how long the WAN may be silent while another device takes
	// over; a device that is lost is known to be after 2 to 5 s.
	movesWithin = 20 * time.Second
	// backWithin is how long it may take until the WAN is where it was.
	backWithin = 40 * time.Second
)

// TestTheWANSideLeavesALostDevice has the device that carries the WAN side of a
// network get out of everybody's reach while it goes on forwarding. The other one
// carries it soon, and gives it back. Nothing comes twice, or back, at any host, at
// any time, and hosts of one cloud reach each other throughout.
func TestTheWANSideLeavesALostDevice(t *testing.T) {
	d := newDevices(t, noRacks)
	home, other := d.carrier(t)
	for _, c := range []struct {
		name string
		fail func(t *testing.T, device string) (mend func() error)
	}{
		{"its agent dies", d.agentDies},
		{"its daemons die", d.daemonsDie},
	} {
		t.Run(c.name, func(t *testing.T) {
			d.moves(t, other, func() func() error { return c.fail(t, home) })
			testenv.Eventually(t, backWithin, "the WAN side is where it was", func() error {
				if now, _ := d.carrier(t); now != home {
					return fmt.Errorf("it is on %s", now)
				}
				return nil
			})
			d.settled(t)
		})
	}
	d.faultless(t)
}

// TestTheWANSideLeavesADeviceThatIsCutOff pulls cables: that of the WAN at the
// device that carries the WAN side, then that of the fabric at the other.
func TestTheWANSideLeavesADeviceThatIsCutOff(t *testing.T) {
	d := newDevices(t, noRacks)
	home, other := d.carrier(t)
	d.moves(t, other, func() func() error { return d.unplug(t, "wan", d.wanPort(home)) })
	d.settled(t)
	d.moves(t, home, func() func() error { return d.unplug(t, "fabric-a", other) })
	d.settled(t)
	d.faultless(t)
}

// faultless ends the chorus and looks at the whole of it.
func (d *devices) faultless(t *testing.T) {
	t.Helper()
	if err := d.Stop(); err != nil {
		t.Error(err)
	}
	if err := d.Wrong(); err != nil {
		t.Error(err)
	}
	for _, p := range [][2]string{{"vm-a1", "vm-a2"}, {"vm-a2", "vm-a1"}} {
		if n := d.Missing(p[0], p[1]); n > 0 {
			t.Errorf("%d frames of %s are missing at %s", n, p[1], p[0])
		}
	}
}

func noRacks(*devices, *testing.T) lab.Ask { return lab.Ask{} }

// moves has a device fail, and waits until the other carries the WAN side.
func (d *devices) moves(t *testing.T, to string, fail func() (mend func() error)) {
	t.Helper()
	before := rows(t, d.b)
	d.Mark()
	began := time.Now()
	mend := fail()
	testenv.Eventually(t, movesWithin, to+" carries the WAN side", func() error {
		if !d.carries(t, to) {
			return errors.New("it does not")
		}
		return nil
	})
	t.Logf("%s carries the WAN side after %s", to, time.Since(began).Round(time.Millisecond))
	d.settled(t)
	silent := max(d.Silence("vm-b1", "vm-a1"), d.Silence("vm-a1", "vm-b1"))
	t.Logf("the WAN was silent for %s", silent.Round(time.Millisecond))
	if silent > movesWithin {
		t.Errorf("the WAN was silent for %s, at most %s", silent, movesWithin)
	}
	d.remoteSide(t, to, before)
	if err := mend(); err != nil {
		t.Fatal(err)
	}
}

// settled waits until all hosts hear each other again, by broadcasts and by
// unicast, and looks whether anything is wrong.
func (d *devices) settled(t *testing.T) {
	t.Helper()
	testenv.Eventually(t, movesWithin, "the clouds hear each other", func() error {
		for _, p := range [][2]string{{"vm-b1", "vm-a1"}, {"vm-b1", "vm-a2"}, {"vm-a1", "vm-b1"}, {"vm-a2", "vm-b1"}} {
			if s := d.Since(p[0], p[1]); s > time.Second {
				return fmt.Errorf("%s has not heard %s for %s", p[0], p[1], s)
			}
		}
		return nil
	})
	d.reach(t, "vm-a1", "vm-b1")
	d.reach(t, "vm-b1", "vm-a2")
	if err := d.Wrong(); err != nil {
		t.Fatal(err)
	}
}

// remoteSide looks at the other cloud: its database is what it was, and it has
// learned behind which address the hosts of cloud A are now.
func (d *devices) remoteSide(t *testing.T, carrier string, before map[string][]string) {
	t.Helper()
	for _, table := range []string{"Mcast_Macs_Remote", "Ucast_Macs_Remote", "Physical_Locator"} {
		if now := rows(t, d.b)[table]; fmt.Sprint(now) != fmt.Sprint(before[table]) {
			t.Errorf("%s of cloud B is %v, was %v", table, now, before[table])
		}
	}
	want := d.nodes[carrier].Cloud.Gateway.WAN.Addr()
	testenv.Eventually(t, reachWithin, "cloud B has learned the address", func() error {
		text, err := d.b.VTEPD(t.Context(), "/state")
		if err != nil {
			return err
		}
		var s vtep.State
		if err := json.Unmarshal(text, &s); err != nil {
			return err
		}
		for _, e := range s.Networks[0].FDB {
			if e.MAC == d.Spec.VM("vm-a1").MAC && e.Remote != want {
				return fmt.Errorf("%s is behind %s, want %s", e.MAC, e.Remote, want)
			}
		}
		return nil
	})
	shows(t, d.a, rest.RemoteConnections, d.made["a"].RemoteConnection, "ACTIVE")
}

// agentDies kills the agent of a device, which no other agent has.
func (d *devices) agentDies(t *testing.T, device string) func() error {
	d.agents[device].Kill(t)
	return func() error {
		d.agents[device].Start(t)
		return nil
	}
}

// daemonsDie kills the database and the dataplane's program of a device. The
// latter is started again at once, as its unit has it, and finds no database.
func (d *devices) daemonsDie(t *testing.T, device string) func() error {
	node := d.nodes[device]
	if err := errors.Join(node.Kill(lab.OVSDB), node.Kill(lab.VTEPD), node.Start(t.Context(), lab.VTEPD)); err != nil {
		t.Fatal(err)
	}
	return func() error { return node.Start(t.Context(), lab.OVSDB) }
}

// unplug pulls the cable of a device at its other end.
func (d *devices) unplug(t *testing.T, node, link string) func() error {
	t.Helper()
	ns := d.node(t, node)
	if err := ns.Down(link); err != nil {
		t.Fatal(err)
	}
	return func() error { return ns.Up(link) }
}

// wanPort is where a device is plugged in at the router.
func (d *devices) wanPort(device string) string {
	if device == d.a.Cloud.Gateway.Name {
		return "to-a"
	}
	return "to-" + device
}
