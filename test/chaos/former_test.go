package chaos

import (
	"errors"
	"fmt"
	"os"
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
	o, before := w.Switches[0], stretch(t, w)
	serves, total := stopInAWrite(t, w, before)
	testenv.Eventually(t, soon, "another has the switch", func() error {
		if now, _ := w.Serving(t, 0); now == serves {
			return errors.New("it is served as before")
		}
		return nil
	})
	serves.Thaw(t)
	await(t, o, "all of it is there, once", func(rows int) bool { return rows == total+1 })
	testenv.Eventually(t, soon, "the former follows again", func() error { return serves.Shows("landbridge_agent_leader_heard 1") })
	epochs, err := checkFence(o.Journal(t))
	if err != nil || len(epochs) < 2 {
		t.Errorf("by the epochs %v: %v", epochs, err)
	}
}

// stopInAWrite stops the agent of the switch while it writes remote MACs, and gives
// it and how many of them there are. A busy machine may see it too late.
func stopInAWrite(t *testing.T, w *controlplane.World, to stretched) (serves *controlplane.Agent, total int) {
	t.Helper()
	const many, attempts = 20000, 5
	o := w.Switches[0]
	for try := range attempts {
		serves, _ = w.Serving(t, 0)
		was := size(t, o)
		if _, err := w.Servers[0].CreateAll(t.Context(), rest.RemoteMACs, to.macs(try, many)); err != nil {
			t.Fatal(err)
		}
		testenv.Eventually(t, soon, "it has begun", func() error {
			if grown := size(t, o) - was; grown < 100*many/20 { // a row takes more than 100 bytes
				return fmt.Errorf("the file has grown by %d bytes", grown)
			}
			return nil
		})
		serves.Freeze(t)
		total += many
		if count(t, o) < total-many/10 {
			return serves, total
		}
		serves.Thaw(t)
	}
	t.Fatalf("%d times it had written everything before it was stopped", attempts)
	return nil, 0
}

// size gives that of a database's file.
func size(t *testing.T, o *testenv.OVSDB) int64 {
	t.Helper()
	info, err := os.Stat(o.DatabaseFile())
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
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

// macs gives that many remote MACs, others for each try.
func (s stretched) macs(try, n int) (list []rest.Object) {
	for i := range n {
		list = append(list, rest.Object{"mac": fmt.Sprintf("02:00:%02x:%02x:%02x:%02x", try, i>>16, i>>8&255, i&255), "rgw_connection": string(s)})
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
