package chaos

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"landbridge/internal/lab/controlplane"
	"landbridge/internal/lab/rest"
	"landbridge/internal/lab/testenv"
)

// soon bounds what a busy machine may take its time for.
const soon = 60 * time.Second

// An agent stands still in the middle of a long write, until another has its
// switch: what it goes on to write is refused.
func TestAFormerOwnerGoesOnWriting(t *testing.T) {
	dir := t.TempDir()
	w := controlplane.New(t, controlplane.Config{
		Database: "sqlite:" + filepath.Join(dir, "server.db"), Dir: dir, Servers: 1, Agents: 2, Switches: 1,
	})
	const many = 20000
	o, before := w.Switches[0], stretch(t, w)
	serves, _ := w.Serving(t, 0)
	if _, err := w.Servers[0].CreateAll(t.Context(), rest.RemoteMACs, before.macs(many)); err != nil {
		t.Fatal(err)
	}
	await(t, o, "it has begun", func(rows int) bool { return rows > many/20 })
	serves.Freeze(t)
	if rows := count(t, o); rows > many*9/10 {
		t.Errorf("of %d rows %d were there when it stood still: too late to see anything", many, rows)
	}
	testenv.Eventually(t, soon, "another has the switch", func() error {
		if now, _ := w.Serving(t, 0); now == serves {
			return errors.New("it is served as before")
		}
		return nil
	})
	serves.Thaw(t)
	await(t, o, "all of it is there, once", func(rows int) bool { return rows == many+1 })
	testenv.Eventually(t, soon, "the former follows again", func() error { return serves.Shows("landbridge_agent_leader_heard 1") })
	epochs, err := checkFence(o.Journal(t))
	if err != nil || len(epochs) < 2 {
		t.Errorf("by the epochs %v: %v", epochs, err)
	}
}

// stretched is the remote connection of a network.
type stretched string

// stretch connects a network to a remote gateway.
func stretch(t *testing.T, w *controlplane.World) stretched {
	t.Helper()
	add := func(kind rest.Kind, attributes rest.Object) string {
		made, err := w.Servers[0].Create(t.Context(), kind, attributes)
		if err != nil {
			t.Fatal(err)
		}
		return made.ID()
	}
	network := controlplane.NetworkID(0)
	gateway := add(rest.Gateways, rest.Object{"devices": []any{map[string]any{"device_name": controlplane.SwitchName(0)}}})
	add(rest.Connections, rest.Object{"l2_gateway_id": gateway, "network_id": network})
	remote := add(rest.RemoteGateways, rest.Object{"ipaddr": "203.0.113.1"})
	return stretched(add(rest.RemoteConnections, rest.Object{"l2_gateway_id": gateway, "network_id": network, "l2_remote_gateway_id": remote}))
}

// macs gives that many remote MACs.
func (s stretched) macs(n int) (list []rest.Object) {
	for i := range n {
		list = append(list, rest.Object{"mac": fmt.Sprintf("02:00:00:%02x:%02x:%02x", i>>16, i>>8&255, i&255), "rgw_connection": string(s)})
	}
	return list
}

// count gives the number of remote MACs that a switch has.
func count(t *testing.T, o *testenv.OVSDB) int {
	t.Helper()
	all := testenv.Row{"op": "select", "table": "Ucast_Macs_Remote", "where": []any{}, "columns": []string{"_uuid"}}
	return len(o.Transact(t, all)[0].Rows)
}

// await waits until a switch has as many as ok wants.
func await(t *testing.T, o *testenv.OVSDB, what string, ok func(rows int) bool) {
	t.Helper()
	testenv.Eventually(t, soon, what, func() error {
		if rows := count(t, o); !ok(rows) {
			return fmt.Errorf("it has %d rows", rows)
		}
		return nil
	})
}
