package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"landbridge/internal/ethernet"
	"landbridge/internal/lab"
	"landbridge/internal/lab/rest"
	"landbridge/internal/lab/testenv"
)

// goesOn is how many pings, 1 ms apart, have to pass after each event.
const goesOn = 500

// vtepdKilled kills a dataplane's program during a ping: the packets do not
// notice, neither its death nor its return.
func (w *world) vtepdKilled(t *testing.T) {
	made := w.join(t)
	w.reach(t, "vm-a1", "vm-b1")
	p := w.pinging(t, "vm-a1", "vm-b1", time.Millisecond)
	more(t, p, goesOn)
	if err := w.a.Kill(lab.VTEPD); err != nil {
		t.Fatal(err)
	}
	more(t, p, goesOn)
	if err := w.a.Start(t.Context(), lab.VTEPD); err != nil {
		t.Fatal(err)
	}
	more(t, p, goesOn)
	w.active(t, made)
	lossless(t, p)
}

// serverKilled kills a server, and its agent within, during a ping. A port that
// the cloud gets meanwhile is in the switch once it is back.
func (w *world) serverKilled(t *testing.T) {
	made := w.join(t)
	w.reach(t, "vm-b1", "vm-a2")
	p := w.pinging(t, "vm-b1", "vm-a2", time.Millisecond)
	more(t, p, goesOn)
	if err := w.a.Kill(lab.Server); err != nil {
		t.Fatal(err)
	}
	newcomer := lab.VM{
		Name: "vm-a3", PortID: "90000000-0000-4000-8000-0000000000a3", Network: w.a.Cloud.Network(lab.Blue).ID,
		Host: "a2", MAC: ethernet.MustParseMAC("fa:16:3e:00:00:a3"), Addr: w.Spec.VM("vm-a1").Addr,
	}
	grown := w.a.Cloud
	grown.VMs = append(grown.VMs[:len(grown.VMs):len(grown.VMs)], newcomer)
	if err := w.a.WriteCloud(grown); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.a.WriteCloud(w.a.Cloud); err != nil {
			t.Error(err)
		}
	})
	more(t, p, goesOn)
	if err := w.a.Start(t.Context(), lab.Server); err != nil {
		t.Fatal(err)
	}
	testenv.Eventually(t, activeWithin, "the port of meanwhile is in the switch", func() error {
		if got := rows(t, w.a)["Ucast_Macs_Remote"]; !strings.Contains(strings.Join(got, "\n"), newcomer.MAC.String()) {
			return fmt.Errorf("Ucast_Macs_Remote has %v", got)
		}
		return nil
	})
	w.active(t, made)
	more(t, p, goesOn)
	lossless(t, p)
}

// ovsdbKilled kills the database under agent and vtepd during a ping, then
// vtepd as well, which has to take over its dataplane without a database. All
// come back, and carry out what is asked next.
func (w *world) ovsdbKilled(t *testing.T) {
	made := w.join(t)
	w.reach(t, "vm-a1", "vm-b1")
	p := w.pinging(t, "vm-a1", "vm-b1", time.Millisecond)
	if err := w.a.Kill(lab.OVSDB); err != nil {
		t.Fatal(err)
	}
	shows(t, w.a, rest.RemoteConnections, made["a"].RemoteConnection, "DOWN", w.a.Database(), "cannot be used")
	if err := w.a.Kill(lab.VTEPD); err != nil {
		t.Fatal(err)
	}
	if err := w.a.Start(t.Context(), lab.VTEPD); err != nil {
		t.Fatal(err)
	}
	more(t, p, goesOn)
	if err := w.a.Start(t.Context(), lab.OVSDB); err != nil {
		t.Fatal(err)
	}
	w.active(t, made)
	more(t, p, goesOn)
	lossless(t, p)

	if err := w.a.API.Delete(t.Context(), rest.RemoteConnections, made["a"].RemoteConnection); err != nil {
		t.Fatal(err)
	}
	again := made["a"]
	again.RemoteConnection = w.reconnect(t, "a", again)
	w.active(t, map[string]lab.Connected{"a": again})
	w.reach(t, "vm-a1", "vm-b1")
}

// vtepdRemoved ends vtepd for good: while it is only stopped, packets pass; once
// what it has pinned is removed, none do, and nothing is left.
func (w *world) vtepdRemoved(t *testing.T) {
	made := w.join(t)
	w.reach(t, "vm-a1", "vm-b1")
	if err := w.a.Stop(lab.VTEPD); err != nil {
		t.Fatal(err)
	}
	if r := w.count(t, "vm-a1", w.Spec.VM("vm-b1").Addr.Addr()); r.Lost() != 0 {
		t.Errorf("vtepd is stopped: %s", r)
	}
	remove := exec.Command(filepath.Join(testenv.Programs(), string(lab.VTEPD)), "remove", "--bpffs", w.a.BPFFS())
	if out, err := remove.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if left, err := os.ReadDir(w.a.BPFFS()); err == nil && len(left) > 0 {
		t.Errorf("pinned objects are left: %v", left)
	}
	if r := w.count(t, "vm-a1", w.Spec.VM("vm-b1").Addr.Addr()); r.Received != 0 {
		t.Errorf("vtepd is removed: %s", r)
	}
	if err := w.a.Start(t.Context(), lab.VTEPD); err != nil {
		t.Fatal(err)
	}
	w.active(t, made)
	w.reach(t, "vm-a1", "vm-b1")
}
