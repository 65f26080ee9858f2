package vtep

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"landbridge/internal/hwvtep"
	"landbridge/internal/ovsdb"
	"landbridge/internal/vtep/forwarding"
	"landbridge/internal/vtep/underlay"
)

func wayOf(mtu int, link string) underlay.State {
	return underlay.State{Interface: link, NextHop: underlay.NextHop{IfIndex: 2, MTU: mtu, Resolved: true}}
}

func TestNarrowWays(t *testing.T) {
	second := underlay.Pair{Local: fabricPair.Local, Remote: addr("10.0.0.12")}
	for name, test := range map[string]struct {
		states map[underlay.Pair]underlay.State
		want   string // "": none
	}{
		"equal":         {map[underlay.Pair]underlay.State{fabricPair: wayOf(1500, "f"), wanPair: wayOf(1500, "w")}, ""},
		"wider":         {map[underlay.Pair]underlay.State{fabricPair: wayOf(1500, "f"), wanPair: wayOf(9000, "w")}, ""},
		"not known":     {map[underlay.Pair]underlay.State{fabricPair: wayOf(1500, "f")}, ""},
		"fabric is":     {map[underlay.Pair]underlay.State{wanPair: wayOf(1400, "w")}, ""},
		"narrower":      {map[underlay.Pair]underlay.State{fabricPair: wayOf(1550, "f"), wanPair: wayOf(1500, "w")}, "w to 203.0.113.2 takes 1500 bytes, a network's packets of 1450; the fabric (f to 10.0.0.11) takes some of 1500. Raise the MTU of the way to 1550, or set that of the networks to 1450"},
		"widest counts": {map[underlay.Pair]underlay.State{fabricPair: wayOf(1450, "f"), second: wayOf(9000, "g"), wanPair: wayOf(1500, "w")}, "the fabric (g to 10.0.0.12) takes some of 8950"},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesired(Config{Switch: "border-1", Local: local})
			ls := joined("landbridge/one")
			ls.AddMcast(hwvtep.UnknownDst, at("10.0.0.12"))
			d.set(ls.Name, ls)
			got := d.narrowWays(test.states)
			if test.want == "" && len(got) == 0 {
				return
			}
			if len(got) != 1 || test.want == "" || !strings.Contains(got[0].String(), test.want) {
				t.Errorf("got %v, want %q", got, test.want)
			}
		})
	}
}

// Where all ways have one MTU, what encapsulations take of it decides.
func TestNarrowByItsEncapsulation(t *testing.T) {
	for fabric, narrow := range map[hwvtep.Encapsulation]bool{hwvtep.GREOverIPv4: true, hwvtep.VXLANOverIPv4: false} {
		d := newDesired(Config{Switch: "border-1", Local: local})
		ls := joined("landbridge/one")
		node := at("10.0.0.11")
		node.Encapsulation = fabric
		ls.Mcast[hwvtep.UnknownDst] = hwvtep.SetOf(node, at("203.0.113.2", 456))
		d.set(ls.Name, ls)
		got := d.narrowWays(map[underlay.Pair]underlay.State{fabricPair: wayOf(1500, "f"), wanPair: wayOf(1500, "w")})
		if (len(got) == 1) != narrow {
			t.Errorf("by %s: %v", fabric, got)
		}
	}
}

// The overhead of an encapsulation counts: GRE over IPv4 takes less than VXLAN.
func TestOverhead(t *testing.T) {
	for e, want := range map[hwvtep.Encapsulation]int{
		hwvtep.VXLANOverIPv4: 50, hwvtep.VXLANOverIPv6: 70, hwvtep.GeneveOverIPv4: 50,
		hwvtep.GeneveOverIPv6: 70, hwvtep.GREOverIPv4: 42, hwvtep.GREOverIPv6: 62,
	} {
		if got := forwarding.Overhead(e); got != want {
			t.Errorf("%s: %d, want %d", e, got, want)
		}
	}
}

// A narrow way is told once in the log, as long as it lasts in the database,
// and has TCP clamped where that is left to vtepd.
func TestNarrowWayIsTold(t *testing.T) {
	for clamp, want := range map[Clamp]bool{ClampAuto: true, ClampNever: false, ClampAlways: true} {
		inBubble(t, nil, func(b *bench) {
			b.loop.cfg.Clamp = clamp
			b.db.change(1, ovsdb.Dirty{Resync: true}, joined("landbridge/one"))
			synctest.Wait()
			tell := func(mtu int) {
				b.hops.tell(fabricPair, wayOf(1500, "f"))
				synctest.Wait()
				b.hops.tell(wanPair, wayOf(mtu, "w"))
				synctest.Wait()
			}
			faults := func() []string {
				for _, sw := range b.db.PhysicalSwitches() {
					return sw.Faults
				}
				return nil
			}
			tell(1400)
			tell(1400)
			told := slices.ContainsFunc(faults(), func(s string) bool { return strings.HasPrefix(s, "MTU: w to 203.0.113.2 takes 1400") })
			if !told || strings.Count(b.log.String(), "Raise the MTU") != 1 || b.dp.clamp != want {
				b.Errorf("%s: faults %q, clamped %t; log:\n%s", clamp, faults(), b.dp.clamp, b.log)
			}
			if _, isFault := hwvtep.ParseFault(faults()[0]); isFault {
				b.Error("it is a fault of a network")
			}
			tell(1500)
			if len(faults()) != 0 || b.dp.clamp != (clamp == ClampAlways) {
				b.Errorf("%s: afterwards: faults %q, clamped %t", clamp, faults(), b.dp.clamp)
			}
		})
	}
}

// What the database and the settings say arrives in the datapath, and is shown.
func TestGuardIsShown(t *testing.T) {
	m := newMachine(t)
	m.start("--flood-rate", "5000", "--flood-burst", "77")
	m.connect()
	m.eventuallySwitch()
	ls := joined("landbridge/one")
	ls.Ucast = hwvtep.UcastSetOf(hwvtep.Ucast{MAC: vm, Addr: addr("192.168.7.1"), Locator: at("10.0.0.11")})
	m.write(ls)
	m.eventuallyDone()
	n := m.state().Networks[0]
	if n.FloodRate != 5000 || n.FloodBurst != 77 || len(n.Neighbours) != 1 ||
		n.Neighbours[0].Address != addr("192.168.7.1") || *n.Neighbours[0].MAC != vm || n.Neighbours[0].Gateway {
		t.Errorf("%+v", n)
	}
	body, err := m.get("/metrics")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`landbridge_vtepd_neighbours{network="landbridge/one"} 1`,
		`landbridge_vtepd_neighbour_answers_total{network="landbridge/one"} 0`,
		`landbridge_vtepd_flood_limited_total{network="landbridge/one"} 0`,
		`landbridge_vtepd_too_big_answers_total 0`, `landbridge_vtepd_mss_clamped_total 0`,
		`landbridge_vtepd_drops_total{reason="filter_dhcp"} 0`, `landbridge_vtepd_drops_total{reason="too_big"} 0`,
	} {
		if !strings.Contains(string(body), want) {
			t.Errorf("no %s", want)
		}
	}
}
