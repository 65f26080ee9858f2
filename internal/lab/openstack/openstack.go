// Package openstack starts private clouds out of Debian's packages for tests:
// the control plane of OpenStack with the real Neutron, and the real clients.
// Each cloud is in a network namespace of its own, so that several run side by
// side with the same addresses; compute nodes and gateways of Landbridge join it
// by its bridges.
package openstack

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gophercloud/gophercloud/v2"
	"golang.org/x/sync/errgroup"

	"landbridge/internal/lab/logfile"
	"landbridge/internal/lab/netns"
	"landbridge/internal/lab/testenv"
)

const (
	// Bridge is the cloud's management network, in its namespace.
	Bridge = "mgmt"
	// Address is where the services listen, the same in every cloud.
	Address = "10.77.0.1"
	// NeutronURL leaves Neutron's own port, 9696, to who stands in front of it.
	NeutronURL = "http://" + Address + ":9697"
	// KeystoneURL is the identity service's.
	KeystoneURL = "http://" + Address + ":5000/v3"
)

const (
	// startWithin is how long a service may take to serve, or to end.
	startWithin = 60 * time.Second
	// toolWithin is how long a command may take that prepares a service.
	toolWithin = 3 * time.Minute
)

// Options are what differs between clouds.
type Options struct {
	Keystone bool   // else Neutron believes everybody (noauth)
	VNIs     string // of Neutron's networks; "": "1000:1999"
	// L2Population has Neutron tell the compute nodes where each MAC is; else
	// they flood to each other, and learn.
	L2Population bool
	// ARPResponder has the compute nodes answer for the addresses they know of.
	ARPResponder bool
	// MariaDB starts the database; nil: testenv.StartMariaDB.
	MariaDB func(testing.TB) *testenv.DatabaseServer
	// Under is what Neutron runs under, as taskset: the words before its command.
	Under []string
}

// Cloud is the control plane of a cloud. It ends with its test.
type Cloud struct {
	options Options
	// Dir has its files: configuration, state, logs.
	Dir string
	// Namespace is where its services run, on Address.
	Namespace *netns.Namespace

	MariaDB  *testenv.DatabaseServer
	RabbitMQ *testenv.RabbitMQ
	Neutron  *testenv.Program
	Keystone *Keystone // nil without

	computes int                        // nodes made
	neutron  *gophercloud.ServiceClient // nil: not logged in yet
}

// Start starts a cloud and returns when its services answer. Where the test
// fails, the ends of their logs are shown.
func Start(t testing.TB, o Options) *Cloud {
	t.Helper()
	if o.VNIs == "" {
		o.VNIs = "1000:1999"
	}
	if o.MariaDB == nil {
		o.MariaDB = testenv.StartMariaDB
	}
	c := &Cloud{options: o, Dir: directory(t), Namespace: testenv.Namespace(t, "cloud")}
	defer t.Cleanup(func() { // the first of all: before the services are killed
		if t.Failed() {
			c.showLogs(t)
		}
	})
	must(t, errors.Join(c.Namespace.AddBridge(Bridge), c.Namespace.AddBridge(Underlay)))
	must(t, c.Namespace.AddAddr(Bridge, netip.MustParsePrefix(Address+"/24")))
	c.MariaDB = o.MariaDB(t)
	steps := []step{c.prepareNeutron(t)}
	if o.Keystone {
		c.Keystone = newKeystone(t, c)
		steps = append(steps, c.Keystone.prepare)
	}
	prepared := sideBySide(t, steps)
	c.RabbitMQ = testenv.StartRabbitMQ(t, testenv.RabbitMQConfig{Namespace: c.Namespace, Address: Address, Port: 5672})
	must(t, prepared())
	if o.Keystone {
		c.Keystone.run(t)
	}
	c.runNeutron(t)
	return c
}

// sideBySide starts steps; what it gives waits for them. They end with the
// test.
func sideBySide(t testing.TB, steps []step) (wait func() error) {
	var group errgroup.Group
	for _, do := range steps {
		group.Go(func() error { return do(t.Context()) })
	}
	t.Cleanup(func() { _ = group.Wait() }) // what has failed was told, or nobody waits for it
	return group.Wait
}

// step prepares a service.
type step func(context.Context) error

// directory is not t.TempDir, whose paths may be too long for a socket.
func directory(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "lb-openstack-")
	must(t, err)
	t.Cleanup(func() { must(t, os.RemoveAll(dir)) })
	return dir
}

// database makes a database of MariaDB and gives its URL for SQLAlchemy.
func (c *Cloud) database(t testing.TB, name string) string {
	t.Helper()
	db := c.MariaDB.Connect(t, "")
	defer func() { _ = db.Close() }()
	_, err := db.Exec("CREATE DATABASE " + name + " CHARACTER SET utf8mb4")
	must(t, err)
	return fmt.Sprintf("mysql+pymysql://root@localhost/%s?charset=utf8mb4&unix_socket=%s", name, c.MariaDB.Socket())
}

// tool runs one of the programs that prepare a service. It touches nothing but
// files and the database, so it may run anywhere, and dies with this process.
func tool(ctx context.Context, name string, args ...string) error {
	ctx, cancel := context.WithTimeout(ctx, toolWithin)
	defer cancel()
	// The signal at the parent's death is bound to the thread that forks.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s (make deps-openstack installs it): %w\n%s", cmd, err, out)
	}
	return nil
}

// program is a service of the cloud.
func (c *Cloud) program(name string, env, argv []string, ready func() error) *testenv.Program {
	return &testenv.Program{
		Name: name, Log: c.file(name + ".log"), Namespace: c.Namespace, Within: startWithin, Ready: ready,
		Command: func() *exec.Cmd {
			cmd := exec.Command(argv[0], argv[1:]...)
			cmd.Dir, cmd.Env = c.Dir, c.environ(env...)
			return cmd
		},
	}
}

// environ is what programs of the cloud see, whatever the machine has set: the
// system's Python, and no credentials but those given.
func (c *Cloud) environ(more ...string) []string {
	return append([]string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=" + c.Dir, "LANG=C.UTF-8"}, more...)
}

func (c *Cloud) showLogs(t testing.TB) {
	t.Helper()
	logs, err := filepath.Glob(c.file("*.log"))
	must(t, err)
	slices.Sort(logs)
	for _, log := range logs {
		t.Logf("the end of %s:\n%s", filepath.Base(log), logfile.Tail(log))
	}
}

// write makes a file of the cloud. In its text, DIR is the cloud's directory.
func (c *Cloud) write(t testing.TB, name, text string, replace ...string) {
	t.Helper()
	must(t, os.MkdirAll(filepath.Dir(c.file(name)), 0o700))
	text = strings.NewReplacer(append(replace, "DIR", c.Dir)...).Replace(text)
	must(t, os.WriteFile(c.file(name), []byte(text), 0o600))
}

func (c *Cloud) file(name string) string { return filepath.Join(c.Dir, name) }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
