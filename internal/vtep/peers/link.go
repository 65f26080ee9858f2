package peers

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"
)

// Message is what a peer has said.
type Message struct {
	From   netip.Addr
	Claims []Claim
}

// Link carries claims between peers, by UDP. Who is none of them is not heard.
type Link struct {
	conn  *net.UDPConn
	peers []netip.Addr
	port  uint16
	heard chan Message
	log   *slog.Logger
}

// Listen opens a link at an address of this device, which need not be on an
// interface yet.
func Listen(own netip.Addr, port uint16, peers []netip.Addr, log *slog.Logger) (*Link, error) {
	lc := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) (err error) {
		inner := c.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), unix.SOL_IP, unix.IP_FREEBIND, 1) })
		return errors.Join(inner, err)
	}}
	conn, err := lc.ListenPacket(context.Background(), "udp", netip.AddrPortFrom(own, port).String())
	if err != nil {
		return nil, fmt.Errorf("listen for the gateway's other devices: %w", err)
	}
	return &Link{conn: conn.(*net.UDPConn), peers: peers, port: port, heard: make(chan Message, 16), log: log}, nil
}

// Heard gives what peers say.
func (l *Link) Heard() <-chan Message { return l.heard }

// Send tells all peers. What is lost is said again.
func (l *Link) Send(claims []Claim) {
	for part := range slices.Chunk(claims, mostClaims) {
		p := encode(part)
		for _, to := range l.peers {
			if _, err := l.conn.WriteToUDPAddrPort(p, netip.AddrPortFrom(to, l.port)); err != nil {
				l.log.Debug("cannot reach another device of the gateway", "peer", to, "error", err)
			}
		}
	}
}

// Run listens until ctx ends.
func (l *Link) Run(ctx context.Context) error {
	defer context.AfterFunc(ctx, func() { _ = l.conn.Close() })()
	buf := make([]byte, 1500)
	for {
		n, from, err := l.conn.ReadFromUDPAddrPort(buf)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			continue // of a packet that was sent: nobody listens there
		}
		claims, err := decode(buf[:n])
		at := from.Addr().Unmap()
		if err != nil || !slices.Contains(l.peers, at) {
			l.log.Debug("a packet that is no claim of another device of the gateway", "from", from, "error", err)
			continue
		}
		select {
		case l.heard <- Message{at, claims}:
		case <-ctx.Done():
			return nil
		}
	}
}
