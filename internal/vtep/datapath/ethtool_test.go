package datapath

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// Commands of linux/ethtool.h.
const (
	setTXChecksum = unix.ETHTOOL_STXCSUM
	setTSO        = unix.ETHTOOL_STSO
	setGSO        = unix.ETHTOOL_SGSO
	setGRO        = unix.ETHTOOL_SGRO
)

// ethtool sets one value of a link through any socket.
func ethtool(fd int, link string, command, value uint32) error {
	data := [2]uint32{command, value}
	request := struct {
		name [unix.IFNAMSIZ]byte
		data unsafe.Pointer
		_    [16]byte // the rest of struct ifreq
	}{data: unsafe.Pointer(&data)}
	copy(request.name[:unix.IFNAMSIZ-1], link)
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.SIOCETHTOOL, uintptr(unsafe.Pointer(&request)))
	if errno != 0 {
		return errno
	}
	return nil
}
