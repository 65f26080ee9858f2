package vtep

import (
	"fmt"
	"net/netip"
	"time"

	"landbridge/internal/hwvtep"
	"landbridge/internal/vtep/forwarding"
	"landbridge/internal/vtep/peers"
)

// link is what the loop needs of the way to the gateway's other devices.
type link interface {
	Heard() <-chan peers.Message
	Send(claims []peers.Claim)
}

// beside has the claims of this switch and of its peers; without peers it is nil,
// and nothing is ever withheld.
type beside struct {
	claims *peers.Claims
	// withheld has networks whose WAN side is left out, as they would be.
	withheld map[string]forwarding.Network
}

func newBeside(own netip.Addr) *beside {
	return &beside{claims: peers.New(own, time.Now()), withheld: map[string]forwarding.Network{}}
}

// allow gives what this switch may forward of a network: all but its WAN side,
// where a peer carries that, or may still.
func (b *beside) allow(name string, n forwarding.Network, ok, pinned bool) forwarding.Network {
	if b == nil {
		return n
	}
	delete(b.withheld, name)
	if !ok || !n.HasWAN() {
		b.claims.Drop(name)
		return n
	}
	b.claims.Want(name, pinned, time.Now())
	if may, _ := b.claims.May(name); may {
		return n
	}
	b.withheld[name] = n
	return n.WithoutWAN()
}

// faults says which WAN sides peers carry in place of this switch.
func (b *beside) faults() (out []string) {
	if b == nil {
		return nil
	}
	for name, n := range b.withheld {
		if _, by := b.claims.May(name); by.IsValid() {
			for l := range n.WANLocators() {
				out = append(out, hwvtep.Fault{
					LogicalSwitch: name, Part: l.String(),
					Reason: fmt.Sprintf("device %s of the gateway carries the WAN side, since nobody has taken it back from this one", by),
				}.String())
			}
		}
	}
	return out
}

// undecided tells whether some WAN side waits for peers to give it up.
func (b *beside) undecided() bool {
	if b == nil {
		return false
	}
	for name := range b.withheld {
		if _, by := b.claims.May(name); !by.IsValid() {
			return true
		}
	}
	return false
}

// reconsider takes in that networks may be carried, or not any more, and gives
// those whose forwarding is another than before.
func (d *desired) reconsider(names []string) (changed []string) {
	for _, name := range names {
		n, held := d.beside.withheld[name]
		old, ok := d.networks[name]
		if !held {
			n = old
		}
		if now := d.beside.allow(name, n, ok, false); ok && !now.Equal(old) {
			d.replace(name, now, true)
			changed = append(changed, name)
		}
	}
	return changed
}

// fromPeers gives what peers say and when to look at claims; nothing without peers.
func (l *loop) fromPeers() (heard <-chan peers.Message, tick <-chan time.Time, end func()) {
	if l.peers == nil {
		return nil, nil, func() {}
	}
	t := time.NewTicker(peers.TickEvery)
	return l.peers.Heard(), t.C, t.Stop
}

// heardPeer takes in what a peer claims.
func (l *loop) heardPeer(m peers.Message) {
	l.carry(l.desired.beside.claims.Hear(m.From, m.Claims, time.Now()))
}

// tickPeers lets time pass for claims, and says ours.
func (l *loop) tickPeers() {
	l.carry(l.desired.beside.claims.Tick(time.Now()))
}

// carry takes up WAN sides, or gives them up.
func (l *loop) carry(turned []string) {
	changed := l.desired.reconsider(turned)
	for _, name := range changed {
		if may, by := l.desired.beside.claims.May(name); may {
			l.log.Info("this switch carries the WAN side of a network", "network", name)
		} else {
			l.log.Warn("another device of the gateway carries the WAN side of a network", "network", name, "peer", by)
		}
		l.pending[name] = struct{}{}
	}
	if len(changed) > 0 {
		l.apply()
	}
	l.sayClaims()
}

// sayClaims tells peers what there is to say.
func (l *loop) sayClaims() {
	if l.desired.beside == nil {
		return
	}
	if say := l.desired.beside.claims.Say(); len(say) > 0 {
		l.peers.Send(say)
	}
}
