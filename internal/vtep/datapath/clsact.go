package datapath

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/cilium/ebpf"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// clsact attaches by filters of the clsact queueing discipline, for kernels
// before 6.6. They stay without being pinned; their name tells which directory
// and which hook they belong to.
type clsact struct{ dir, prefix string }

func (c clsact) name() string { return "landbridge " + filepath.Join(c.dir, c.prefix) }

// filter is always of one handle and priority, so that a second one replaces
// the first.
func (c clsact) filter(ifIndex int) *netlink.BpfFilter {
	return &netlink.BpfFilter{
		FilterAttrs: netlink.FilterAttrs{
			LinkIndex: ifIndex,
			Parent:    netlink.HANDLE_MIN_INGRESS,
			Handle:    0x1b,
			Priority:  0x1b,
			Protocol:  unix.ETH_P_ALL,
		},
		Name:         c.name(),
		DirectAction: true,
	}
}

func qdisc(ifIndex int) netlink.Qdisc {
	return &netlink.Clsact{QdiscAttrs: netlink.QdiscAttrs{
		LinkIndex: ifIndex,
		Handle:    netlink.MakeHandle(0xffff, 0),
		Parent:    netlink.HANDLE_CLSACT,
	}}
}

func (c clsact) attached() ([]int, error) {
	links, err := netlink.LinkList()
	if err != nil {
		return nil, fmt.Errorf("list interfaces: %w", err)
	}
	var out []int
	for _, l := range links {
		have, err := c.find(l)
		if err != nil {
			return nil, err
		}
		if have != nil {
			out = append(out, l.Attrs().Index)
		}
	}
	return out, nil
}

// find gives our filter on an interface, nil where there is none.
func (c clsact) find(l netlink.Link) (*netlink.BpfFilter, error) {
	filters, err := netlink.FilterList(l, netlink.HANDLE_MIN_INGRESS)
	if err != nil {
		return nil, fmt.Errorf("list the filters of %s: %w", l.Attrs().Name, err)
	}
	for _, f := range filters {
		if b, ok := f.(*netlink.BpfFilter); ok && b.Name == c.name() {
			return b, nil
		}
	}
	return nil, nil
}

func (c clsact) attach(ifIndex int, program *ebpf.Program) error {
	err := netlink.QdiscAdd(qdisc(ifIndex))
	if err != nil && !errors.Is(err, unix.EEXIST) {
		return fmt.Errorf("add the clsact queueing discipline: %w", err)
	}
	f := c.filter(ifIndex)
	f.Fd = program.FD()
	if err := netlink.FilterReplace(f); err != nil {
		return fmt.Errorf("set the filter: %w", err)
	}
	return nil
}

// detach also removes the queueing discipline where nobody else has a filter
// there.
func (c clsact) detach(ifIndex int) error {
	if err := netlink.FilterDel(c.filter(ifIndex)); err != nil {
		return fmt.Errorf("remove the filter: %w", err)
	}
	l, err := netlink.LinkByIndex(ifIndex)
	if err != nil {
		return fmt.Errorf("look at interface %d: %w", ifIndex, err)
	}
	for _, side := range []uint32{netlink.HANDLE_MIN_INGRESS, netlink.HANDLE_MIN_EGRESS} {
		filters, err := netlink.FilterList(l, side)
		if err != nil {
			return fmt.Errorf("list the filters of %s: %w", l.Attrs().Name, err)
		}
		if len(filters) > 0 {
			return nil
		}
	}
	if err := netlink.QdiscDel(qdisc(ifIndex)); err != nil {
		return fmt.Errorf("remove the clsact queueing discipline: %w", err)
	}
	return nil
}

func (c clsact) String() string { return "clsact" }
