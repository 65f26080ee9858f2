package openstack

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/extensions/portsbinding"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/ports"

	"landbridge/internal/ethernet"
	"landbridge/internal/lab/netns"
	"landbridge/internal/lab/testenv"
)

// VMLink is the network interface of a VM.
const VMLink = "eth0"

// activeWithin is how long a port may take to be ACTIVE.
const activeWithin = time.Minute

// VM is a virtual machine, as far as a network can tell: a namespace with an
// interface that is plugged into a compute node as a port of Neutron.
type VM struct {
	Name      string
	Namespace *netns.Namespace
	Port      string // its id
	MAC       ethernet.MAC
	V4, V6    netip.Addr
	Network   *Network
	Host      *Compute

	prefixes []netip.Prefix
	plugged  bool
}

// Boot starts a VM, which ends with its test, and returns when its port is
// ACTIVE.
func (c *Cloud) Boot(t *testing.T, name string, host *Compute, network *Network) *VM {
	t.Helper()
	vm := c.Place(t, name, host, network)
	vm.Plug(t)
	vm.AwaitActive(t)
	return vm
}

// Place makes a VM's port, and all but the link between it and its host.
func (c *Cloud) Place(t *testing.T, name string, host *Compute, network *Network) *VM {
	t.Helper()
	var made Port
	must(t, ports.Create(t.Context(), c.NeutronClient(t), portsbinding.CreateOptsExt{
		CreateOptsBuilder: ports.CreateOpts{NetworkID: network.ID, Name: name, DeviceID: name, DeviceOwner: "compute:nova", ProjectID: project},
		HostID:            host.Name,
	}).ExtractInto(&made))
	vm := &VM{Name: name, Namespace: testenv.Namespace(t, name), Port: made.ID, Network: network, Host: host}
	t.Cleanup(func() { vm.Delete(t) })
	var err error
	vm.MAC, err = ethernet.ParseMAC(made.MAC)
	must(t, err)
	for _, ip := range made.FixedIPs {
		vm.take(ip.Address)
	}
	return vm
}

// take gives the VM an address of the network.
func (vm *VM) take(addr netip.Addr) {
	for _, s := range vm.Network.subnets {
		if s.Contains(addr) {
			vm.prefixes = append(vm.prefixes, netip.PrefixFrom(addr, s.Bits()))
		}
	}
	if addr.Is4() {
		vm.V4 = addr
	} else {
		vm.V6 = addr
	}
}

// tap is the VM's end in its host.
func (vm *VM) tap() string { return "tap" + vm.Port[:11] }

// Plug joins the VM to its host, as a hypervisor does.
func (vm *VM) Plug(t testing.TB) {
	t.Helper()
	must(t, errors.Join(
		netns.Veth(vm.Namespace, VMLink, vm.Host.Namespace, vm.tap()),
		vm.Namespace.SetMAC(VMLink, vm.MAC),
		vm.Namespace.SetMTU(VMLink, vm.Network.MTU),
	))
	for _, p := range vm.prefixes {
		must(t, vm.Namespace.AddAddr(VMLink, p))
	}
	must(t, NoOffload(vm.Namespace, VMLink))
	vm.Host.vsctl(t, "add-port", integrationBridge, vm.tap(), "--", "set", "Interface", vm.tap(),
		"external_ids:iface-id="+vm.Port, "external_ids:attached-mac="+vm.MAC.String(),
		"external_ids:vm-uuid="+vm.Name, "external_ids:iface-status=active")
	vm.plugged = true
}

// NoOffload has packets leave by a link with whole checksums: the userspace
// datapath of Open vSwitch does not complete them, on any of their ways to it.
func NoOffload(ns *netns.Namespace, link string) error {
	_, err := inside(ns, nil, "/usr/sbin/ethtool", "-K", link, "tx", "off")
	return err
}

// Unplug takes the VM off its host.
func (vm *VM) Unplug(t testing.TB) {
	t.Helper()
	if !vm.plugged {
		return
	}
	vm.plugged = false
	vm.Host.vsctl(t, "--if-exists", "del-port", integrationBridge, vm.tap())
	must(t, vm.Host.Namespace.DeleteLink(vm.tap()))
}

// Status is the status of the VM's port.
func (vm *VM) Status(t testing.TB) string {
	t.Helper()
	p, err := ports.Get(t.Context(), vm.Host.cloud.NeutronClient(t), vm.Port).Extract()
	must(t, err)
	return p.Status
}

// AwaitActive waits until the VM's port is ACTIVE.
func (vm *VM) AwaitActive(t testing.TB) {
	t.Helper()
	testenv.Eventually(t, activeWithin, "the port of "+vm.Name+" is ACTIVE", func() error {
		if s := vm.Status(t); s != "ACTIVE" {
			return fmt.Errorf("it is %s", s)
		}
		return nil
	})
}

// Delete ends the VM and deletes its port. What is deleted already is left.
func (vm *VM) Delete(t testing.TB) {
	t.Helper()
	if vm.Port == "" {
		return
	}
	vm.Unplug(t)
	client := vm.Host.cloud.NeutronClient(t)
	must(t, ports.Delete(context.WithoutCancel(t.Context()), client, vm.Port).ExtractErr())
	vm.Port = ""
}
