package api

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"landbridge/bench/daemon"
	"landbridge/bench/load"
)

// startWithin is how long a server may take to start.
const startWithin = 2 * time.Minute

// landbridge is a server that is measured.
type landbridge struct {
	*daemon.Daemon
	url, metrics string
}

// options are what differs between servers that are measured.
type options struct {
	database string
	networks int  // of the cloud
	free     bool // it may use all cores; else one, as its rival
	more     []string
}

// serverCore is the processor core that servers may use.
var serverCore = 0

// startLandbridge starts a server that ends with its benchmark.
func startLandbridge(b *testing.B, o options) landbridge {
	b.Helper()
	dir := b.TempDir()
	cloud := filepath.Join(dir, "cloud.yaml")
	if err := os.WriteFile(cloud, []byte(cloudOf(o.networks)), 0o600); err != nil {
		b.Fatal(err)
	}
	listen, metrics := fmt.Sprint("127.0.0.1:", freePort(b)), fmt.Sprint("127.0.0.1:", freePort(b))
	s := landbridge{url: "http://" + listen, metrics: "http://" + metrics}
	p := daemon.Program{
		Name: "landbridge-server", Dir: dir, Log: filepath.Join(dir, "log"), Ready: answers(s.metrics + "/readyz"),
		Argv: append([]string{
			program(b, "landbridge-server"), "--database", o.database, "--cloud-file", cloud,
			"--listen", listen, "--metrics-listen", metrics,
		}, o.more...),
	}
	if !o.free {
		p.Core, p.Env = &serverCore, []string{"GOMAXPROCS=1"}
	}
	s.Daemon = start(b, p)
	return s
}

// program gives the path of one of Landbridge's programs.
func program(b *testing.B, name string) string {
	b.Helper()
	dir := os.Getenv("LANDBRIDGE_BIN")
	if dir == "" {
		b.Fatal("LANDBRIDGE_BIN has to name the folder with the programs: run make bench-api")
	}
	return filepath.Join(dir, name)
}

func freePort(b *testing.B) int {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port
}

// start starts a program that ends with its benchmark.
func start(b *testing.B, p daemon.Program) *daemon.Daemon {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), startWithin)
	defer cancel()
	d, err := daemon.Start(ctx, p)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := d.Stop(); err != nil {
			b.Error(err)
		}
	})
	return d
}

// answers waits for a page.
func answers(url string) func(context.Context) error {
	client := load.NewClient(url)
	return func(ctx context.Context) error {
		_, err := client.Do(ctx, load.Request{Method: http.MethodGet})
		return err
	}
}

func networkID(n int) string { return fmt.Sprintf("b10e0000-0000-4000-8000-%012x", n) }

// cloudOf describes a cloud with one compute node.
func cloudOf(networks int) string {
	var b strings.Builder
	b.WriteString("hosts:\n  - {host: a1, tunnel_address: 10.0.0.11}\nnetworks:\n")
	for n := range networks {
		fmt.Fprintf(&b, "  - {id: %s, segmentation_id: %d}\n", networkID(n), n+1)
	}
	return b.String()
}
