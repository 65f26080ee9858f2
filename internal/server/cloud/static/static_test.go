package static

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"landbridge/internal/l2gw"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fixture is a cloud on files in a folder of the test's own.
type fixture struct {
	*Cloud
	file, announce string
	changes        chan []string
}

func open(t *testing.T, text string) *fixture {
	t.Helper()
	dir := t.TempDir()
	f := &fixture{file: filepath.Join(dir, "cloud.yaml"), announce: filepath.Join(dir, "served.yaml"), changes: make(chan []string, 100)}
	f.write(t, text)
	c, err := Open(Config{File: f.file, Announce: f.announce, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	f.Cloud = c
	return f
}

func (f *fixture) write(t *testing.T, text string) {
	t.Helper()
	if err := os.WriteFile(f.file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// watch runs Watch until the test ends.
func (f *fixture) watch(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- f.Watch(ctx, func(ids []string) { f.changes <- ids }) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("Watch ended with %v", err)
		}
	})
}

// next gives the next change as text: "blue-id", or "all".
func (f *fixture) next(t *testing.T) string {
	t.Helper()
	select {
	case ids := <-f.changes:
		if ids == nil {
			return "all"
		}
		return strings.Join(ids, " ")
	case <-time.After(10 * time.Second):
		t.Fatal("no change was told")
		return ""
	}
}

func TestSite(t *testing.T) {
	f := open(t, good)
	site, err := f.Site(t.Context(), "blue-id")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]netip.Addr{"a1": netip.MustParseAddr("10.0.0.11"), "a2": netip.MustParseAddr("fd00::12")}
	if len(site.Ports) != 3 || fmt.Sprint(site.Endpoints) != fmt.Sprint(want) || site.Network.Segments[0].ID != 123 {
		t.Errorf("site %+v", site)
	}
	n, err := f.Network(t.Context(), "red-id")
	if err != nil || n.ID != "red-id" || len(n.Segments) != 1 {
		t.Errorf("network %+v, %v", n, err)
	}
	_, err = f.Network(t.Context(), "nobody")
	if l2gw.CodeOf(err) != l2gw.NotFound {
		t.Errorf("error %v, want NotFound", err)
	}
	if _, err = f.Site(t.Context(), "nobody"); l2gw.CodeOf(err) != l2gw.NotFound {
		t.Errorf("error %v, want NotFound", err)
	}
}

