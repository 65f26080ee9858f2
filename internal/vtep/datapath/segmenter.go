package datapath

// segmenter is the veth pair by which packets become those of wire size: see
// bpf/segment.h. Interfaces are by index; 0 where there is none.
type segmenter struct {
	out, in uint32
}
