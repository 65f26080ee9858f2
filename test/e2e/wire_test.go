package e2e

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"os/exec"
	"strconv"
	"testing"

	"landbridge/internal/lab"
	"landbridge/internal/lab/capture"
	"landbridge/internal/lab/testenv"
)

// The WAN's addresses of IPv6, of the gateways and of the router on their side.
var wan6 = map[string][2]netip.Prefix{
	"a": {netip.MustParsePrefix("2001:db8:a::2/64"), netip.MustParsePrefix("2001:db8:a::1/64")},
	"b": {netip.MustParsePrefix("2001:db8:b::2/64"), netip.MustParsePrefix("2001:db8:b::1/64")},
}

// overlay is an encapsulation as it shows on the WAN.
type overlay struct {
	word     string // of the API
	v6       bool
	key      string // tshark's field
	port     string // of UDP; "": none
	overhead int    // bytes before the inner IP header, from the outer one on
}

var overlays = []overlay{
	{"vxlan", false, "vxlan.vni", "4789", 50},
	{"geneve", false, "geneve.vni", "6081", 50},
	{"gre", false, "gre.key", "", 42},
	{"vxlan", true, "vxlan.vni", "4789", 70},
	{"geneve", true, "geneve.vni", "6081", 70},
	{"gre", true, "gre.key", "", 62},
}

// onFabric is what compute nodes have.
var onFabric = overlay{word: "vxlan", key: "vxlan.vni", port: "4789"}

func (o overlay) String() string {
	return fmt.Sprintf("%s over IPv%s", o.word, map[bool]string{false: "4", true: "6"}[o.v6])
}

// field is tshark's name of a field of the outer IP header, by that of IPv4.
func (o overlay) field(name string) string {
	if !o.v6 {
		return "ip." + name
	}
	return "ipv6." + cmp.Or(map[string]string{"ttl": "hlim", "dsfield": "tclass"}[name], name)
}

// remotes are the gateways' addresses on the WAN, by cloud.
func (o overlay) remotes(w *world) map[string]netip.Addr {
	out := map[string]netip.Addr{}
	for cloud, g := range w.Gateways {
		out[cloud] = g.Cloud.Gateway.WAN.Addr()
		if o.v6 {
			out[cloud] = wan6[cloud][0].Addr()
		}
	}
	return out
}

// TestOnTheWire has tshark read what gateways send, for each encapsulation of the
// WAN: packets that came finished and small, super-packets of TCP that came with
// checksums to be put in, and what is answered to packets that are too big.
//
// A capture at a veth of what the kernel offloads would show neither finished
// checksums nor packets of wire size. So the interfaces by which gateways send
// have no offloads: the kernel finishes packets before it hands them to the
// device, and that is what the other end of the pair sees. What gateways get from
// their clouds is left as it is.
func TestOnTheWire(t *testing.T) {
	w := newWorld(t, lab.TwoClouds(name("wire")))
	w.addWAN6(t)
	for _, gateway := range []string{"gw-a", "gw-b"} {
		w.noOffloads(t, gateway, "wan0")
		w.noOffloads(t, gateway, "fab0")
	}
	for _, o := range overlays {
		t.Run(o.String(), func(t *testing.T) { w.onTheWire(t, o) })
	}
}

