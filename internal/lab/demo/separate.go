package demo

import (
	"context"
	"errors"
	"net/netip"
	"strings"

	"landbridge/internal/lab"
	"landbridge/internal/lab/capture"
)

// otherNetwork shows that the two networks hear nothing of each other, though
// they share ids, MACs and addresses: each broadcasts a question in turn.
func (d *Demo) otherNetwork(ctx context.Context) error {
	for _, turn := range []struct {
		asks, claim string
		address     netip.Addr
		want        string // where it has to be heard, and nowhere else
	}{
		{"red-a1", "the other network's broadcasts stay in cloud A", nobody(1), "red-a2"},
		{"vm-a1", "those of the joined network reach cloud B, not the other network", nobody(2), "WAN, vm-b1"},
	} {
		if err := d.ask(ctx, turn.asks, turn.address); err != nil {
			return err
		}
		where, err := heard(turn.address, map[string]*capture.Capture{
			"WAN": d.links.wanA, "vm-b1": d.links.vmB1, "red-a2": d.links.redA2,
		})
		if err != nil {
			return err
		}
		d.claim(strings.Join(where, ", ") == turn.want, turn.claim, "heard at %s", orNowhere(where))
	}
	return nil
}

// ask lets a VM ask by broadcast for an address that nobody has.
func (d *Demo) ask(ctx context.Context, vm string, address netip.Addr) error {
	if err := d.links.reset(); err != nil {
		return err
	}
	_, err := d.ping(ctx, vm, address, 2)
	return err
}

// refusals is vtepd's counter of packets that no tunnel can take, by reason.
const refusals = "landbridge_vtepd_drops_total"

// stray lets a compute node of the other network flood to the gateway as well,
// as a misconfigured one would: VNI 456 comes from where only 123 may.
func (d *Demo) stray(ctx context.Context) error {
	node, err := d.lab.Node("a1")
	if err != nil {
		return err
	}
	device := lab.VXLANLink(d.lab.Spec.Clouds[0].Network(lab.Red))
	before, err := node.Flood(device)
	if err != nil {
		return err
	}
	gateway := d.lab.Spec.Clouds[0].Gateway.Fabric.Addr()
	if err := node.SetFlood(device, append(before[:len(before):len(before)], gateway)); err != nil {
		return err
	}
	return errors.Join(d.askAstray(ctx), node.SetFlood(device, before))
}

func (d *Demo) askAstray(ctx context.Context) error {
	gateway := d.lab.Gateways[d.lab.Spec.Clouds[0].Name]
	before, err := gateway.Counter(ctx, refusals, "")
	if err != nil {
		return err
	}
	if err := d.ask(ctx, "red-a1", nobody(3)); err != nil {
		return err
	}
	where, err := heard(nobody(3), map[string]*capture.Capture{"the gateway": d.links.fabricA, "WAN": d.links.wanA, "vm-b1": d.links.vmB1})
	if err != nil {
		return err
	}
	after, err := gateway.Counter(ctx, refusals, "")
	d.claim(strings.Join(where, " ") == "the gateway" && after > before,
		"the gateway refuses VNI 456 from its own fabric", "heard at %s; %.0f refused and counted", orNowhere(where), after-before)
	return err
}

func orNowhere(where []string) string {
	if len(where) == 0 {
		return "no place"
	}
	return strings.Join(where, ", ")
}
