package datapath

import (
	"fmt"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"landbridge/internal/lab/netns"
)

// perWait is how many packets a raw source has on their way at most: what the
// sockets of a process that forwards hold.
const perWait = 64

// stuck is how long nothing may arrive.
const stuck = 5 * time.Second

// rawSource sends packets by a socket, and waits for them: for processes, which
// lose what comes while they are busy.
type rawSource struct {
	fd      int
	packet  []byte
	arrived func() uint64
}

func newRawSource(b *testing.B, from *netns.Namespace, index int, packet []byte, arrived func() uint64) *rawSource {
	b.Helper()
	s := &rawSource{packet: packet, arrived: arrived}
	must(b, from.Do(func() (err error) {
		if s.fd, err = unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0); err != nil {
			return err
		}
		return unix.Bind(s.fd, &unix.SockaddrLinklayer{Ifindex: index})
	}))
	b.Cleanup(func() { _ = unix.Close(s.fd) })
	return s
}

// send sends n packets; all of them have arrived when it returns.
func (s *rawSource) send(n int) error {
	for sent := 0; sent < n; sent += perWait {
		want := s.arrived() + perWait
		for range perWait {
			if _, err := unix.Write(s.fd, s.packet); err != nil {
				return fmt.Errorf("send a packet: %w", err)
			}
		}
		for began := time.Now(); s.arrived() < want; {
			if time.Since(began) > stuck {
				return fmt.Errorf("%d of %d packets are lost", want-s.arrived(), perWait)
			}
			time.Sleep(20 * time.Microsecond) // between two looks: spinning would be counted as work
		}
	}
	return nil
}
