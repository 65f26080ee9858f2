package datapath

import (
	"errors"
	"fmt"
	"hash/crc32"
	"path/filepath"
	"unsafe"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// The interfaces that a datapath makes for itself. They have no addresses and
// speak no protocol. Their names tell which directory they belong to.

// roleOfLink is what an interface is for; the end of its name.
type roleOfLink string

const (
	segmentOut roleOfLink = "o" // packets go in here
	segmentIn  roleOfLink = "i" // and their segments arrive here
	groVXLAN   roleOfLink = "v"
	groGeneve  roleOfLink = "g"
)

func linkName(dir string, role roleOfLink) string {
	return fmt.Sprintf("lb-%08x-%s", crc32.ChecksumIEEE([]byte(filepath.Clean(dir))), role)
}

// removeLinks removes those that are there.
func removeLinks(dir string) error {
	var errs []error
	for _, role := range []roleOfLink{segmentOut, segmentIn, groVXLAN, groGeneve} {
		errs = append(errs, removeLink(linkName(dir, role)))
	}
	return errors.Join(errs...)
}

func removeLink(name string) error {
	l, err := netlink.LinkByName(name)
	if errors.As(err, &netlink.LinkNotFoundError{}) {
		return nil
	}
	if err == nil {
		err = netlink.LinkDel(l)
	}
	if err != nil {
		return fmt.Errorf("remove interface %s: %w", name, err)
	}
	return nil
}

// quiet sets a link up that nobody is to speak by.
func quiet(l netlink.Link) error {
	err := netlink.LinkSetIP6AddrGenMode(l, nl.IN6_ADDR_GEN_MODE_NONE)
	if err != nil && !errors.Is(err, unix.EAFNOSUPPORT) { // without IPv6 there are none anyway
		return fmt.Errorf("keep addresses off %s: %w", l.Attrs().Name, err)
	}
	if err := errors.Join(netlink.LinkSetARPOff(l), netlink.LinkSetUp(l)); err != nil {
		return fmt.Errorf("set %s up: %w", l.Attrs().Name, err)
	}
	return nil
}

// setOffload switches an offload of a link (linux/ethtool.h: ETHTOOL_S…).
func setOffload(link string, command, value uint32) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("open a socket: %w", err)
	}
	defer func() { _ = unix.Close(fd) }()
	data := [2]uint32{command, value}
	request := struct {
		name [unix.IFNAMSIZ]byte
		data unsafe.Pointer
		_    [16]byte // the rest of struct ifreq
	}{data: unsafe.Pointer(&data)}
	copy(request.name[:unix.IFNAMSIZ-1], link)
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.SIOCETHTOOL, uintptr(unsafe.Pointer(&request)))
	if errno != 0 {
		return fmt.Errorf("set offload %#x of %s to %d: %w", command, link, value, errno)
	}
	return nil
}
