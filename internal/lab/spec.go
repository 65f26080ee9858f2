package lab

import (
	"net/netip"

	"landbridge/internal/ethernet"
)

// Spec is what a lab consists of. It is kept as JSON in the lab's directory.
type Spec struct {
	Name   string  `json:"name"` // of the lab; namespaces are called <Name>-<node>
	Clouds []Cloud `json:"clouds"`
}

// Cloud is one OpenStack domain: a fabric, compute nodes on it, VMs on them,
// and a gateway node between the fabric and the WAN.
type Cloud struct {
	Name    string  `json:"name"`
	Gateway Gateway `json:"gateway"`
	// Others are further devices of the gateway, each a node of its own.
	Others   []Gateway `json:"others,omitempty"`
	Computes []Compute `json:"computes"`
	Networks []Network `json:"networks"`
	VMs      []VM      `json:"vms"`
}

// Gateway is a gateway node: a device of the gateway.
type Gateway struct {
	Name   string       `json:"name"` // also of its Physical_Switch
	Fabric netip.Prefix `json:"fabric"`
	WAN    netip.Prefix `json:"wan"`
	Router netip.Addr   `json:"router"` // the next hop on its side of the WAN
}

// Compute is a compute node.
type Compute struct {
	Name string       `json:"name"`
	Addr netip.Prefix `json:"addr"` // on the fabric; its tunnels start here
}

// Network is a VXLAN network of a cloud.
type Network struct {
	ID   string `json:"id"` // UUID
	Name string `json:"name"`
	VNI  uint32 `json:"vni"`
}

// VM is a virtual machine with one port.
type VM struct {
	Name    string       `json:"name"`
	PortID  string       `json:"port_id"` // UUID
	Network string       `json:"network"` // Network.ID
	Host    string       `json:"host"`    // Compute.Name
	MAC     ethernet.MAC `json:"mac"`
	Addr    netip.Prefix `json:"addr"`
}

// Network gives a network by its name.
func (c Cloud) Network(name string) Network {
	for _, n := range c.Networks {
		if n.Name == name {
			return n
		}
	}
	return Network{}
}

// Hosts tells whether a compute node has a VM on a network.
func (c Cloud) Hosts(compute, networkID string) bool {
	for _, vm := range c.VMs {
		if vm.Host == compute && vm.Network == networkID {
			return true
		}
	}
	return false
}

// of gives the cloud as another device of its gateway sees it.
func (c Cloud) of(device Gateway) Cloud {
	others := []Gateway{c.Gateway}
	for _, o := range c.Others {
		if o != device {
			others = append(others, o)
		}
	}
	c.Gateway, c.Others = device, others
	return c
}

// Peers gives the fabric addresses of the gateway's other devices.
func (c Cloud) Peers() (out []netip.Addr) {
	for _, o := range c.Others {
		out = append(out, o.Fabric.Addr())
	}
	return out
}

// VM gives a virtual machine by its name, whatever its cloud.
func (s Spec) VM(name string) VM {
	for _, c := range s.Clouds {
		for _, vm := range c.VMs {
			if vm.Name == name {
				return vm
			}
		}
	}
	return VM{}
}

// The ids of the links in TwoClouds: inside cloud A, on the WAN, inside
// cloud B.
const (
	VNIOfA = 123
	WANKey = 456
	VNIOfB = 789
)

// Blue is the network of TwoClouds that becomes one over both clouds; Red is
// the other one of cloud A, that uses WANKey inside and must stay to itself.
const (
	Blue = "blue"
	Red  = "red"
)

// TwoClouds is the picture of the specification: cloud A with two compute
// nodes, cloud B with one, a gateway in each. The VMs of network Red have the
// very addresses of VMs of Blue: red-a1 those of vm-a1, and red-a2 those of
// vm-b1 in the other cloud. What leaks between the networks is answered by the
// wrong one.
func TwoClouds(name string) Spec {
	blueA := Network{ID: "b10e0000-0000-4000-8000-00000000000a", Name: Blue, VNI: VNIOfA}
	redA := Network{ID: "4ed00000-0000-4000-8000-00000000000a", Name: Red, VNI: WANKey}
	blueB := Network{ID: "b10e0000-0000-4000-8000-00000000000b", Name: Blue, VNI: VNIOfB}
	a := Cloud{
		Name: "a",
		Gateway: Gateway{
			Name: "gw-a", Fabric: prefix("10.1.0.1/24"), WAN: prefix("198.51.100.2/24"), Router: addr("198.51.100.1"),
		},
		Computes: []Compute{{"a1", prefix("10.1.0.11/24")}, {"a2", prefix("10.1.0.12/24")}},
		Networks: []Network{blueA, redA},
		VMs: []VM{
			vm("vm-a1", "a1", blueA, 0xa1, "192.168.50.11/24"),
			vm("vm-a2", "a2", blueA, 0xa2, "192.168.50.12/24"),
			vm("red-a1", "a1", redA, 0xa1, "192.168.50.11/24"),
			vm("red-a2", "a2", redA, 0xb1, "192.168.50.21/24"),
		},
	}
	b := Cloud{
		Name: "b",
		Gateway: Gateway{
			Name: "gw-b", Fabric: prefix("10.2.0.1/24"), WAN: prefix("203.0.113.2/24"), Router: addr("203.0.113.1"),
		},
		Computes: []Compute{{"b1", prefix("10.2.0.11/24")}},
		Networks: []Network{blueB},
		VMs:      []VM{vm("vm-b1", "b1", blueB, 0xb1, "192.168.50.21/24")},
	}
	return Spec{Name: name, Clouds: []Cloud{a, b}}
}

// TwoDevices is TwoClouds with a second device of cloud A's gateway, on a WAN
// link of its own.
func TwoDevices(name string) Spec {
	s := TwoClouds(name)
	s.Clouds[0].Others = []Gateway{{
		Name: "gw-a2", Fabric: prefix("10.1.0.2/24"), WAN: prefix("192.0.2.2/24"), Router: addr("192.0.2.1"),
	}}
	return s
}

func vm(name, host string, network Network, last byte, address string) VM {
	return VM{
		Name: name, PortID: portID(network, last), Network: network.ID, Host: host,
		MAC: ethernet.MAC{0xfa, 0x16, 0x3e, 0, 0, last}, Addr: prefix(address),
	}
}

// portID makes the UUID of a port from its network's and the end of its MAC.
func portID(n Network, last byte) string {
	const digits = "0123456789abcdef"
	return "90" + n.ID[2:34] + string([]byte{digits[last>>4], digits[last&0xf]})
}

func prefix(s string) netip.Prefix { return netip.MustParsePrefix(s) }
func addr(s string) netip.Addr     { return netip.MustParseAddr(s) }
