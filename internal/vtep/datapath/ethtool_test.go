package datapath

import "golang.org/x/sys/unix"

// Commands of linux/ethtool.h.
const (
	setTXChecksum = unix.ETHTOOL_STXCSUM
	setTSO        = unix.ETHTOOL_STSO
	setGSO        = unix.ETHTOOL_SGSO
	setGRO        = unix.ETHTOOL_SGRO
)
