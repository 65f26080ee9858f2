package datapath

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"landbridge/internal/hwvtep"
	"landbridge/internal/lab/testenv"
	"landbridge/internal/vtep/forwarding"
)

// openVSwitch is a compute node with Open vSwitch, whose datapath needs nothing
// of the kernel: its own implementation of every encapsulation.
type openVSwitch struct {
	*testenv.NetNS
	db  *testenv.OVSDB
	dir string
}

func startOpenVSwitch(t *testing.T, n *testenv.NetNS) *openVSwitch {
	t.Helper()
	o := &openVSwitch{
		NetNS: n, dir: t.TempDir(),
		db: testenv.StartOVSDB(t, testenv.WithSchema("/usr/share/openvswitch/vswitch.ovsschema")),
	}
	control := filepath.Join(o.dir, "control")
	o.vsctl(t, "--no-wait", "init")
	(&testenv.Program{
		Name: "ovs-vswitchd", Log: filepath.Join(o.dir, "log"), Namespace: lab(t, n), Within: 30 * time.Second,
		Command: func() *exec.Cmd {
			cmd := exec.Command("ovs-vswitchd", o.db.Unix, "--no-chdir", "--disable-system", "--unixctl="+control,
				"-vconsole:info", "-vsyslog:off", "-vfile:off")
			cmd.Env = o.environ()
			return cmd
		},
		Ready: func() error {
			_, err := os.Stat(control)
			return err
		},
	}).Run(t)
	o.vsctl(t, "add-br", "phy", "--", "set", "Bridge", "phy", "datapath_type=netdev", "--", "add-port", "phy", "under")
	o.vsctl(t, "add-br", "int", "--", "set", "Bridge", "int", "datapath_type=netdev")
	n.Up("phy")
	n.Up("int")
	return o
}

func (o *openVSwitch) environ() []string {
	return append(os.Environ(), "OVS_RUNDIR="+o.dir)
}

func (o *openVSwitch) vsctl(t testing.TB, args ...string) {
	t.Helper()
	cmd := exec.Command("ovs-vsctl", append([]string{"--timeout=20", "--db=" + o.db.Unix}, args...)...)
	cmd.Env = o.environ()
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", cmd, err, out)
	}
}

// A host behind Open vSwitch and one behind the kernel's vxlan device reach each
// other, whatever Open vSwitch encapsulates with.
func TestOpenVSwitch(t *testing.T) {
	c := newClouds(t, func(c *clouds) { c.wan = hwvtep.VXLANOverIPv6 }) // both families in the underlay
	n := testenv.NewNetNS(t, "ovs")
	testenv.Veth(t, c.gw1, "side", n, "under")
	o := startOpenVSwitch(t, n)
	here := map[bool]plan{false: {"10.3.0.2", "10.3.0.1", "", "", "/24"}, true: {"2001:db8:3::2", "2001:db8:3::1", "", "", "/64"}}
	for _, p := range here {
		c.gw1.AddAddr("side", p.fabric+p.length)
		n.AddAddr("phy", p.node+p.length)
	}
	n.AddAddr("int", "192.168.7.3/24")
	closed(t, c.d1)
	c.d1 = c.open(t, c.gw1, c.dirs[0], "side")
	c.resolve(t)
	for _, e := range hwvtep.Encapsulations() {
		t.Run(string(e), func(t *testing.T) {
			p := here[encapsulations[e].v6]
			kind, _, _ := strings.Cut(string(e), "_")
			o.vsctl(t, "--may-exist", "add-port", "int", "tun", "--", "set", "Interface", "tun", "type="+kind,
				"options:remote_ip="+p.fabric, "options:local_ip="+p.node, "options:key=77")
			defer o.vsctl(t, "del-port", "tun")
			net := c.d1.Networks()["n"]
			end := forwarding.To(e, addr(p.node), 77)
			net.Tunnels[end] = forwarding.Tunnel{Local: addr(p.fabric), Flood: true}
			c.gw1.Do(func() {
				c.d1.apply(t, changes{"n": &net})
				hop := NextHop{IfIndex: c.gw1.Link("side").Attrs().Index, Src: c.gw1.MAC("side"), Dst: n.MAC("phy"), MTU: 1500, Resolved: true}
				if err := c.d1.SetNextHop(end.Remote(), addr(p.fabric), hop); err != nil {
					t.Fatal(err)
				}
				ensured(t, c.d1)
			})
			answers(t, n, host2, 20*time.Second)
			pings(t, n, host2, 50)
			pings(t, c.node2, "192.168.7.3", 50)
			delete(net.Tunnels, end)
			c.gw1.Do(func() { c.d1.apply(t, changes{"n": &net}) })
		})
	}
}
