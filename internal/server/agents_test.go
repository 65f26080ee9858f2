package server

import (
	"testing"
	"time"

	"landbridge/internal/l2gw"
	"landbridge/internal/server/store"
)

func TestAnAgentOfWhichNobodyHasHeardIsNotAlive(t *testing.T) {
	w := newWorld(t)
	db := w.store.Store.(*store.Store)
	lease, _, err := db.TakeLease(t.Context(), planning, "x", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	now := l2gw.Instant(time.Now().UnixMicro())
	list := []l2gw.Agent{
		{Host: "a", Alive: true, Heartbeat: now},
		{Host: "b", Alive: true, Heartbeat: now - 2*knownFor},
		{Host: "c", Heartbeat: now},
	}
	if err := db.SaveAgents(t.Context(), list, lease); err != nil {
		t.Fatal(err)
	}
	all, err := w.server.Agents().List(t.Context())
	if err != nil || len(all) != 3 {
		t.Fatalf("agents %+v, %v", all, err)
	}
	for i, want := range []bool{true, false, false} {
		one, err := w.server.Agents().Get(t.Context(), all[i].ID)
		if err != nil || all[i].Alive != want || one.Alive != want {
			t.Errorf("agent %s is alive: %v, %v (%v), want %v", all[i].Host, all[i].Alive, one.Alive, err, want)
		}
	}
	if err := w.server.Agents().Delete(t.Context(), all[2].ID); err != nil {
		t.Error(err)
	}
}
