// Package packet has the packet sockets (packet(7)) by which the lab listens to
// links and sends frames of its own.
package packet

import (
	"errors"
	"fmt"
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// Socket sends and receives whole frames on one link.
type Socket struct {
	Link net.Interface

	file *os.File
	at   unix.SockaddrLinklayer
}

// Open opens a socket for frames of a protocol (unix.ETH_P_ALL: all, both ways) in
// the namespace of the calling thread, with room for buffer bytes that are not
// read yet. It hears nothing before it is bound.
func Open(link string, protocol uint16, buffer int) (*Socket, error) {
	l, err := net.InterfaceByName(link)
	if err != nil {
		return nil, fmt.Errorf("link %s: %w", link, err)
	}
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	s := &Socket{Link: *l, at: unix.SockaddrLinklayer{Protocol: protocol<<8 | protocol>>8, Ifindex: l.Index}}
	err = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, buffer)
	if err == nil {
		err = unix.Bind(fd, &s.at)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("prepare a packet socket: %w", err), unix.Close(fd))
	}
	s.file = os.NewFile(uintptr(fd), "packet socket")
	return s, nil
}

// Read waits for a frame and gives its first bytes, in buf.
func (s *Socket) Read(buf []byte) ([]byte, error) {
	raw, err := s.file.SyscallConn()
	if err != nil {
		return nil, err
	}
	var n int
	var result error
	err = raw.Read(func(fd uintptr) bool {
		n, _, result = unix.Recvfrom(int(fd), buf, 0)
		return !errors.Is(result, unix.EAGAIN)
	})
	if err = errors.Join(err, result); err != nil {
		return nil, err
	}
	return buf[:n], nil
}

// Write sends a frame. The error is unix.ENOBUFS where the link takes no more, and
// unix.ENETDOWN where it is down.
func (s *Socket) Write(frame []byte) error {
	raw, err := s.file.SyscallConn()
	if err != nil {
		return err
	}
	var result error
	err = raw.Write(func(fd uintptr) bool {
		result = unix.Sendto(int(fd), frame, 0, &s.at)
		return !errors.Is(result, unix.EAGAIN)
	})
	return errors.Join(err, result)
}

// Stats gives what the kernel has counted since the last call: packets, missed
// ones included, and missed ones.
func (s *Socket) Stats() (packets, missed uint64, err error) {
	raw, err := s.file.SyscallConn()
	if err != nil {
		return 0, 0, err
	}
	var stats *unix.TpacketStats
	var result error
	err = raw.Control(func(fd uintptr) {
		stats, result = unix.GetsockoptTpacketStats(int(fd), unix.SOL_PACKET, unix.PACKET_STATISTICS)
	})
	if err = errors.Join(err, result); err != nil {
		return 0, 0, err
	}
	return uint64(stats.Packets), uint64(stats.Drops), nil
}

// Close ends the socket, and whoever waits in Read.
func (s *Socket) Close() error { return s.file.Close() }
