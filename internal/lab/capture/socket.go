package capture

import (
	"errors"
	"fmt"
	"net"
	"os"

	"golang.org/x/sys/unix"
)

const (
	// receiveBuffer holds some seconds of a lab's traffic, so that a busy
	// machine misses nothing.
	receiveBuffer = 16 << 20
	snapLength    = 256       // bytes of a packet: all headers, outer and inner
	maxLength     = 128 << 10 // bytes of a super-packet, whole
)

// socket is a packet socket bound to one link.
type socket struct{ file *os.File }

// listen opens a socket in the namespace of the calling thread. It hears
// nothing before it is bound: protocol 0 says so to the kernel (packet(7)).
func listen(link string) (*socket, error) {
	l, err := net.InterfaceByName(link)
	if err != nil {
		return nil, err
	}
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	err = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, receiveBuffer)
	if err == nil {
		err = unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: networkOrder(unix.ETH_P_ALL), Ifindex: l.Index})
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("prepare a packet socket: %w", err), unix.Close(fd))
	}
	return &socket{os.NewFile(uintptr(fd), "packet socket")}, nil
}

func networkOrder(v uint16) uint16 { return v<<8 | v>>8 }

// read waits for a packet and gives the first bytes of it, in buf.
func (s *socket) read(buf []byte) ([]byte, error) {
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

// stats gives what the kernel has counted since the last call: packets,
// missed ones included, and missed ones.
func (s *socket) stats() (packets, missed uint64, err error) {
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

func (s *socket) close() error { return s.file.Close() }
