package datapath

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"landbridge/internal/ethernet"
	"landbridge/internal/lab/netns"
	"landbridge/internal/lab/testenv"
)

// vswitchSchema is of Debian's package openvswitch-common.
const vswitchSchema = "/usr/share/openvswitch/vswitch.ovsschema"

// vswitch is an Open vSwitch with the datapath that needs nothing of the kernel.
type vswitch struct {
	b   *testing.B
	ns  *netns.Namespace
	dir string
	db  *testenv.OVSDB
	*testenv.Program
}

// newOVS has Open vSwitch forward, by one flow for each direction. It reads whole
// packets, with their checksums: nobody may leave anything to the links.
func newOVS(b *testing.B) *rival {
	b.Helper()
	r := newRival(b, openvswitch, "ovs", false)
	for _, ns := range []*netns.Namespace{r.compute1, r.compute2} {
		must(b, ethtool(ns, computeLink, unix.ETHTOOL_STXCSUM, 0))
	}
	nodes := []struct {
		ns          *netns.Namespace
		fabric, wan side
		node, far   string
		nodeMAC     ethernet.MAC
		farMAC      ethernet.MAC
	}{
		{r.gateway1, side{fabric1IP, fabricLink, fabric1MAC}, side{wan1IP, wanLink, wan1MAC}, compute1IP, wan2IP, compute1MAC, wan2MAC},
		{r.gateway2, side{fabric2IP, fabricLink, fabric2MAC}, side{wan2IP, wanLink, wan2MAC}, compute2IP, wan1IP, compute2MAC, wan1MAC},
	}
	for _, n := range nodes {
		s := startVswitch(b, n.ns)
		s.underlay("fabric", n.fabric, n.node, n.nodeMAC)
		s.underlay("wan", n.wan, n.far, n.farMAC)
		s.vsctl("add-br", "br-int", "--", "set", "Bridge", "br-int", "datapath_type=netdev", "fail_mode=secure",
			"--", "add-port", "br-int", "vxf", "--", "set", "Interface", "vxf", "type=vxlan", "ofport_request=1",
			"options:remote_ip="+n.node, fmt.Sprint("options:key=", fabricVNI), "options:local_ip="+n.fabric.ip,
			"--", "add-port", "br-int", "vxw", "--", "set", "Interface", "vxw", "type=vxlan", "ofport_request=2",
			"options:remote_ip="+n.far, fmt.Sprint("options:key=", wanVNI), "options:local_ip="+n.wan.ip)
		s.run("ovs-ofctl", "add-flow", "unix:"+filepath.Join(s.dir, "br-int.mgmt"), "in_port=1,actions=output:2")
		s.run("ovs-ofctl", "add-flow", "unix:"+filepath.Join(s.dir, "br-int.mgmt"), "in_port=2,actions=output:1")
		r.processes = append(r.processes, s.PID())
	}
	return r
}

func startVswitch(b *testing.B, ns *netns.Namespace) *vswitch {
	b.Helper()
	db := testenv.StartOVSDB(b, testenv.WithSchema(vswitchSchema))
	s := &vswitch{b: b, ns: ns, db: db, dir: db.Dir}
	s.vsctl("--no-wait", "init")
	s.Program = &testenv.Program{
		Name: "ovs-vswitchd", Log: filepath.Join(s.dir, "vswitchd.log"), Namespace: ns, Within: 20 * time.Second,
		Command: func() *exec.Cmd {
			cmd := exec.Command("ovs-vswitchd", db.Unix, "--no-chdir", "--disable-system",
				"--unixctl="+filepath.Join(s.dir, "vswitchd.ctl"), "-vconsole:info", "-vsyslog:off", "-vfile:off")
			cmd.Env = s.environ()
			return cmd
		},
		Ready: func() error {
			_, err := os.Stat(filepath.Join(s.dir, "vswitchd.ctl"))
			return err
		},
	}
	s.Run(b)
	return s
}

// underlay makes a bridge of a link, with the gateway's address and MAC: there
// tunnels of the userspace datapath begin.
func (s *vswitch) underlay(bridge string, at side, far string, farMAC ethernet.MAC) {
	s.b.Helper()
	addr := netip.PrefixFrom(netip.MustParseAddr(at.ip), 24)
	l, err := s.ns.Link(at.link)
	must(s.b, err)
	must(s.b, s.ns.Netlink().AddrDel(l, &netlink.Addr{IPNet: &net.IPNet{IP: addr.Addr().AsSlice(), Mask: net.CIDRMask(24, 32)}}))
	s.vsctl("add-br", bridge, "--", "set", "Bridge", bridge, "datapath_type=netdev", "fail_mode=standalone",
		fmt.Sprintf("other-config:hwaddr=%q", at.mac), "--", "add-port", bridge, at.link)
	must(s.b, errors.Join(s.ns.Up(bridge), s.ns.AddAddr(bridge, addr)))
	s.run("ovs-appctl", "-t", filepath.Join(s.dir, "vswitchd.ctl"), "tnl/neigh/set", bridge, far, farMAC.String())
}

func (s *vswitch) vsctl(args ...string) {
	s.b.Helper()
	s.run("ovs-vsctl", append([]string{"--timeout=20", "--db=" + s.db.Unix}, args...)...)
}

func (s *vswitch) environ() []string { return append(os.Environ(), "OVS_RUNDIR="+s.dir) }

// run runs a program beside the switch.
func (s *vswitch) run(name string, args ...string) {
	s.b.Helper()
	var out bytes.Buffer
	cmd := exec.Command(name, args...)
	cmd.Env, cmd.Stdout, cmd.Stderr = s.environ(), &out, &out
	err := s.ns.Start(cmd)
	if err == nil {
		err = cmd.Wait()
	}
	if err != nil {
		s.b.Fatalf("%s %s: %v: %s", name, strings.Join(args, " "), err, out.String())
	}
}
