package lab

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"landbridge/internal/lab/netns"
	"landbridge/internal/lab/rest"
	"landbridge/internal/vtep/database"
)

// Program is a program of a gateway node.
type Program string

// The programs of a gateway node, in the order in which they start.
const (
	OVSDB  Program = "ovsdb-server"
	VTEPD  Program = "landbridge-vtepd"
	Server Program = "landbridge-server"
)

// Programs lists the programs of a gateway node in the order of their start.
func Programs() []Program { return []Program{OVSDB, VTEPD, Server} }

const (
	// apiAddress is where the server listens, inside the gateway's namespace.
	apiAddress = "127.0.0.1:9696"
	// startWithin is how long a program may take to be ready.
	startWithin = 20 * time.Second
	// endWithin is how long one may take to end in good order.
	endWithin = 5 * time.Second
)

// GatewayNode is a gateway node with its programs.
type GatewayNode struct {
	Cloud Cloud
	Dir   string // its files: databases, sockets, logs
	// API is the administrator's way to its server.
	API *rest.Client

	lab   *Lab
	vtepd *http.Client
}

func newGatewayNode(l *Lab, c Cloud) *GatewayNode {
	g := &GatewayNode{Cloud: c, Dir: filepath.Join(l.Dir, c.Gateway.Name), lab: l}
	inside := func(ctx context.Context, network, address string) (net.Conn, error) {
		ns, err := g.Namespace()
		if err != nil {
			return nil, err
		}
		return ns.DialContext(ctx, network, address)
	}
	g.API = rest.New("http://"+apiAddress, inside)
	g.vtepd = &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", g.VTEPSocket())
		},
	}}
	return g
}

// Namespace is the gateway's network namespace.
func (g *GatewayNode) Namespace() (*netns.Namespace, error) { return g.lab.Node(g.Cloud.Gateway.Name) }

// Database is the address of its hardware_vtep database.
func (g *GatewayNode) Database() string { return "unix:" + g.file("ovsdb.sock") }

// VTEPSocket is where its vtepd answers questions.
func (g *GatewayNode) VTEPSocket() string { return g.file("vtepd.sock") }

// Log is the file with a program's output.
func (g *GatewayNode) Log(p Program) string { return g.file(string(p) + ".log") }

// BPFFS is the directory that its vtepd pins under.
func (g *GatewayNode) BPFFS() string { return filepath.Join(g.lab.Dir, "bpf", g.Cloud.Gateway.Name) }

func (g *GatewayNode) file(name string) string { return filepath.Join(g.Dir, name) }
func (g *GatewayNode) databaseFile() string    { return g.file("vtep.db") }
func (g *GatewayNode) announceFile() string    { return g.file("announced.yaml") }

// Files gives what a server elsewhere needs: the file that describes the cloud,
// and the one that its compute nodes follow.
func (g *GatewayNode) Files() (cloud, announce string) { return g.file("cloud.yaml"), g.announceFile() }

// Prepare makes what the programs start from: the database, the cloud's file
// and the directory for pinned objects.
func (g *GatewayNode) Prepare() error {
	if err := os.MkdirAll(g.Dir, 0o700); err != nil {
		return err
	}
	if err := os.MkdirAll(g.BPFFS(), 0o700); err != nil {
		return err
	}
	if _, _, err := database.Create(context.Background(), g.databaseFile(), database.InstalledSchema); err != nil {
		return err
	}
	return g.WriteCloud(g.Cloud)
}

// WriteCloud replaces the file that the cloud driver reads.
func (g *GatewayNode) WriteCloud(c Cloud) error { return writeYAML(g.file("cloud.yaml"), c.file()) }

// Start starts a program and waits until it serves. More arguments go to its
// command line, each a flag with a value, in place of the lab's own of that name.
func (g *GatewayNode) Start(ctx context.Context, p Program, more ...string) error {
	ctx, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	ns, err := g.Namespace()
	if err != nil {
		return err
	}
	argv, ready := g.command(p)
	return g.lab.start(ctx, program{
		name: g.name(p), ns: ns, argv: override(argv, more), dir: g.Dir, log: g.Log(p), ready: ready,
	})
}

// override adds flags, each with a value, in the place of those of the same name.
func override(argv, more []string) []string {
	for i := 0; i+1 < len(more); i += 2 {
		if at := slices.Index(argv, more[i]); at >= 0 {
			argv = slices.Delete(argv, at, at+2)
		}
	}
	return append(argv, more...)
}

// Kill ends a program at once, as kill -9 does.
func (g *GatewayNode) Kill(p Program) error { return g.lab.kill(g.name(p)) }

// Stop ends a program in good order.
func (g *GatewayNode) Stop(p Program) error { return g.lab.end(g.name(p), endWithin) }

func (g *GatewayNode) name(p Program) string { return g.Cloud.Gateway.Name + "/" + string(p) }

func (g *GatewayNode) command(p Program) (argv []string, ready func(context.Context) error) {
	switch p {
	case OVSDB:
		return []string{
			"ovsdb-server", g.databaseFile(), "--no-chdir", "-vconsole:info", "-vsyslog:off", "-vfile:off",
			"--remote=p" + g.Database(), "--unixctl=" + g.file("ovsdb.ctl"),
		}, g.ovsdbReady
	case VTEPD:
		w := g.Cloud.Gateway
		return append([]string{
			g.lab.options.program(string(p)), "--database", g.Database(), "--switch", w.Name,
			"--fabric-address", w.Fabric.Addr().String(), "--wan-address", w.WAN.Addr().String(),
			"--interface", fabricLink, "--interface", wanLink, "--bpffs", g.BPFFS(), "--socket", g.VTEPSocket(),
		}, g.peers()...), g.vtepdReady
	default:
		return []string{
			g.lab.options.program(string(p)), "--listen", apiAddress, "--database", "sqlite:" + g.file("landbridge.db"),
			"--cloud-file", g.file("cloud.yaml"), "--announce-file", g.announceFile(), "--switch", g.Database(),
		}, g.API.Ready
	}
}

// peers are the other devices of the gateway, as flags.
func (g *GatewayNode) peers() (flags []string) {
	for _, p := range g.Cloud.Peers() {
		flags = append(flags, "--peer", p.String())
	}
	return flags
}

func (g *GatewayNode) ovsdbReady(ctx context.Context) error {
	conn, err := (&net.Dialer{}).DialContext(ctx, "unix", g.file("ovsdb.sock"))
	if err != nil {
		return err
	}
	return conn.Close()
}

func (g *GatewayNode) vtepdReady(ctx context.Context) error {
	_, err := g.VTEPD(ctx, "/state")
	return err
}

// mountBPF mounts a BPF file system of the lab's own: whatever is pinned in it
// goes with it.
func (l *Lab) mountBPF() error {
	dir := filepath.Join(l.Dir, "bpf")
	if err := os.Mkdir(dir, 0o700); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return nil
		}
		return err
	}
	if err := l.ledger.Mount(dir); err != nil {
		return err
	}
	if err := unix.Mount("bpf", dir, "bpf", 0, "mode=0700"); err != nil {
		return fmt.Errorf("mount a BPF file system at %s: %w", dir, err)
	}
	return nil
}
