package main

import (
	"fmt"
	"testing"
	"time"

	"landbridge/internal/hwvtep"
	"landbridge/internal/lab/testenv"
)

// devices are the switches of one gateway, each with its database.
type devices struct {
	*program
	dbs map[string]*testenv.OVSDB
	rc  string
}

// stretchByTwo runs a server with a gateway of two devices that stretches the
// network.
func stretchByTwo(t *testing.T) *devices {
	t.Helper()
	p := &devices{program: newProgram(t), dbs: map[string]*testenv.OVSDB{}}
	p.dbs["sw1"], p.dbs["sw2"] = p.db, testenv.StartOVSDB(t)
	p.more = []string{"--switch", p.dbs["sw2"].TCP}
	for name, db := range p.dbs {
		db.VTEPCtl(t, "add-ps", name, "--", "set", "Physical_Switch", name, "tunnel_ips=10.0.0."+name[2:])
	}
	p.start()
	gw := p.create("l2_gateway", map[string]any{"name": "gw", "devices": []any{map[string]any{"device_name": "sw1"}, map[string]any{"device_name": "sw2"}}})
	conn := p.create("l2_gateway_connection", map[string]any{"l2_gateway_id": gw, "network_id": network})
	remote := p.create("l2_remote_gateway", map[string]any{"name": "r", "ipaddr": "203.0.113.2"})
	p.rc = p.create("l2_remote_gateway_connection", map[string]any{
		"l2_gateway_id": gw, "network_id": network, "l2_remote_gateway_id": remote, "segmentation_id": 456,
	})
	p.shows("l2_gateway_connection", conn, "ACTIVE")
	p.shows("l2_remote_gateway_connection", p.rc, "ACTIVE")
	return p
}

// carriers gives the devices that have a tunnel of the WAN side.
func (p *devices) carriers() (out []string) {
	for name, db := range p.dbs {
		if db == nil {
			continue
		}
		for _, row := range db.Rows(p.t, "Physical_Locator") {
			if row["dst_ip"] == "203.0.113.2" {
				out = append(out, name)
			}
		}
	}
	return out
}

// carriedBy waits until one device alone has the tunnel, and gives the other.
func (p *devices) carriedBy(want string) (other string) {
	p.t.Helper()
	testenv.Eventually(p.t, 20*time.Second, "the WAN side is on "+want, func() error {
		if got := p.carriers(); len(got) != 1 || got[0] != want {
			return fmt.Errorf("it is on %v", got)
		}
		return nil
	})
	return map[string]string{"sw1": "sw2", "sw2": "sw1"}[want]
}

func TestTheWANSideMovesWhenADatabaseDies(t *testing.T) {
	p := stretchByTwo(t)
	carrier := p.carriers()[0]
	other := p.carriedBy(carrier)
	died := p.dbs[carrier]
	died.Kill(t)
	p.dbs[carrier] = nil
	p.carriedBy(other)
	p.shows("l2_remote_gateway_connection", p.rc, "ACTIVE")
	// When it is back, its rows go, and for a while it is not trusted.
	died.Start(t)
	p.dbs[carrier] = died
	p.carriedBy(other)
	p.carriedBy(carrier)
	p.shows("l2_remote_gateway_connection", p.rc, "ACTIVE")
}

func TestTheWANSideMovesWhenATunnelFails(t *testing.T) {
	p := stretchByTwo(t)
	carrier := p.carriers()[0]
	other := p.carriedBy(carrier)
	fault := hwvtep.Fault{LogicalSwitch: "landbridge/" + network, Part: "vxlan_over_ipv4 203.0.113.2 key 456", Reason: "no route"}
	p.dbs[carrier].VTEPCtl(t, "set", "Physical_Switch", carrier, fmt.Sprintf("switch_fault_status=%q", fault.String()))
	p.carriedBy(other)
	p.shows("l2_remote_gateway_connection", p.rc, "ACTIVE")
	gone, came := tunnelTimes(p.dbs[carrier].Journal(t)), tunnelTimes(p.dbs[other].Journal(t))
	if len(gone) != 2 || len(came) != 1 || came[0].Before(gone[1]) {
		t.Errorf("the old device had the tunnel at %v, the new one at %v", gone, came)
	}
}

// tunnelTimes gives when a journal's database got the tunnel, lost it, and so on.
func tunnelTimes(journal []testenv.Transaction) (times []time.Time) {
	tunnels := map[string]bool{}
	for _, transaction := range journal {
		for id, row := range transaction.Rows["Physical_Locator"] {
			if row["dst_ip"] == "203.0.113.2" || row == nil && tunnels[id] {
				tunnels[id] = row != nil
				times = append(times, transaction.At)
			}
		}
	}
	return times
}
