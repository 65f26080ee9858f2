package openstack

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"landbridge/internal/lab/netns"
	"landbridge/internal/lab/testenv"
)

// Underlay is the bridge that tunnels cross, in the cloud's namespace.
const Underlay = "underlay"

// The links of compute nodes and gateways.
const (
	mgmtLink     = "eth0" // to Bridge
	UnderlayLink = "eth1" // to Underlay
)

// The bridges of a compute node. A tunnel of the userspace datapath starts at
// an address of one of its bridges.
const (
	integrationBridge = "br-int"
	tunnelBridge      = "br-tun"
	physicalBridge    = "br-phy"
)

// vswitchSchema is of Debian's package openvswitch-common.
const vswitchSchema = "/usr/share/openvswitch/vswitch.ovsschema"

// firstCompute is the last byte of the addresses of a cloud's first compute
// node. Clouds have the same addresses inside.
const firstCompute = 11

// Compute is a compute node in a network namespace of its own: Open vSwitch with
// the datapath that needs nothing of the kernel, and Neutron's agent.
type Compute struct {
	Name      string // of the host in Neutron
	Namespace *netns.Namespace
	Tunnel    netip.Addr // on the underlay
	Agent     *testenv.Program

	cloud *Cloud
	ovsdb *testenv.OVSDB
}

// AddCompute starts a compute node that ends with its test, and returns when
// its agent works.
func (c *Cloud) AddCompute(t *testing.T) *Compute {
	t.Helper()
	number := c.computes
	c.computes++
	n := &Compute{Name: fmt.Sprint("c", number+1), Tunnel: tunnelAddress(firstCompute + number), cloud: c}
	n.Namespace = c.node(t, n.Name, firstCompute+number)
	must(t, os.MkdirAll(n.file("lock"), 0o700))
	n.ovsdb = testenv.StartOVSDB(t, testenv.WithSchema(vswitchSchema))
	n.vsctl(t, "--no-wait", "init")
	n.program("vswitchd", []string{
		"ovs-vswitchd", n.ovsdb.Unix, "--no-chdir", "--disable-system", "--unixctl=" + n.file("vswitchd.ctl"),
		"-vconsole:info", "-vsyslog:off", "-vfile:off",
	}, func() error {
		_, err := os.Stat(n.file("vswitchd.ctl"))
		return err
	}).Run(t)
	n.bridges(t)
	n.writeAgentConf(t)
	n.Agent = n.program("agent", []string{"neutron-openvswitch-agent", "--config-file", n.file("agent.ini")}, nil)
	n.Agent.Ready = n.agentReady(t)
	n.Agent.Run(t)
	return n
}

func tunnelAddress(last int) netip.Addr { return netip.AddrFrom4([4]byte{10, 78, 0, byte(last)}) }

// node makes the namespace of a node, in the management network and with a
// link in the underlay.
func (c *Cloud) node(t *testing.T, name string, last int) *netns.Namespace {
	t.Helper()
	ns := testenv.Namespace(t, name)
	must(t, errors.Join(
		c.join(ns, mgmtLink, Bridge, name+"-m"),
		c.join(ns, UnderlayLink, Underlay, name+"-u"),
		ns.AddAddr(mgmtLink, netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 77, 0, byte(last)}), 24)),
	))
	return ns
}

// join makes a link of a node a port of one of the cloud's bridges.
func (c *Cloud) join(ns *netns.Namespace, link, bridge, port string) error {
	return errors.Join(netns.Veth(ns, link, c.Namespace, port), c.Namespace.Enslave(port, bridge))
}

// bridges makes what the agent expects to be there, and gives the node its
// tunnel address.
func (n *Compute) bridges(t *testing.T) {
	t.Helper()
	n.vsctl(t, "add-br", physicalBridge, "--", "set", "Bridge", physicalBridge, "datapath_type=netdev", "fail_mode=standalone",
		"--", "add-port", physicalBridge, UnderlayLink)
	n.vsctl(t, "add-br", integrationBridge, "--", "set", "Bridge", integrationBridge, "datapath_type=netdev", "fail_mode=secure")
	must(t, errors.Join(n.Namespace.Up(physicalBridge), n.Namespace.AddAddr(physicalBridge, netip.PrefixFrom(n.Tunnel, 24))))
}

// program is a program of the node.
func (n *Compute) program(name string, argv []string, ready func() error) *testenv.Program {
	p := n.cloud.program(n.Name+"-"+name, n.environ(), argv, ready)
	p.Namespace = n.Namespace
	return p
}

// environ has Open vSwitch's programs find each other.
func (n *Compute) environ() []string { return []string{"OVS_RUNDIR=" + n.file("")} }

// vsctl changes or reads the node's Open vSwitch.
func (n *Compute) vsctl(t testing.TB, args ...string) string {
	t.Helper()
	return n.run(t, append([]string{"ovs-vsctl", "--timeout=20", "--db=" + n.ovsdb.Unix}, args...)...)
}

// run runs a program on the node and gives what it prints.
func (n *Compute) run(t testing.TB, argv ...string) string {
	t.Helper()
	out, err := inside(n.Namespace, n.cloud.environ(n.environ()...), argv...)
	if err != nil {
		t.Fatalf("compute node %s: %v", n.Name, err)
	}
	return out
}

// inside runs a program in a namespace and gives what it prints.
func inside(ns *netns.Namespace, environ []string, argv ...string) (string, error) {
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env = environ
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := ns.Start(cmd)
	if err == nil {
		err = cmd.Wait()
	}
	if err != nil {
		err = fmt.Errorf("%s: %w: %s", strings.Join(argv, " "), err, errs.String())
	}
	return out.String(), err
}

func (n *Compute) file(name string) string { return filepath.Join(n.cloud.Dir, n.Name, name) }
