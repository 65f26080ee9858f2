package controlplane

import (
	"fmt"
	"strings"
)

// Networks is how many networks the cloud has.
const Networks = 40

// NetworkID is that of the n-th network of the cloud.
func NetworkID(n int) string { return fmt.Sprintf("11111111-0000-4000-8000-%012d", n) }

// Cloud describes a cloud of one compute node, which hosts a port of each
// network.
func Cloud() string {
	var b strings.Builder
	b.WriteString("networks:\n")
	for n := range Networks {
		fmt.Fprintf(&b, "  - {id: %s, name: n%d, segmentation_id: %d}\n", NetworkID(n), n, 1000+n)
	}
	b.WriteString("hosts:\n  - {host: a1, tunnel_address: 10.0.0.11}\nports:\n")
	for n := range Networks {
		fmt.Fprintf(&b, "  - {mac: 'fa:16:3e:00:00:%02x', addresses: [192.168.0.11], host: a1, network: %s}\n", n, NetworkID(n))
	}
	return b.String()
}
