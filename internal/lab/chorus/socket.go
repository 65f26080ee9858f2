package chorus

import (
	"errors"
	"fmt"
	"net"
	"os"

	"golang.org/x/sys/unix"

	"landbridge/internal/ethernet"
	"landbridge/internal/lab/netns"
)

const (
	etherType = 0x88b5 // for local experiments (IEEE 802)
	// receiveBuffer holds some seconds of frames, so that a busy machine misses
	// none.
	receiveBuffer = 4 << 20
)

// socket sends and receives frames of etherType on one link.
type socket struct {
	file *os.File
	to   unix.SockaddrLinklayer
	mac  ethernet.MAC // of the link
}

func open(ns *netns.Namespace, link string) (*socket, error) {
	s := &socket{}
	err := ns.Do(func() error {
		l, err := net.InterfaceByName(link)
		if err != nil {
			return err
		}
		s.mac = ethernet.MAC(l.HardwareAddr)
		s.to = unix.SockaddrLinklayer{Protocol: networkOrder(etherType), Ifindex: l.Index}
		fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
		if err != nil {
			return os.NewSyscallError("socket", err)
		}
		s.file = os.NewFile(uintptr(fd), "packet socket")
		return errors.Join(unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, receiveBuffer), unix.Bind(fd, &s.to))
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open a packet socket on %s in %s: %w", link, ns.Name, err), s.close())
	}
	return s, nil
}

func networkOrder(v uint16) uint16 { return v<<8 | v>>8 }

// read waits for a frame and gives its first bytes, in buf.
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

// write sends a frame, or leaves it out where the link takes none.
func (s *socket) write(frame []byte) error {
	raw, err := s.file.SyscallConn()
	if err != nil {
		return err
	}
	var result error
	err = raw.Write(func(fd uintptr) bool {
		result = unix.Sendto(int(fd), frame, 0, &s.to)
		return !errors.Is(result, unix.EAGAIN)
	})
	if errors.Is(result, unix.ENOBUFS) || errors.Is(result, unix.ENETDOWN) {
		result = nil
	}
	return errors.Join(err, result)
}

func (s *socket) close() error {
	if s.file == nil {
		return nil
	}
	return s.file.Close()
}
