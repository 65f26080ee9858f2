package server

import (
	"context"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"landbridge/internal/hwvtep"
	"landbridge/internal/l2gw"
	"landbridge/internal/lab/testenv"
	"landbridge/internal/rpc"
)

var wanLocator = hwvtep.Locator{Encapsulation: hwvtep.VXLANOverIPv4, Addr: netip.MustParseAddr("203.0.113.2"), Key: hwvtep.NewKey(456)}

// pair is a network that a gateway of two devices, each with its database,
// stretches.
type pair struct {
	*world
	stretched
}

func newPair(t *testing.T) pair {
	t.Helper()
	w := newWorld(t).run()
	p := pair{world: w}
	for _, device := range []string{"sw1", "sw2"} {
		w.report(p.holding(device, nil))
	}
	ctx := context.Background()
	p.gw = must[l2gw.Gateway](t)(w.server.Gateways().Create(ctx, l2gw.Gateway{Devices: []l2gw.Device{{Name: "sw1"}, {Name: "sw2"}}}))
	p.conn = must[l2gw.Connection](t)(w.server.Connections().Create(ctx, l2gw.Connection{GatewayID: p.gw.ID, NetworkID: blue}))
	p.remote = must[l2gw.RemoteGateway](t)(w.server.RemoteGateways().Create(ctx, l2gw.RemoteGateway{Addr: wanLocator.Addr}))
	p.rc = must[l2gw.RemoteConnection](t)(w.server.RemoteConnections().Create(ctx, l2gw.RemoteConnection{
		GatewayID: p.gw.ID, NetworkID: blue, RemoteGatewayID: p.remote.ID, TunnelKey: 456, Flood: true, Encapsulation: l2gw.VXLAN,
	}))
	return p
}

func (p pair) database(device string) string { return "tcp:" + device + ":6640" }

// holding is the report of a device that holds and confirms a logical switch.
func (p pair) holding(device string, ls *hwvtep.LogicalSwitch) rpc.Report {
	r := aReport(device)
	r.Database = p.database(device)
	r.Switches[0].TunnelIPs = []netip.Addr{netip.MustParseAddr("10.0.1." + device[len(device)-1:])}
	if ls != nil {
		r.Logical[ls.Name] = rpc.LogicalReport{Actual: hwvtep.Pack(ls), Confirmed: true}
	}
	return r
}

// plans gives what the devices are to hold.
func (p pair) plans() map[string]*hwvtep.LogicalSwitch {
	plan, err := p.server.Plan(context.Background(), []string{"sw1", "sw2"}, rpc.Since{})
	if err != nil {
		return nil
	}
	out := map[string]*hwvtep.LogicalSwitch{}
	for device, part := range plan.Switches {
		out[device] = part["landbridge/"+blue].Unpack()
	}
	return out
}

// carrier gives the device that the plan has the WAN side on, "" for none.
func (p pair) carrier() string {
	for device, ls := range p.plans() {
		if len(keyed(ls)) > 0 {
			return device
		}
	}
	return ""
}

// settle has both devices hold what they are to, and gives the carrier and the
// other one.
func (p pair) settle() (carrier, other string) {
	p.t.Helper()
	testenv.Eventually(p.t, soon, "a carrier", func() error {
		if carrier = p.carrier(); carrier == "" {
			return fmt.Errorf("none: %v", p.plans())
		}
		return nil
	})
	other = map[string]string{"sw1": "sw2", "sw2": "sw1"}[carrier]
	for device, ls := range p.plans() {
		p.report(p.holding(device, ls))
	}
	p.shows(p.stretched, "ACTIVE", "ACTIVE")
	return carrier, other
}

// onlyOn waits until the WAN side is planned for a device, "": for none.
func (p pair) onlyOn(device string) {
	p.t.Helper()
	testenv.Eventually(p.t, lostAfter+soon, "the WAN side is on "+device, func() error {
		if got := p.carrier(); got != device {
			return fmt.Errorf("it is on %q", got)
		}
		return nil
	})
}

func TestTheWANSideLeavesASwitchThatIsLost(t *testing.T) {
	p := newPair(t)
	carrier, other := p.settle()
	begun := time.Now()
	p.report(rpc.Report{Database: p.database(carrier), Error: "connection refused"})
	p.onlyOn(other)
	if took := time.Since(begun); took < lostAfter-saveEvery {
		t.Errorf("it moved after %s; a short break is no loss", took)
	}
	p.report(p.holding(other, p.plans()[other]))
	p.shows(p.stretched, "DOWN connection refused", "ACTIVE in place of")
}

func TestTheWANSideLeavesASwitchWhoseTunnelFails(t *testing.T) {
	p := newPair(t)
	carrier, other := p.settle()
	had := p.plans()[carrier]
	faulty := p.holding(carrier, had)
	faulty.Switches[0].Faults = []string{hwvtep.Fault{LogicalSwitch: had.Name, Part: wanLocator.String(), Reason: "no route"}.String()}
	p.report(faulty)
	p.onlyOn("") // the old one's rows go first
	p.shows(p.stretched, "ACTIVE", "PENDING moves from switch")
	if p.plans()[carrier] == nil || p.plans()[other] == nil {
		t.Fatal("the fabric side is gone as well")
	}
	unconfirmed := p.holding(carrier, p.plans()[carrier])
	unconfirmed.Logical[had.Name] = rpc.LogicalReport{Actual: hwvtep.Pack(p.plans()[carrier])}
	p.report(unconfirmed)
	p.shows(p.stretched, "PENDING not yet confirmed", "PENDING moves from switch")
	if got := p.carrier(); got != "" {
		t.Errorf("%s has the WAN side before %s has confirmed", got, carrier)
	}
	p.report(p.holding(carrier, p.plans()[carrier]))
	p.onlyOn(other)
	p.report(p.holding(other, p.plans()[other]))
	p.shows(p.stretched, "ACTIVE", "ACTIVE no route")
}

func TestASwitchThatNobodyReportsAnyMoreIsDown(t *testing.T) {
	w := newWorld(t)
	begun := newReports("landbridge")
	begun.load([]hwvtep.Inventory{{Database: dbAddress, Switches: aReport("sw").Switches}})
	state := func() string {
		s := begun.seen("landbridge/"+blue, []string{"sw"}).Switches["sw"]
		return fmt.Sprint(s.Silent, " ", s.Database.Error, " ", begun.errors()[dbAddress])
	}
	if got := state(); got != "true  " {
		t.Errorf("at first: %q", got)
	}
	w.server.reports = begun
	l := newLoop(w.server)
	for _, c := range []struct {
		after time.Duration
		want  string
	}{{silentFor - 1, "true  "}, {silentFor, "false " + unheard + " " + unheard}} {
		l.lookAfter(l.begun.Add(c.after))
		if got := state(); got != c.want {
			t.Errorf("after %s: %q, want %q", c.after, got, c.want)
		}
	}
	if work, _ := l.queue.take(); !work.reported.Has("sw") {
		t.Errorf("what is to be done: %+v", work)
	}
	next := newWork()
	begun.take(aReport("sw"), &next)
	if got := state(); got != "false  " {
		t.Errorf("once it is reported: %q", got)
	}
}