func (w *world) onTheWire(t *testing.T, o overlay) {
	local := map[netip.Addr]string{w.a.Cloud.Gateway.WAN.Addr(): "a", w.b.Cloud.Gateway.WAN.Addr(): "b"}
	remotes := o.remotes(w)
	w.join(t, func(a *lab.Ask) { a.Encapsulation, a.Remote = o.word, remotes[local[a.Remote]] })
	w.reach(t, "vm-a1", "vm-b1")
	near, far := w.captureWhole(t, "fabric-a", "gw-a"), w.captureWhole(t, "fabric-b", "gw-b")
	ofA, ofB := w.captureWhole(t, "wan", "to-a"), w.captureWhole(t, "wan", "to-b")

	sent := w.probes(t)
	for _, p := range sent {
		p.send(t, w)
	}
	w.transfer(t, "vm-a1", "vm-b1")
	w.transfer(t, "vm-b1", "vm-a1")
	if o.v6 { // else what is too big does not get through the fabric
		w.tooBig(t, 1500-o.overhead+1).send(t, w)
		testenv.Eventually(t, reachWithin, "the sender is told", func() error {
			if told := capture.Select(packets(t, near), func(p capture.Packet) bool { return p.Frame.ICMP == 3 }); len(told) == 0 {
				return errors.New("it is not")
			}
			return nil
		})
	}

	wan := o.sentBy(t, ofA, remotes["a"], remotes["b"])
	o.sentBy(t, ofB, remotes["b"], remotes["a"])
	checkProbes(t, "the WAN", probes(wan), sent, func(p probe, d decoded) bool {
		return hex(d.outer(o.field("dsfield"))) == uint64(p.tos) && (o.port == "" || d.outer("udp.srcport") == strconv.Itoa(p.port))
	})
	o.checkEntropy(t, probes(wan))
	checkSegments(t, tshark(t, near, "tcp.len > 1500 && vxlan && ip.dst == 10.1.0.1"), wan)

	fabric := tshark(t, far, "vxlan && ip.src == 10.2.0.1")
	for _, d := range fabric {
		onFabric.checkHeader(t, d, lab.VNIOfB, "10.2.0.1", "10.2.0.11")
	}
	checkProbes(t, "the fabric", probes(fabric), sent, func(p probe, d decoded) bool {
		port, err := strconv.Atoi(d.outer("udp.srcport"))
		return err == nil && hex(d.outer("ip.dsfield")) == uint64(p.tos) && (port == p.port || o.port == "" && port >= 49152)
	})
	onFabric.checkEntropy(t, probes(fabric))
	o.checkTooBig(t, tshark(t, near, "icmp.type == 3 && ip.src == 10.1.0.1"))
}

// sentBy gives what one gateway has sent to the other.
func (o overlay) sentBy(t *testing.T, c *capture.Capture, from, to netip.Addr) []decoded {
	t.Helper()
	packets := tshark(t, c, fmt.Sprintf("%s && %s == %s", o.word, o.field("src"), from))
	if len(packets) < 100 {
		t.Errorf("%s has sent %d packets", from, len(packets))
	}
	for _, d := range packets {
		o.checkHeader(t, d, lab.WANKey, from.String(), to.String())
	}
	return packets
}

// addWAN6 gives the WAN IPv6 beside IPv4, and has the gateways use both.
func (w *world) addWAN6(t *testing.T) {
	t.Helper()
	router := w.node(t, "wan")
	if err := router.Sysctl("net/ipv6/conf/all/forwarding", "1"); err != nil {
		t.Fatal(err)
	}
	for cloud, g := range w.Gateways {
		gateway, side := w.node(t, g.Cloud.Gateway.Name), "to-"+cloud
		if err := errors.Join(
			gateway.Sysctl("net/ipv6/conf/wan0/disable_ipv6", "0"),
			router.Sysctl("net/ipv6/conf/"+side+"/disable_ipv6", "0"),
			gateway.AddAddr("wan0", wan6[cloud][0]),
			router.AddAddr(side, wan6[cloud][1]),
			gateway.AddRoute(netip.MustParsePrefix("::/0"), wan6[cloud][1].Addr()),
			g.Stop(lab.VTEPD),
			g.Start(t.Context(), lab.VTEPD, "--wan-address", g.Cloud.Gateway.WAN.Addr().String(), "--wan-address", wan6[cloud][0].Addr().String()),
		); err != nil {
			t.Fatal(err)
		}
	}
}

// noOffloads has the kernel finish what it sends by a link.
func (w *world) noOffloads(t *testing.T, node, link string) {
	t.Helper()
	cmd := exec.Command("ethtool", "-K", link, "tso", "off", "gso", "off", "tx", "off")
	if err := errors.Join(w.node(t, node).Start(cmd), cmd.Wait()); err != nil {
		t.Fatalf("%s: %v", cmd, err)
	}
}

func (w *world) captureWhole(t *testing.T, node, link string) *capture.Capture {
	t.Helper()
	c, err := capture.StartWhole(w.node(t, node), link)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}
