package demo

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"landbridge/internal/lab"
	"landbridge/internal/lab/capture"
	"landbridge/internal/lab/console"
	"landbridge/internal/lab/ping"
)

const (
	activeWithin = 20 * time.Second // for the connections to be ACTIVE
	reachWithin  = 10 * time.Second // for the first answer after that
	pings        = 100
	pingEvery    = 5 * time.Millisecond
	vmLink       = "eth0"
)

// nobody gives addresses of the VMs' subnet that no VM has. Each question for
// nobody takes another: a VM goes on asking for some seconds.
func nobody(n byte) netip.Addr { return netip.AddrFrom4([4]byte{192, 168, 50, 200 + n}) }

// claim adds a line to the results.
func (d *Demo) claim(holds bool, claim, seen string, args ...any) {
	d.results = append(d.results, console.Result{Claim: claim, Seen: fmt.Sprintf(seen, args...), Holds: holds})
}

// apart shows that the clouds are two before anybody joins them.
func (d *Demo) apart(ctx context.Context) error {
	return d.console.Step("vm-a1 pings vm-b1, which it cannot reach yet", func() error {
		r, err := d.ping(ctx, "vm-a1", d.addr("vm-b1"), 3)
		d.claim(err == nil && r.Received == 0, "before, the clouds are apart", "%s", account(r))
		return err
	})
}

func (d *Demo) prove(ctx context.Context) error {
	d.console.Heading("Proving it")
	var err error
	if d.links, err = listen(d.lab); err != nil {
		return err
	}
	for _, step := range []struct {
		what string
		do   func(context.Context) error
	}{
		{"the first answer over the wire", d.firstAnswer},
		{"pings both ways, from each compute node", d.bothWays},
		{"what the links have carried", d.linksCarried},
		{"vm-a1 pings vm-a2, inside cloud A", d.inside},
		{"the other network, with colliding ids and addresses", d.otherNetwork},
		{"a compute node that sends VNI 456 to the gateway by mistake", d.stray},
	} {
		if err := d.console.Step(step.what, func() error { return errors.Join(step.do(ctx), ctx.Err()) }); err != nil {
			return err
		}
	}
	return nil
}

// firstAnswer waits until the clouds are one, and looks how ARP went.
func (d *Demo) firstAnswer(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, reachWithin)
	defer cancel()
	ns, err := d.lab.Node("vm-a1")
	if err != nil {
		return err
	}
	if err := ns.ForgetNeighbours(vmLink); err != nil {
		return err
	}
	if err := ping.Until(ctx, ns, d.addr("vm-b1"), 50*time.Millisecond); err != nil {
		return err
	}
	wan, err := d.links.wanA.Packets()
	if err != nil {
		return err
	}
	asked, answered := arp(wan, 1, d.addr("vm-b1")), arp(wan, 2, d.addr("vm-a1"))
	mac, ok, err := ns.Neighbour(vmLink, d.addr("vm-b1"))
	d.claim(ok && mac == d.lab.Spec.VM("vm-b1").MAC && asked > 0 && answered > 0,
		"ARP was resolved through the wire", "on the WAN: asked %d, answered %d; vm-b1 is at %s", asked, answered, mac)
	return err
}

// bothWays pings between all VMs of the joined network across the WAN, while
// the other network talks too.
func (d *Demo) bothWays(ctx context.Context) error {
	pairs := [][2]string{
		{"vm-a1", "vm-b1"},
		{"vm-a2", "vm-b1"},
		{"vm-b1", "vm-a1"},
		{"vm-b1", "vm-a2"},
		{"red-a1", "red-a2"},
	}
	results := make([]ping.Result, len(pairs))
	var group errgroup.Group
	for i, p := range pairs {
		group.Go(func() (err error) {
			results[i], err = d.ping(ctx, p[0], d.addr(p[1]), pings)
			return err
		})
	}
	err := group.Wait()
	for i, p := range pairs {
		what := p[0] + " reaches " + p[1]
		if strings.HasPrefix(p[0], "red") {
			what += " (other network, VNI 456 inside cloud A)"
		}
		r := results[i]
		d.claim(r.Sent == pings && r.Lost() == 0 && r.Duplicates == 0, what, "%s", account(r))
	}
	return err
}

