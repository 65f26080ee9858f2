package datapath

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"landbridge/internal/ethernet"
	"landbridge/internal/vtep/forwarding"
)

// Pair is the two ends of tunnels. Tunnels of all networks between them share
// a next hop.
type Pair struct {
	Local, Remote netip.Addr
}

// NextHop is how packets of a pair leave.
type NextHop struct {
	IfIndex  int          // 0: no route is known, the kernel is asked for each packet
	Src, Dst ethernet.MAC // of the interface, of the neighbour
	MTU      int          // bytes of an IP packet
	// Resolved says that IfIndex, Src and Dst are good to use. Otherwise the
	// kernel resolves the neighbour for each packet.
	Resolved bool
}

// path is a pair that tunnels use.
type path struct {
	id    uint32
	users int
	pair  Pair // zero on a port
}

// SetNextHop is SetNextHops for one pair.
func (d *Datapath) SetNextHop(remote, local netip.Addr, h NextHop) error {
	return d.SetNextHops(map[Pair]NextHop{{Local: local, Remote: remote}: h})
}

// SetNextHops replaces the next hops of the pairs given. That of a pair that no
// tunnel uses yet is kept for the tunnel to come; the zero NextHop is
// forgotten.
func (d *Datapath) SetNextHops(hops map[Pair]NextHop) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	var errs []error
	for pair, hop := range hops {
		if hop == (NextHop{}) {
			delete(d.hops, pair)
		} else {
			d.hops[pair] = hop
		}
		if p := d.paths[pair]; p != nil {
			errs = append(errs, d.writeHop(p.id, pair))
		}
	}
	return errors.Join(errs...)
}

// Pairs gives the pairs that tunnels use: those to set next hops for.
func (d *Datapath) Pairs() []Pair {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Collect(maps.Keys(d.paths))
}

func (d *Datapath) writeHop(id uint32, pair Pair) error {
	h := d.hops[pair]
	hop := kernelNexthop{Ifindex: uint32(h.IfIndex), Mtu: uint32(h.MTU), Dst: h.Dst, Src: h.Src}
	if h.Resolved {
		hop.Resolved = 1
	}
	if err := d.kernel.Nexthops.Put(id, hop); err != nil {
		return fmt.Errorf("write the next hop from %s to %s: %w", pair.Local, pair.Remote, err)
	}
	return nil
}

// usePath counts a tunnel of the pair in. The first one takes a place for it.
func (d *Datapath) usePath(pair Pair) (*path, error) {
	p := d.paths[pair]
	if p == nil {
		id, err := d.pathIDs.take()
		if err != nil {
			return nil, err
		}
		if err := d.writeHop(id, pair); err != nil {
			d.pathIDs.release(id)
			return nil, err
		}
		p = &path{id: id, pair: pair}
		d.paths[pair] = p
	}
	p.users++
	return p, nil
}

// leavePath counts a tunnel out. The last one empties the place.
func (d *Datapath) leavePath(p *path) error {
	if p.users--; p.users > 0 {
		return nil
	}
	delete(d.paths, p.pair)
	d.pathIDs.release(p.id)
	return d.kernel.Nexthops.Put(p.id, kernelNexthop{})
}

// useWay counts a tunnel in at its next hop or port.
func (d *Datapath) useWay(e forwarding.Endpoint, local netip.Addr) (*path, error) {
	if e.IsPort() {
		return d.usePort(e.Port())
	}
	return d.usePath(Pair{Local: local, Remote: e.Remote()})
}

// leaveWay counts it out.
func (d *Datapath) leaveWay(t *tunnel) error {
	if t.endpoint.IsPort() {
		return d.leavePort(t.endpoint.Port())
	}
	return d.leavePath(t.path)
}

// ticks is the clock of the program: 2^30 ns each.
func ticks() (uint32, error) {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now); err != nil {
		return 0, fmt.Errorf("read the monotonic clock: %w", err)
	}
	return uint32(now.Nano() >> tickShift), nil
}

// sinceMonotonic gives how long ago a moment of the monotonic clock, in ns, was.
func sinceMonotonic(moment uint64) (time.Duration, error) {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now); err != nil {
		return 0, fmt.Errorf("read the monotonic clock: %w", err)
	}
	return time.Duration(now.Nano() - int64(moment)), nil
}

const tickShift = 30 // TICK_SHIFT in bpf/model.h

// renew makes the next hops believed for another lease.
func (d *Datapath) renew() error {
	now, err := ticks()
	if err != nil {
		return err
	}
	d.trustedUntil = now + uint32(max(d.cfg.Lease.Nanoseconds()>>tickShift, 1))
	return d.writeState()
}

func (d *Datapath) writeState() error {
	s := kernelState{Format: format, TrustedUntil: d.trustedUntil, SegmentOut: d.segmenter.out, SegmentIn: d.segmenter.in, Clamp: d.clamp}
	if err := d.kernel.State.Put(uint32(0), s); err != nil {
		return fmt.Errorf("write the lease of next hops and the segmenter: %w", err)
	}
	return nil
}
