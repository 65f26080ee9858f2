package datapath

import (
	"cmp"
	"log/slog"
	"time"
)

// Config says where a datapath lives and how big it is.
type Config struct {
	// PinDir is a directory on a BPF file system, made if absent. All that one
	// datapath pins is in there, and nothing else may be.
	PinDir string
	// Interfaces are those that tunnelled packets arrive by. One may serve both
	// sides.
	Interfaces []string
	// XDP has those of them, by name, that forward unicast hits by XDP too. One
	// whose driver cannot has TC alone, which Modes tells.
	XDP map[string]XDPMode
	// VXLANPort and GenevePort are the UDP ports of tunnels; 0 are 4789 and 6081.
	VXLANPort, GenevePort uint16
	// Segmenter has a veth pair made once there are tunnels of different shapes
	// (UDP or GRE, over IPv4 or IPv6). Without it super-packets that would have to
	// become another shape are dropped.
	Segmenter bool
	// GRO keeps an idle device for each of these ports, see gro.go.
	GRO bool
	// Ports are the interfaces of physical ports, by the ports' names. None of
	// them may be one of Interfaces.
	Ports  map[string]string
	Logger *slog.Logger
	Sizes  Sizes
	// Lease is how long the next hops that were set are believed after the last
	// Ensure. Then the kernel resolves each packet's neighbour: slower, and
	// right even while nobody is there to tell of changes. 0 is DefaultLease;
	// it counts in steps of about a second.
	Lease time.Duration
	// MACLimit is how many addresses a network may learn that has no limit of
	// its own; 0 is no limit.
	MACLimit uint32
}

// DefaultLease is for callers that call Ensure every 30 seconds or more often.
const DefaultLease = 2 * time.Minute

// Sizes are the most that the maps hold; 0 is the default. A directory keeps
// the sizes it was made with: to change them, Remove it first. Besides, each CPU has
// a cache of 512 KiB.
type Sizes struct {
	Tunnels  uint32 // default 327680; 150 bytes each and 32 for each CPU
	Networks uint32 // default 65536
	NextHops uint32 // pairs of underlay addresses; default 16384
	FDB      uint32 // MAC addresses, static and learned; default 262144; 80 bytes each
}

func (c Config) withDefaults() Config {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	c.Lease = cmp.Or(c.Lease, DefaultLease)
	c.VXLANPort = cmp.Or(c.VXLANPort, 4789)
	c.GenevePort = cmp.Or(c.GenevePort, 6081)
	c.Sizes.Tunnels = cmp.Or(c.Sizes.Tunnels, 5<<16)
	c.Sizes.Networks = cmp.Or(c.Sizes.Networks, 65536)
	c.Sizes.NextHops = cmp.Or(c.Sizes.NextHops, 16384)
	c.Sizes.FDB = cmp.Or(c.Sizes.FDB, 262144)
	return c
}

// entries gives the size of each map whose size is set. Id 0 is none, so that
// arrays have one more.
func (s Sizes) entries() map[string]uint32 {
	return map[string]uint32{
		kernelMapArrivals:    s.Tunnels,
		kernelMapTunnels:     s.Tunnels + 1,
		kernelMapTraffic:     s.Tunnels + 1,
		kernelMapAddresses:   2 * s.Tunnels,
		kernelMapNexthops:    s.NextHops + 1,
		kernelMapFloods:      s.Networks + 1,
		kernelMapNetworks:    s.Networks,
		kernelMapLearned:     s.Networks + 1,
		kernelMapGenerations: s.Networks + 1,
		kernelMapCounters:    s.Networks,
		kernelMapFdb:         s.FDB,

		kernelMapNeighbours: s.FDB,
		kernelMapBuckets:    s.Networks + 1,
	}
}
