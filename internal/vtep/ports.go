package vtep

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"landbridge/internal/ethernet"
	"landbridge/internal/hwvtep"
	"landbridge/internal/vtep/datapath"
	"landbridge/internal/vtep/forwarding"
	"landbridge/internal/vtep/underlay"
)

const (
	// portsEvery is how often the interfaces of ports are looked at.
	portsEvery = time.Second
	// The FDB is read for what was learned on ports this often, and in no more
	// than a twentieth of the time.
	scanAtMostEvery = 2 * time.Second
	scanShare       = 20
	// statsEvery is how often the database gets the counters of bindings.
	statsEvery = 10 * time.Second
)

// ports is what the loop tells of physical ports.
type ports struct {
	states  []datapath.PortState
	local   hwvtep.Local
	stats   map[hwvtep.Binding]hwvtep.BindingStats
	round   uint64 // of stats; 0 before the first
	nextFDB time.Time
	nextRun time.Time // of the counters
}

// lookAtPorts follows interfaces, also those of the underlay that do not exist,
// and of ports what is learned on them and what they count.
func (l *loop) lookAtPorts() {
	states, err := l.dp.FollowPorts()
	changed := !slices.EqualFunc(states, l.ports.states, datapath.PortState.Equal)
	if err != nil || changed || errors.Is(l.broken, datapath.ErrNoInterface) {
		l.ports.states = states
		l.attach()
	}
	now := time.Now()
	if !now.Before(l.ports.nextFDB) {
		changed = l.scan() || changed
		l.ports.nextFDB = now.Add(max(scanAtMostEvery, time.Since(now)*scanShare))
	}
	if !now.Before(l.ports.nextRun) {
		changed = l.countBindings() || changed
		l.ports.nextRun = now.Add(statsEvery)
	}
	if changed {
		l.tell()
	}
}

// scan reads what was learned on ports, and tells whether it is news.
func (l *loop) scan() bool {
	local := hwvtep.Local{}
	for name := range l.desired.bound {
		local[name] = hwvtep.Set[ethernet.MAC]{}
	}
	if len(local) > 0 {
		err := l.dp.VisitFDB(func(network string, e datapath.Entry) {
			if macs := local[network]; macs != nil && !e.Static && e.Endpoint.IsPort() {
				macs.Add(e.MAC)
			}
		})
		if err != nil {
			l.log.Error("cannot read what was learned on ports; trying again", "error", err)
			return false
		}
	}
	news := !maps.EqualFunc(local, l.ports.local, hwvtep.Set[ethernet.MAC].Equal)
	l.ports.local = local
	return news
}

func hasPorts(n forwarding.Network) bool {
	for e := range n.Tunnels {
		if e.IsPort() {
			return true
		}
	}
	return false
}

// countBindings reads the counters of ports.
func (l *loop) countBindings() bool {
	traffic, err := l.dp.PortTraffic()
	if err != nil {
		l.log.Error("cannot read the counters of ports; trying again", "error", err)
		return false
	}
	l.ports.stats = make(map[hwvtep.Binding]hwvtep.BindingStats, len(traffic))
	for e, t := range traffic {
		l.ports.stats[e.Binding(l.cfg.Switch)] = hwvtep.BindingStats{
			PacketsFromLocal: t.RxPackets, BytesFromLocal: t.RxBytes,
			PacketsToLocal: t.TxPackets, BytesToLocal: t.TxBytes,
		}
	}
	l.ports.round++
	return true
}

// portFaults gives port_fault_status of every port, sorted.
func (l *loop) portFaults(hops map[underlay.Pair]underlay.State) map[string][]string {
	out := map[string][]string{}
	if len(l.ports.states) == 0 {
		return out // to find the room is to look at every tunnel
	}
	room := l.desired.roomOfPorts(hops)
	for _, s := range l.ports.states {
		out[s.Name] = faultsOfPort(s, room[s.Name])
	}
	return out
}

// faultsOfPort says what is wrong with a port, onto which frames of up to room
// bytes come out of tunnels.
func faultsOfPort(s datapath.PortState, room int) []string {
	out := []string{}
	add := func(format string, args ...any) {
		out = append(out, fmt.Sprintf("interface %s ", s.Interface)+fmt.Sprintf(format, args...))
	}
	switch {
	case !s.Present:
		add("does not exist")
		return out
	case !s.Up:
		add("is down: set it up")
	case !s.Carrier:
		add("has no carrier")
	}
	if s.Master != "" {
		add("is part of %s, which gets no frames while this is a port: take it out", s.Master)
	}
	if len(s.Addrs) > 0 {
		add("has the address %s, which nobody reaches while this is a port: remove it", s.Addrs[0].Addr())
	}
	if room > s.MTU {
		add("has an MTU of %d: frames of up to %d bytes, as they come out of tunnels, do not fit", s.MTU, room)
	}
	slices.Sort(out)
	return out
}

// tunnelOverhead is what a tunnel adds to the contents of a frame: its Ethernet
// header, VXLAN, UDP and IPv4.
const tunnelOverhead = 14 + 8 + 8 + 20

// roomOfPorts gives, by port, the longest contents of frames that tunnels of its
// networks can bring.
func (d *desired) roomOfPorts(hops map[underlay.Pair]underlay.State) map[string]int {
	out := map[string]int{}
	for name := range d.bound {
		n, room := d.networks[name], 0
		for p := range pairsOf(n) {
			room = max(room, hops[p].NextHop.MTU-tunnelOverhead)
		}
		for e := range n.Tunnels {
			if e.IsPort() {
				out[e.Port()] = max(out[e.Port()], room)
			}
		}
	}
	return out
}

// localOf is the locator of local MACs: where compute nodes tunnel to.
func localOf(cfg Config) hwvtep.Locator {
	if !cfg.Local.Fabric.IsValid() {
		return hwvtep.Locator{Encapsulation: hwvtep.VXLANOverIPv6, Addr: cfg.Local.Fabric6}
	}
	return hwvtep.Locator{Encapsulation: hwvtep.VXLANOverIPv4, Addr: cfg.Local.Fabric}
}

// sameFaults tells whether ports show what they have to.
func sameFaults(shown *hwvtep.PhysicalSwitch, want map[string][]string) bool {
	for name, faults := range want {
		if p := shown.Port(name); p != nil && !slices.Equal(p.Faults, faults) && len(p.Faults)+len(faults) > 0 {
			return false
		}
	}
	return true
}
