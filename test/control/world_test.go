package control

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"landbridge/internal/lab/controlplane"
	"landbridge/internal/lab/rest"
	"landbridge/internal/lab/testenv"
)

const (
	soon = 20 * time.Second
	// takeover is how long another may take at the default settings to do what one
	// did that is gone.
	takeover = 3 * time.Second
)

// world is two servers, two agents and three switches.
type world struct {
	t *testing.T
	*controlplane.World
}

func newWorld(t *testing.T, dsn string) *world {
	t.Helper()
	return &world{t, controlplane.New(t, controlplane.Config{Database: dsn, Dir: t.TempDir(), Servers: 2, Agents: 2, Switches: 3})}
}

// gateway makes a gateway of one switch.
func (w *world) gateway(by *controlplane.Server, i int) string {
	w.t.Helper()
	made, err := by.Create(w.t.Context(), "l2_gateway", rest.Object{
		"name": fmt.Sprint("gw", i), "devices": []any{map[string]any{"device_name": controlplane.SwitchName(i)}},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return made.ID()
}

// connect connects the n-th network; the request is tried until it is answered.
func (w *world) connect(by *controlplane.Server, gateway string, n int) string {
	w.t.Helper()
	made, err := by.Create(w.t.Context(), "l2_gateway_connection", rest.Object{"l2_gateway_id": gateway, "network_id": controlplane.NetworkID(n)})
	if err != nil {
		w.t.Fatal(err)
	}
	return made.ID()
}

// holds waits until a switch holds some networks and no others.
func (w *world) holds(within time.Duration, i int, want ...int) {
	w.t.Helper()
	testenv.Eventually(w.t, within, fmt.Sprintf("switch %d holds its networks", i), func() error {
		have := map[any]bool{}
		for _, row := range w.Switches[i].Rows(w.t, "Logical_Switch") {
			have[row["name"]] = true
		}
		for _, n := range want {
			if !have["landbridge/"+controlplane.NetworkID(n)] {
				return fmt.Errorf("it lacks network %d", n)
			}
		}
		if len(have) != len(want) {
			return fmt.Errorf("it holds %d networks, want %d", len(have), len(want))
		}
		return nil
	})
}

// is waits until a connection has a status, asked of each server that answers.
func (w *world) is(within time.Duration, by *controlplane.Server, id, status string, says ...string) {
	w.t.Helper()
	testenv.Eventually(w.t, within, "status "+status, func() error {
		o, err := by.Show(w.t.Context(), "l2_gateway_connection", id)
		if err != nil {
			return err
		}
		if o.Status() != status {
			return fmt.Errorf("it is %s: %s", o.Status(), o.Reason())
		}
		for _, word := range says {
			if !strings.Contains(o.Reason(), word) {
				return fmt.Errorf("the reason lacks %q: %s", word, o.Reason())
			}
		}
		return nil
	})
}

// took fails the test where something took longer than it may.
func (w *world) took(what string, began time.Time, most time.Duration) {
	w.t.Helper()
	took := time.Since(began).Round(time.Millisecond)
	w.t.Logf("%s: %v", what, took)
	if took > most {
		w.t.Errorf("%s took %v, at most %v", what, took, most)
	}
}
