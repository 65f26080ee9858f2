package e2e

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"landbridge/internal/lab"
	"landbridge/internal/lab/netns"
	"landbridge/internal/lab/ping"
	"landbridge/internal/lab/rest"
	"landbridge/internal/lab/testenv"
)

// A bare metal server of cloud A, at a port of its gateway, reaches VMs of cloud
// B and of its own; it goes on while vtepd is killed, and not after its
// interface was taken from the gateway.
func TestBareMetal(t *testing.T) {
	w := newWorld(t, lab.TwoClouds(name("metal")))
	server := w.rack(t)
	w.withPorts(t, "rack1=rack0")
	made := w.connect(t, func(a *lab.Ask) {
		if a.Remote == w.b.Cloud.Gateway.WAN.Addr() {
			a.Ports = map[string][]int{"rack1": {0}}
		}
	})
	w.active(t, made)
	w.tunnelled(t, lab.Blue)
	for _, vm := range []string{"vm-b1", "vm-a1", "vm-a2"} {
		reaches(t, server, w.Spec.VM(vm).Addr.Addr())
	}
	reaches(t, w.node(t, "vm-b1"), serverAddr.Addr())
	testenv.Eventually(t, reachWithin, "the server's MAC is in the database", func() error {
		mac, err := server.MAC("eth0")
		if err != nil {
			return err
		}
		if local := fmt.Sprint(rows(t, w.a)["Ucast_Macs_Local"]); !strings.Contains(local, mac.String()) {
			return fmt.Errorf("%s is not in %s", mac, local)
		}
		return nil
	})

	p, err := ping.Start(server, w.Spec.VM("vm-b1").Addr.Addr(), 5*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Abandon)
	more(t, p, 20)
	if err := w.a.Kill(lab.VTEPD); err != nil {
		t.Fatal(err)
	}
	more(t, p, 50)
	if err := w.a.Start(t.Context(), lab.VTEPD, "--port", "rack1=rack0"); err != nil {
		t.Fatal(err)
	}
	more(t, p, 50)
	lossless(t, p)

	if err := w.a.API.Delete(t.Context(), rest.RemoteConnections, made["a"].RemoteConnection); err != nil {
		t.Fatal(err)
	}
	if err := w.a.API.Delete(t.Context(), rest.Connections, made["a"].Connection); err != nil {
		t.Fatal(err)
	}
	testenv.Eventually(t, activeWithin, "the port is free again", func() error {
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		err := ping.Until(ctx, server, w.Spec.VM("vm-a1").Addr.Addr(), 20*time.Millisecond)
		if err == nil {
			return errors.New("the server still reaches a VM")
		}
		if errors.Is(err, context.DeadlineExceeded) {
			return nil
		}
		return err
	})
}

var serverAddr = netip.MustParsePrefix("192.168.50.31/24")

// rack puts a server at the interface rack0 of cloud A's gateway.
func (w *world) rack(t *testing.T) *netns.Namespace {
	t.Helper()
	gateway, err := w.a.Namespace()
	if err != nil {
		t.Fatal(err)
	}
	server := testenv.Namespace(t, "server")
	if err := errors.Join(
		netns.Veth(gateway, "rack0", server, "eth0"),
		server.AddAddr("eth0", serverAddr),
	); err != nil {
		t.Fatal(err)
	}
	return server
}

// withPorts has cloud A's vtepd run with a port.
func (w *world) withPorts(t *testing.T, port string) {
	t.Helper()
	if err := errors.Join(w.a.Stop(lab.VTEPD), w.a.Start(t.Context(), lab.VTEPD, "--port", port)); err != nil {
		t.Fatal(err)
	}
}

func reaches(t *testing.T, from *netns.Namespace, to netip.Addr) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), reachWithin)
	defer cancel()
	if err := ping.Until(ctx, from, to, 20*time.Millisecond); err != nil {
		t.Fatal(err)
	}
}