// linksCarried looks at the three kinds of links since the beginning.
func (d *Demo) linksCarried(context.Context) error {
	for _, l := range []struct {
		where   string
		capture *capture.Capture
		vni     uint32
	}{
		{"fabric to gateway in cloud A", d.links.fabricA, lab.VNIOfA},
		{"the WAN at cloud A", d.links.wanA, lab.WANKey},
		{"the WAN at cloud B", d.links.wanB, lab.WANKey},
		{"fabric to gateway in cloud B", d.links.fabricB, lab.VNIOfB},
	} {
		packets, err := l.capture.Packets()
		if err != nil {
			return err
		}
		other := capture.Select(packets, func(p capture.Packet) bool { return !p.Is(l.vni) && !d.underlay(p) })
		carried := len(capture.Select(packets, func(p capture.Packet) bool { return p.Is(l.vni) }))
		seen := fmt.Sprintf("VNIs %v: %d packets, and %d others", capture.VNIs(packets), carried, len(other))
		if len(other) > 0 {
			seen += ": " + other[0].String()
		}
		d.claim(carried > 0 && len(other) == 0, fmt.Sprintf("%s carries VNI %d only", l.where, l.vni), "%s", seen)
	}
	return nil
}

// underlay tells whether a packet is the nodes' own ARP.
func (d *Demo) underlay(p capture.Packet) bool {
	return p.Tunnel == nil && p.Frame.ARP != 0 && !d.lab.Spec.VM("vm-a1").Addr.Contains(p.Frame.From)
}

// inside shows that VMs of one cloud do not go through the gateway.
func (d *Demo) inside(ctx context.Context) error {
	if err := d.links.reset(); err != nil {
		return err
	}
	r, err := d.ping(ctx, "vm-a1", d.addr("vm-a2"), pings)
	if err != nil {
		return err
	}
	packets, err := d.links.fabricA.Packets()
	if err != nil {
		return err
	}
	passed := capture.Select(packets, func(p capture.Packet) bool { return p.Frame.Protocol == icmp })
	d.claim(r.Lost() == 0 && r.Duplicates == 0 && r.Sent == pings && len(passed) == 0,
		"vm-a1 reaches vm-a2 without passing the gateway", "%s; %d of these at the gateway", account(r), len(passed))
	return nil
}

const icmp = 1 // IPv4's protocol

// arp counts ARP packets of an operation that ask for, or answer, an address.
func arp(packets []capture.Packet, operation uint16, target netip.Addr) int {
	return len(capture.Select(packets, func(p capture.Packet) bool {
		return p.Frame.ARP == operation && p.Frame.To == target
	}))
}

func (d *Demo) addr(vm string) netip.Addr { return d.lab.Spec.VM(vm).Addr.Addr() }

func (d *Demo) ping(ctx context.Context, from string, to netip.Addr, n int) (ping.Result, error) {
	ns, err := d.lab.Node(from)
	if err != nil {
		return ping.Result{}, err
	}
	return ping.Count(ctx, ns, to, n, pingEvery)
}

// account is what a ping came to, for the table.
func account(r ping.Result) string {
	s := fmt.Sprintf("%d of %d answered", r.Received, r.Sent)
	if r.Duplicates > 0 {
		s += fmt.Sprintf(", %d twice", r.Duplicates)
	}
	if r.Received > 0 {
		s += fmt.Sprintf(", in %s", r.RTT.Round(time.Microsecond))
	}
	return s
}

// heard tells on which of some links somebody asked for an address by ARP,
// sorted.
func heard(address netip.Addr, captures map[string]*capture.Capture) ([]string, error) {
	var where []string
	for name, c := range captures {
		packets, err := c.Packets()
		if err != nil {
			return nil, err
		}
		if arp(packets, 1, address) > 0 {
			where = append(where, name)
		}
	}
	slices.Sort(where)
	return where, nil
}
