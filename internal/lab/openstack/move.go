package openstack

import (
	"errors"
	"testing"

	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/extensions/portsbinding"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/ports"
	"github.com/vishvananda/netlink"
)

// Move takes the VM to another host of its cloud: the port first, as hypervisors
// do, so that the VM is away for a short time only.
func (vm *VM) Move(t testing.TB, to *Compute) {
	t.Helper()
	_, err := ports.Update(t.Context(), to.cloud.NeutronClient(t), vm.Port, portsbinding.UpdateOptsExt{
		UpdateOptsBuilder: ports.UpdateOpts{}, HostID: &to.Name,
	}).Extract()
	must(t, err)
	known, err := vm.neighbours()
	must(t, err)
	vm.Unplug(t)
	vm.Host = to
	vm.Plug(t)
	must(t, vm.recall(known))
}

// neighbours gives whom the VM knows by ARP and neighbour discovery.
func (vm *VM) neighbours() ([]netlink.Neigh, error) {
	l, err := vm.Namespace.Link(VMLink)
	if err != nil {
		return nil, err
	}
	return vm.Namespace.Netlink().NeighList(l.Attrs().Index, netlink.FAMILY_ALL)
}

// recall has the VM know neighbours again: its interface is another one, which
// that of a real one is not.
func (vm *VM) recall(known []netlink.Neigh) error {
	l, err := vm.Namespace.Link(VMLink)
	if err != nil {
		return err
	}
	for _, n := range known {
		if len(n.HardwareAddr) == 0 || n.State&netlink.NUD_NOARP != 0 {
			continue
		}
		n.LinkIndex, n.State = l.Attrs().Index, netlink.NUD_REACHABLE
		err = errors.Join(err, vm.Namespace.Netlink().NeighSet(&n))
	}
	return err
}
