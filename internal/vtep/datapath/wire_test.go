package datapath

import (
	"errors"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"landbridge/internal/ethernet"
	"landbridge/internal/lab/testenv"
	"landbridge/internal/vtep/forwarding"
)

// wire is the far end of a gateway's one interface: the whole underlay.
type wire struct {
	t       testing.TB
	peer    *testenv.NetNS
	gw      *testenv.NetNS
	fd      int
	hop     NextHop // of all that the gateway sends
	gateway ethernet.MAC
}

// newWire makes a gateway namespace with an interface "under".
func newWire(t testing.TB) *wire {
	t.Helper()
	w := &wire{t: t, peer: testenv.NewNetNS(t, "peer"), gw: testenv.NewNetNS(t, "gw")}
	for _, n := range []*testenv.NetNS{w.peer, w.gw} {
		n.Sysctl("net/ipv6/conf/default/disable_ipv6", "1")
	}
	testenv.Veth(t, w.gw, "under", w.peer, "far")
	w.gateway = w.gw.MAC("under")
	w.hop = NextHop{IfIndex: w.gw.Link("under").Attrs().Index, Src: w.gateway, Dst: w.peer.MAC("far"), Resolved: true}
	w.peer.Do(func() { w.listen() })
	return w
}

const ethPAll = unix.ETH_P_ALL>>8 | unix.ETH_P_ALL&0xff<<8

func (w *wire) listen() {
	w.t.Helper()
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		w.t.Fatal(err)
	}
	w.fd = fd
	w.t.Cleanup(func() { _ = unix.Close(fd) })
	to := &unix.SockaddrLinklayer{Protocol: ethPAll, Ifindex: w.peer.Link("far").Attrs().Index}
	timeout := unix.NsecToTimeval(int64(100 * time.Millisecond))
	if err := errors.Join(
		unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_IGNORE_OUTGOING, 1),
		unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 8<<20),
		unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &timeout),
		unix.Bind(fd, to),
	); err != nil {
		w.t.Fatal(err)
	}
}

// send puts a packet on the wire, addressed to the gateway.
func (w *wire) send(p packet) {
	w.t.Helper()
	p.dstMAC = w.gateway
	if _, err := unix.Write(w.fd, p.build(w.t)); err != nil {
		w.t.Fatal(err)
	}
}

// received gives what came from the gateway, by tunnel: at least so many packets,
// until there is silence.
func (w *wire) received(atLeast int) map[forwarding.Endpoint][]packet {
	w.t.Helper()
	out := map[forwarding.Endpoint][]packet{}
	w.frames(atLeast, func(frame []byte) bool {
		if frame[12] != 0x08 || frame[13] != 0 || frame[23] != 17 {
			return false // the kernel's own: ARP, ICMP
		}
		p := decode(w.t, frame)
		out[at(p.dst, p.vni)] = append(out[at(p.dst, p.vni)], p)
		return true
	})
	return out
}

// frames hands over what comes until so many have been taken and there is silence.
func (w *wire) frames(atLeast int, take func(frame []byte) bool) {
	w.t.Helper()
	buf := make([]byte, 4096)
	for deadline := time.Now().Add(10 * time.Second); ; {
		n, err := unix.Read(w.fd, buf)
		if errors.Is(err, unix.EAGAIN) {
			if atLeast <= 0 || time.Now().After(deadline) {
				return
			}
			continue
		}
		if err != nil {
			w.t.Fatal(err)
		}
		if take(append([]byte(nil), buf[:n]...)) {
			atLeast--
		}
	}
}

// openGateway opens a datapath on the wire; all its next hops are the far end.
func (w *wire) openGateway(networks ...*forwarding.Network) *Datapath {
	w.t.Helper()
	var d *Datapath
	w.gw.Do(func() {
		d = open(w.t, "under")
		c := changes{}
		for _, n := range networks {
			c[n.Name] = n
		}
		d.apply(w.t, c)
		w.resolve(d)
	})
	return d
}

func (w *wire) resolve(d *Datapath) {
	w.t.Helper()
	hops := map[Pair]NextHop{}
	for _, p := range d.Pairs() {
		hops[p] = w.hop
	}
	if err := errors.Join(d.SetNextHops(hops), d.Ensure()); err != nil {
		w.t.Fatal(err)
	}
}
