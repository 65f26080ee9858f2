package api

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"landbridge/bench/load"
	"landbridge/bench/objects"
	"landbridge/internal/lab/testenv"
)

// startWithin is how long a server may take to start, and to end.
const startWithin = 2 * time.Minute

// options are what differs between servers that are measured.
type options struct {
	database string
	networks int  // of the cloud
	free     bool // it may use all cores; else one, as its rival
	more     []string
}

// onOneCore is what a server runs under that may use one processor core, always
// the same.
var onOneCore = []string{"taskset", "--cpu-list", "0"}

// landbridge is a server that is measured.
type landbridge struct {
	*testenv.Program
	load.Server
}

// startLandbridge starts a server that ends with its benchmark.
func startLandbridge(b *testing.B, o options) landbridge {
	b.Helper()
	dir := b.TempDir()
	cloud := filepath.Join(dir, "cloud.yaml")
	if err := os.WriteFile(cloud, []byte(cloudOf(o.networks)), 0o600); err != nil {
		b.Fatal(err)
	}
	listen, metrics := fmt.Sprint("127.0.0.1:", freePort(b)), fmt.Sprint("127.0.0.1:", freePort(b))
	argv := append([]string{
		filepath.Join(testenv.Programs(), "landbridge-server"), "--database", o.database, "--cloud-file", cloud,
		"--listen", listen, "--metrics-listen", metrics,
	}, o.more...)
	if !o.free {
		argv = append(onOneCore[:len(onOneCore):len(onOneCore)], argv...)
	}
	s := landbridge{
		&testenv.Program{
			Name: "landbridge-server", Log: filepath.Join(dir, "log"), Within: startWithin, Ready: ready("http://" + metrics + "/readyz"),
			Command: func() *exec.Cmd {
				cmd := exec.Command(argv[0], argv[1:]...)
				cmd.Dir = dir
				return cmd
			},
		},
		load.Server{URL: "http://" + listen},
	}
	s.Run(b)
	return s
}

// ready waits for a page.
func ready(url string) func() error {
	client := load.NewClient(load.Server{URL: url})
	return func() error {
		_, err := client.Do(context.Background(), load.Request{Method: http.MethodGet})
		return err
	}
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

// cloudOf describes a cloud with one compute node.
func cloudOf(networks int) string {
	var b strings.Builder
	b.WriteString("hosts:\n  - {host: a1, tunnel_address: 10.0.0.11}\nnetworks:\n")
	for n := range networks {
		fmt.Fprintf(&b, "  - {id: %s, segmentation_id: %d}\n", objects.NetworkID(n), n+1)
	}
	return b.String()
}

// made makes one object and gives its ID.
func made(b *testing.B, c *load.Client, k objects.Kind) string {
	b.Helper()
	id, err := k.Make(b.Context(), c, 0)
	if err != nil {
		b.Fatal(err)
	}
	return id
}