func TestOpenRefusesABadFile(t *testing.T) {
	dir := t.TempDir()
	if _, err := Open(Config{File: filepath.Join(dir, "absent.yaml")}); err == nil || !strings.Contains(err.Error(), "absent.yaml") {
		t.Errorf("error %v", err)
	}
	bad := filepath.Join(dir, "bad.yaml")
	if err := os.WriteFile(bad, []byte("networks: 5"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(Config{File: bad}); err == nil || !strings.Contains(err.Error(), "bad.yaml:1") {
		t.Errorf("error %v", err)
	}
}

func TestWatchFollowsTheFile(t *testing.T) {
	f := open(t, good)
	f.watch(t)
	f.write(t, strings.Replace(good, "456", "457", 1))
	if got := f.next(t); got != "red-id" {
		t.Fatalf("changed %q, want red-id", got)
	}
	if n, err := f.Network(t.Context(), "red-id"); err != nil || n.Segments[0].ID != 457 {
		t.Errorf("%+v, %v", n, err)
	}
}

func TestAGatewayIsAChange(t *testing.T) {
	a, err := parse("a", []byte(good))
	if err != nil {
		t.Fatal(err)
	}
	b, err := parse("b", []byte(strings.Replace(good, ", 192.168.0.1]", "]", 1)))
	if err != nil {
		t.Fatal(err)
	}
	if got := changes(a, b); !slices.Equal(got, []string{"blue-id"}) {
		t.Errorf("changed %q, want blue-id", got)
	}
}

func TestAFileHalfWrittenDoesNotCount(t *testing.T) {
	f := open(t, good)
	f.watch(t)
	w, err := os.OpenFile(f.file, os.O_WRONLY|os.O_TRUNC, 0)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(strings.Replace(good, "456", "457", 1)) {
		if _, err := w.WriteString(line); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if got := f.next(t); got != "red-id" {
		t.Errorf("changed %q, want red-id", got)
	}
}

func TestWatchFollowsARename(t *testing.T) {
	f := open(t, good)
	f.watch(t)
	for i, name := range []string{"azure", "cyan"} {
		next := f.file + ".next"
		if err := os.WriteFile(next, []byte(strings.Replace(good, "blue,", name+",", 1)), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(next, f.file); err != nil {
			t.Fatal(err)
		}
		if got := f.next(t); got != "blue-id" {
			t.Fatalf("change %d is %q, want blue-id", i, got)
		}
		if n, err := f.Network(t.Context(), "blue-id"); err != nil || n.Name != name {
			t.Fatalf("network %+v, %v", n, err)
		}
	}
}

func TestABadFileKeepsTheLastGoodOne(t *testing.T) {
	f := open(t, good)
	tell := func(ids []string) { f.changes <- ids }
	f.write(t, "networks: 5")
	f.look(tell)
	if err := f.Health(); err == nil || !strings.Contains(err.Error(), "cloud.yaml:1") {
		t.Errorf("health %v", err)
	}
	if n, err := f.Network(t.Context(), "blue-id"); err != nil || n.Name != "blue" {
		t.Errorf("network %+v, %v", n, err)
	}
	f.look(tell) // says nothing again
	if err := os.Remove(f.file); err != nil {
		t.Fatal(err)
	}
	f.look(tell)
	f.look(tell)
	if err := f.Health(); err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("health %v", err)
	}
	f.write(t, good)
	f.look(tell)
	if err := f.Health(); err != nil {
		t.Errorf("health %v", err)
	}
	f.look(tell)
	if len(f.changes) != 3 {
		t.Errorf("%d changes were told, want 3: bad, gone, good again", len(f.changes))
	}
	for range 3 {
		if got := f.next(t); got != "all" {
			t.Errorf("changed %q, want all", got)
		}
	}
}

func service(id, addr string) l2gw.Service {
	return l2gw.Service{NetworkID: id, Addr: netip.MustParseAddr(addr)}
}

func TestAnnounce(t *testing.T) {
	f := open(t, good)
	announce := func(services ...l2gw.Service) {
		t.Helper()
		if err := f.Announce(t.Context(), services); err != nil {
			t.Fatal(err)
		}
	}
	expect := func(want string) {
		t.Helper()
		got, err := os.ReadFile(f.announce)
		if err != nil || string(got) != want {
			t.Errorf("announced\n%s\n%v, want\n%s", got, err, want)
		}
	}
	announce()
	expect("services: []\n")
	announce(service("red-id", "10.0.0.2"), service("blue-id", "10.0.0.3"), service("blue-id", "10.0.0.2"), service("unknown", "10.0.0.2"))
	const both = `services:
- network: blue-id
  segmentation_id: 123
  gateways:
  - 10.0.0.2
  - 10.0.0.3
- network: red-id
  segmentation_id: 456
  gateways:
  - 10.0.0.2
`
	expect(both)
	before, err := os.Stat(f.announce)
	if err != nil {
		t.Fatal(err)
	}
	if before.Mode().Perm() != 0o644 {
		t.Errorf("mode %v, want 0644", before.Mode())
	}
	announce(service("blue-id", "10.0.0.3"), service("blue-id", "10.0.0.2"), service("red-id", "10.0.0.2"))
	after, err := os.Stat(f.announce)
	if err != nil || !os.SameFile(before, after) {
		t.Errorf("the file was replaced without a change (%v)", err)
	}
	f.write(t, strings.Replace(good, "123", "124", 1))
	f.look(func([]string) {})
	expect(strings.Replace(both, "123", "124", 1))
	if entries, err := os.ReadDir(filepath.Dir(f.announce)); err != nil || len(entries) != 2 {
		t.Errorf("files left behind: %v, %v", entries, err)
	}
}

func TestAnnounceThatCannotBeWritten(t *testing.T) {
	f := open(t, good)
	f.cfg.Announce = filepath.Join(t.TempDir(), "absent", "served.yaml")
	if err := f.Announce(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "absent") {
		t.Errorf("error %v", err)
	}
	f.cfg.Announce = ""
	if err := f.Announce(t.Context(), nil); err != nil {
		t.Errorf("without a file: %v", err)
	}
}

func TestTheExampleIsRight(t *testing.T) {
	c, err := Open(Config{File: "../../../../docs/examples/cloud.yaml"})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(c.now.networks); n == 0 || len(c.now.hosts) != 2 || len(c.now.ports) != 1 {
		t.Errorf("the example has %d networks, hosts %v, ports %v", n, c.now.hosts, c.now.ports)
	}
}
