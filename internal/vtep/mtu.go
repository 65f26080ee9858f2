package vtep

import (
	"cmp"
	"fmt"
	"math"
	"net/netip"
	"slices"

	"landbridge/internal/hwvtep"
	"landbridge/internal/vtep/forwarding"
	"landbridge/internal/vtep/underlay"
)

// way is what a tunnel's packets may be: by its pair of addresses and the
// encapsulation, which takes its part.
type way struct {
	pair          underlay.Pair
	encapsulation hwvtep.Encapsulation
}

// room is the MTU that networks may have where frames leave by it; 0 where the
// way's own is not known.
func (w way) room(states map[underlay.Pair]underlay.State) int {
	mtu := states[w.pair].NextHop.MTU
	if mtu == 0 {
		return 0
	}
	return mtu - forwarding.Overhead(w.encapsulation)
}

// narrowWay is a way to a remote gateway that is smaller than the fabric is to
// the same networks, so that full frames of compute nodes do not fit it.
type narrowWay struct {
	way
	link         string
	mtu, room    int
	fabric       netip.Addr // the widest compute node's
	fabricLink   string
	fabricRoom   int
	fabricNeeded int // MTU of the narrow way that would do
}

// String is for switch_fault_status and the log. It is no hwvtep.Fault: the
// networks work, with smaller packets.
func (n narrowWay) String() string {
	return fmt.Sprintf("MTU: %s to %s takes %d bytes, a network's packets of %d; the fabric (%s to %s) takes some of %d. "+
		"Raise the MTU of the way to %d, or set that of the networks to %d",
		n.link, n.pair.Remote, n.mtu, n.room, n.fabricLink, n.fabric, n.fabricRoom, n.fabricNeeded, n.room)
}

// narrowWays compares the ways of all networks, sorted by remote address.
func (d *desired) narrowWays(states map[underlay.Pair]underlay.State) []narrowWay {
	if !d.anyNarrow(states) {
		return nil // and every tunnel need not be looked at
	}
	found := map[way]narrowWay{}
	for _, n := range d.networks {
		widest, room := way{}, 0
		for e, t := range n.Tunnels {
			w := way{pairOf(e, t), e.Encapsulation()}
			if r := w.room(states); t.Group == forwarding.Fabric && (r > room || r == room && w.pair.Remote.Compare(widest.pair.Remote) < 0) {
				widest, room = w, r
			}
		}
		for e, t := range n.Tunnels {
			w := way{pairOf(e, t), e.Encapsulation()}
			if r := w.room(states); t.Group == forwarding.WAN && r > 0 && r < room && found[w].fabricRoom < room {
				s := states[w.pair]
				found[w] = narrowWay{
					way: w, link: s.Interface, mtu: s.NextHop.MTU, room: r,
					fabric: widest.pair.Remote, fabricLink: states[widest.pair].Interface, fabricRoom: room,
					fabricNeeded: room + forwarding.Overhead(w.encapsulation),
				}
			}
		}
	}
	out := make([]narrowWay, 0, len(found))
	for _, n := range found {
		out = append(out, n)
	}
	slices.SortFunc(out, func(a, b narrowWay) int {
		return cmp.Or(a.pair.Remote.Compare(b.pair.Remote), a.pair.Local.Compare(b.pair.Local), cmp.Compare(a.encapsulation, b.encapsulation))
	})
	return out
}

// anyNarrow tells whether a way to some remote gateway is smaller than one to some
// compute node, of whatever networks.
func (d *desired) anyNarrow(states map[underlay.Pair]underlay.State) bool {
	widest, narrowest := 0, math.MaxInt
	for w, tunnels := range d.ways {
		room := w.room(states)
		if tunnels[forwarding.Fabric] > 0 {
			widest = max(widest, room)
		}
		if tunnels[forwarding.WAN] > 0 && room > 0 {
			narrowest = min(narrowest, room)
		}
	}
	return narrowest < widest
}

// measure compares the ways, tells the log of news, and has TCP told where that
// is wanted.
func (l *loop) measure(states map[underlay.Pair]underlay.State) {
	now := l.desired.narrowWays(states)
	for _, n := range now {
		if !slices.Contains(l.narrow, n) {
			l.log.Warn(n.String())
		}
	}
	l.narrow = now
	on := l.cfg.Clamp == ClampAlways || l.cfg.Clamp == ClampAuto && len(now) > 0
	if err := l.dp.SetClamp(on); err != nil {
		l.log.Error("cannot set whether TCP is told of smaller ways; trying again", "error", err)
	}
}
