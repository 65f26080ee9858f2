package lab

import (
	"fmt"
	"strings"
)

// Hints tells a person how to look around in a running lab.
func (l *Lab) Hints() string {
	var b strings.Builder
	full := func(node string) string { return l.Spec.Name + "-" + node }
	fmt.Fprintf(&b, "Files and logs: %s\n", l.Dir)
	for _, c := range l.Spec.Clouds {
		fmt.Fprintf(&b, "\ncloud %s\n", c.Name)
		for _, n := range c.Networks {
			fmt.Fprintf(&b, "  network %-5s VNI %-4d %s\n", n.Name, n.VNI, n.ID)
		}
		for _, vm := range c.VMs {
			fmt.Fprintf(&b, "  %-7s on %s, network %-5s %s\n", vm.Name, vm.Host, c.networkByID(vm.Network).Name+",", vm.Addr.Addr())
		}
		g := l.Gateways[c.Name]
		gateway := full(c.Gateway.Name)
		fmt.Fprintf(&b, "  # what the administrator has asked for, and its status\n")
		fmt.Fprintf(&b, "  ip netns exec %s curl -s http://%s/v2.0/l2-remote-gateway-connections\n", gateway, apiAddress)
		fmt.Fprintf(&b, "  # what the switch holds\n")
		fmt.Fprintf(&b, "  vtep-ctl --db=%s show\n", g.Database())
		fmt.Fprintf(&b, "  ovsdb-client dump %s hardware_vtep Ucast_Macs_Remote\n", g.Database())
		fmt.Fprintf(&b, "  # what the dataplane does\n")
		fmt.Fprintf(&b, "  curl -s --unix-socket %s http://vtepd/state\n", g.VTEPSocket())
		fmt.Fprintf(&b, "  ip netns exec %s tcpdump -ni %s udp port %d\n", gateway, wanLink, vxlanPort)
	}
	first, last := l.Spec.Clouds[0].VMs[0], l.Spec.Clouds[len(l.Spec.Clouds)-1].VMs[0]
	fmt.Fprintf(&b, "\nfrom cloud to cloud\n  ip netns exec %s ping %s\n", full(first.Name), last.Addr.Addr())
	return b.String()
}
