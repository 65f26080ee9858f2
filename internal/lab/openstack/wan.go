package openstack

import (
	"errors"
	"net/netip"
	"testing"

	"landbridge/internal/lab/netns"
	"landbridge/internal/lab/testenv"
)

// wanBridge is what joins the gateways of clouds, in the WAN's namespace.
const wanBridge = "wan"

// WAN is the network between clouds.
type WAN struct{ Namespace *netns.Namespace }

// NewWAN makes a WAN that ends with its test.
func NewWAN(t *testing.T) *WAN {
	t.Helper()
	w := &WAN{testenv.Namespace(t, "wan")}
	must(t, w.Namespace.AddBridge(wanBridge))
	return w
}

// Join gives a node a link in the WAN, with an address. The port of the WAN has
// the name of the node.
func (w *WAN) Join(node *netns.Namespace, link, name string, addr netip.Prefix) error {
	return errors.Join(
		netns.Veth(node, link, w.Namespace, name),
		w.Namespace.Enslave(name, wanBridge),
		node.AddAddr(link, addr),
	)
}
