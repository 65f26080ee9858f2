package e2e

import (
	"math/rand/v2"
	"testing"
	"time"

	"landbridge/internal/lab"
	"landbridge/internal/lab/rest"
)

// killedAnytime kills one of the programs at a random instant around a change,
// again and again. Whatever was cut off, the clouds are one again soon after
// the program is back.
func (w *world) killedAnytime(t *testing.T) {
	const rounds = 20
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	made := w.join(t)
	a := made["a"]
	for range rounds {
		victim := lab.Programs()[random.IntN(len(lab.Programs()))]
		changed := make(chan lab.Connected, 1)
		go func() { changed <- w.renew(t, a) }()
		after(t, time.Duration(random.IntN(15000))*time.Microsecond)
		if err := w.a.Kill(victim); err != nil {
			t.Fatal(err)
		}
		a = <-changed
		if err := w.a.Start(t.Context(), victim); err != nil {
			t.Fatal(err)
		}
		if a.RemoteConnection = w.remoteOf(t, w.a); a.RemoteConnection == "" {
			a.RemoteConnection = w.reconnect(t, "a", a)
		}
		t.Logf("%s was killed", victim)
		w.active(t, map[string]lab.Connected{"a": a})
		w.reach(t, "vm-a1", "vm-b1")
	}
}

// renew deletes the remote connection and makes it again, as far as the server
// lives to do so.
func (w *world) renew(t *testing.T, c lab.Connected) lab.Connected {
	if w.a.API.Delete(t.Context(), rest.RemoteConnections, c.RemoteConnection) != nil {
		return c
	}
	_, _ = w.a.API.Create(t.Context(), rest.RemoteConnections, rest.Object{
		"l2_gateway_id": c.Gateway, "l2_remote_gateway_id": c.RemoteGateway,
		"network_id": w.a.Cloud.Network(lab.Blue).ID, "segmentation_id": lab.WANKey,
	}) // whether it has worked is asked of the server later
	return c
}

// remoteOf gives the remote connection that a gateway has, "" where it has
// none.
func (w *world) remoteOf(t *testing.T, g *lab.GatewayNode) string {
	t.Helper()
	list, err := g.API.List(t.Context(), rest.RemoteConnections)
	if err != nil {
		t.Fatal(err)
	}
	if len(list) == 0 {
		return ""
	}
	return list[0].ID()
}

// after lets some time pass: the instant at which something is killed.
func after(t *testing.T, d time.Duration) {
	t.Helper()
	select {
	case <-time.After(d):
	case <-t.Context().Done():
	}
}
