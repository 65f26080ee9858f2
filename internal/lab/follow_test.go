package lab

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"landbridge/internal/lab/testenv"
)

func TestComputeNodesFollowTheAnnouncement(t *testing.T) {
	l := newTestLab(t)
	c := l.Spec.Clouds[0]
	gateway, peer := c.Gateway.Fabric.Addr(), c.Computes[1].Addr.Addr()
	file := l.Gateways["a"].announceFile()
	if err := os.Mkdir(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- l.Follow(ctx, slog.New(slog.DiscardHandler)) }()
	defer func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}()

	for _, step := range []struct {
		name      string
		announce  []service
		blue, red []netip.Addr
	}{
		{"one network", []service{{c.Network(Blue).ID, VNIOfA, []netip.Addr{gateway}}}, []netip.Addr{gateway, peer}, []netip.Addr{peer}},
		{"twice the same", []service{{c.Network(Blue).ID, VNIOfA, []netip.Addr{gateway, gateway}}}, []netip.Addr{gateway, peer}, []netip.Addr{peer}},
		{"the other network", []service{{c.Network(Red).ID, WANKey, []netip.Addr{gateway}}}, []netip.Addr{peer}, []netip.Addr{gateway, peer}},
		{"another id than the network has", []service{{c.Network(Blue).ID, 1, []netip.Addr{gateway}}}, []netip.Addr{peer}, []netip.Addr{peer}},
		{"nothing", nil, []netip.Addr{peer}, []netip.Addr{peer}},
	} {
		if err := writeYAML(file, announceFile{step.announce}); err != nil {
			t.Fatal(err)
		}
		testenv.Eventually(t, 5*time.Second, step.name, func() error {
			return l.checkFlood("a1", map[string][]netip.Addr{"vxlan123": step.blue, "vxlan456": step.red})
		})
	}
}

func (l *Lab) checkFlood(compute string, want map[string][]netip.Addr) error {
	ns, err := l.Node(compute)
	if err != nil {
		return err
	}
	for link, addrs := range want {
		if got, err := ns.Flood(link); err != nil || !slices.Equal(got, addrs) {
			return fmt.Errorf("%s floods to %v, want %v (%w)", link, got, addrs, err)
		}
	}
	return nil
}

func TestAwaitTunnels(t *testing.T) {
	l := newTestLab(t)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	if err := l.AwaitTunnels(ctx, Blue); err == nil || !strings.Contains(err.Error(), "compute node a1 has no tunnel to 10.1.0.1") {
		t.Errorf("nobody has tunnels: %v", err)
	}
	for _, c := range l.Spec.Clouds {
		n := c.Network(Blue)
		if err := l.tunnelTo(c, []service{{n.ID, n.VNI, []netip.Addr{c.Gateway.Fabric.Addr()}}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.AwaitTunnels(t.Context(), Blue); err != nil {
		t.Error(err)
	}
}

func TestReadAnnouncement(t *testing.T) {
	file := filepath.Join(t.TempDir(), "announced.yaml")
	if got, err := readAnnouncement(file); err != nil || got != nil {
		t.Errorf("no file: %v, %v", got, err)
	}
	text := "services:\n- network: n1\n  segmentation_id: 123\n  gateways: [10.1.0.1, 10.1.0.2]\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := readAnnouncement(file)
	if err != nil || len(got) != 1 || got[0].Network != "n1" || got[0].SegmentationID != 123 ||
		!slices.Equal(got[0].Gateways, []netip.Addr{addr("10.1.0.1"), addr("10.1.0.2")}) {
		t.Errorf("%+v, %v", got, err)
	}
	if err := os.WriteFile(file, []byte("services: [[["), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := readAnnouncement(file); err == nil {
		t.Error("read a broken file")
	}
}
