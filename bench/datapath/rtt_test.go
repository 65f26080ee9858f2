package datapath

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"golang.org/x/net/icmp"
	"golang.org/x/net/ipv4"
	"golang.org/x/sys/unix"

	"landbridge/bench/measure"
)

// pingsPerRound is how many round trips a round has, one after the other.
const pingsPerRound = 3000

// BenchmarkRoundTrip finds how long an echo from host to host takes.
func BenchmarkRoundTrip(b *testing.B) {
	all := atTC(b)
	got := series{}
	for n := range *rounds {
		say("round %d of %d", n+1, *rounds)
		for _, r := range all {
			sample := r.echoes(b, pingsPerRound)
			say("  %s: median %v, p95 %v", r.name, sample.Median(), sample.P95())
			got.add(r.name, float64(sample.Median().Nanoseconds())/1e3)
		}
	}
	s := section{title: "Round trip"}
	for _, r := range all {
		s.figures = append(s.figures, got.alone(r.name, "µs"))
	}
	found = append(found, s.append(
		got.less(oursTC, plain, "µs").atLeast(1/1.10, "≤ 1.10 times"),
		got.less(oursTC, bridge, "µs").Figure,
	))
}

// echoes pings the second host from the first. The thread that asks also waits,
// so that no scheduler of ours is measured.
func (r *rival) echoes(b *testing.B, n int) (out measure.Sample) {
	b.Helper()
	must(b, r.compute1.Do(func() error {
		return onCore(func() error {
			fd, err := unix.Socket(unix.AF_INET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.IPPROTO_ICMP)
			if err != nil {
				return err
			}
			defer func() { _ = unix.Close(fd) }()
			if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Sec: 5}); err != nil {
				return err
			}
			for seq := range n {
				took, err := echo(fd, seq)
				if err != nil {
					return fmt.Errorf("ping %d through %s: %w", seq, r.name, err)
				}
				out = append(out, took)
			}
			return nil
		})
	}))
	return out
}

// echo sends one request and waits for its answer.
func echo(fd, seq int) (time.Duration, error) {
	m := icmp.Message{Type: ipv4.ICMPTypeEcho, Body: &icmp.Echo{ID: 1, Seq: seq, Data: make([]byte, 16)}}
	request, err := m.Marshal(nil)
	if err != nil {
		return 0, err
	}
	began := time.Now()
	if err := unix.Sendto(fd, request, 0, &unix.SockaddrInet4{Addr: netip.MustParseAddr(host2IP).As4()}); err != nil {
		return 0, err
	}
	for buffer := make([]byte, 256); ; {
		n, _, err := unix.Recvfrom(fd, buffer, 0)
		if errors.Is(err, unix.EINTR) { // the Go runtime's signals; with a timeout no call begins anew
			continue
		}
		if err != nil {
			return 0, err
		}
		const header = 20 // of IP
		if n >= header+8 && buffer[header] == 0 && int(binary.BigEndian.Uint16(buffer[header+6:])) == seq&0xffff {
			return time.Since(began), nil
		}
	}
}
