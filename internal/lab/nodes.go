package lab

import (
	"errors"
	"fmt"

	"landbridge/internal/lab/netns"
)

const (
	fabricLink = "fab0" // of gateways and compute nodes
	wanLink    = "wan0" // of gateways
	vmLink     = "eth0" // of VMs
	bridge     = "br0"  // of the fabric
	routerNode = "wan"
	vxlanPort  = 4789
	// vmMTU is what VXLAN over IPv4 leaves of 1500 bytes.
	vmMTU = 1450
)

// fabricNode is the name of the node that is a cloud's fabric.
func fabricNode(cloud string) string { return "fabric-" + cloud }

// VXLANLink is the name of a compute node's tunnel device for a network.
func VXLANLink(n Network) string { return fmt.Sprintf("vxlan%d", n.VNI) }

func bridgeLink(n Network) string { return fmt.Sprintf("br%d", n.VNI) }

// node makes the namespace of a node.
func (l *Lab) node(name string) (*netns.Namespace, error) {
	full := l.Spec.Name + "-" + name
	if err := l.ledger.Namespace(full); err != nil {
		return nil, err
	}
	ns, err := netns.New(full)
	if err != nil {
		return nil, err
	}
	l.nodes[name] = ns
	return ns, ns.NoIPv6()
}

// buildWAN makes the router between the gateways.
func (l *Lab) buildWAN() error {
	router, err := l.node(routerNode)
	if err != nil {
		return err
	}
	return router.Sysctl("net/ipv4/ip_forward", "1")
}

// buildCloud makes the nodes of a cloud and joins them.
func (l *Lab) buildCloud(c Cloud) error {
	fabric, err := l.node(fabricNode(c.Name))
	if err != nil {
		return err
	}
	if err := fabric.AddBridge(bridge); err != nil {
		return err
	}
	if err := l.buildGateway(c, fabric, "to-"+c.Name); err != nil {
		return err
	}
	for _, device := range c.Others {
		if err := l.buildGateway(c.of(device), fabric, "to-"+device.Name); err != nil {
			return err
		}
	}
	for _, compute := range c.Computes {
		if err := l.buildCompute(c, compute, fabric); err != nil {
			return err
		}
	}
	for _, vm := range c.VMs {
		if err := l.buildVM(c, vm); err != nil {
			return err
		}
	}
	return nil
}

// buildGateway makes a gateway node; side is its link at the router.
func (l *Lab) buildGateway(c Cloud, fabric *netns.Namespace, side string) error {
	gateway, err := l.node(c.Gateway.Name)
	if err != nil {
		return err
	}
	router := l.nodes[routerNode]
	return inOrder(
		func() error { return plug(gateway, fabricLink, fabric, c.Gateway.Name) },
		func() error { return gateway.AddAddr(fabricLink, c.Gateway.Fabric) },
		func() error { return netns.Veth(gateway, wanLink, router, side) },
		func() error { return gateway.AddAddr(wanLink, c.Gateway.WAN) },
		func() error { return router.AddAddr(side, withAddr(c.Gateway.WAN, c.Gateway.Router)) },
		func() error { return gateway.AddRoute(prefix("0.0.0.0/0"), c.Gateway.Router) },
	)
}

func (l *Lab) buildCompute(c Cloud, compute Compute, fabric *netns.Namespace) error {
	ns, err := l.node(compute.Name)
	if err != nil {
		return err
	}
	if err := plug(ns, fabricLink, fabric, compute.Name); err != nil {
		return err
	}
	if err := ns.AddAddr(fabricLink, compute.Addr); err != nil {
		return err
	}
	for _, n := range c.Networks {
		if !c.Hosts(compute.Name, n.ID) {
			continue
		}
		if err := buildOverlay(ns, compute, n); err != nil {
			return err
		}
		if err := ns.SetFlood(VXLANLink(n), c.peers(compute, n)); err != nil {
			return err
		}
	}
	return nil
}

// buildOverlay makes what a compute node has for one network: a bridge for the
// VMs and a tunnel device.
func buildOverlay(ns *netns.Namespace, compute Compute, n Network) error {
	return inOrder(
		func() error { return ns.AddBridge(bridgeLink(n)) },
		func() error {
			return ns.AddVXLAN(netns.VXLAN{Name: VXLANLink(n), VNI: n.VNI, Local: compute.Addr.Addr(), Port: vxlanPort})
		},
		func() error { return ns.Enslave(VXLANLink(n), bridgeLink(n)) },
	)
}

func (l *Lab) buildVM(c Cloud, vm VM) error {
	ns, err := l.node(vm.Name)
	if err != nil {
		return err
	}
	host, network := l.nodes[vm.Host], c.networkByID(vm.Network)
	return inOrder(
		func() error { return netns.Veth(ns, vmLink, host, vm.Name) },
		func() error { return host.Enslave(vm.Name, bridgeLink(network)) },
		func() error { return ns.SetMAC(vmLink, vm.MAC) },
		func() error { return ns.SetMTU(vmLink, vmMTU) },
		func() error { return ns.AddAddr(vmLink, vm.Addr) },
	)
}

// plug joins a node to the bridge of a fabric, at a port of the node's name.
func plug(node *netns.Namespace, link string, fabric *netns.Namespace, port string) error {
	return errors.Join(netns.Veth(node, link, fabric, port), fabric.Enslave(port, bridge))
}

// inOrder runs steps until one fails.
func inOrder(steps ...func() error) error {
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}
