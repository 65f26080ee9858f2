package server

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"testing"

	"landbridge/internal/lab/testenv"
	"landbridge/internal/rpc"
)

// says waits for a state.
func (w *world) says(what string, is func(State) bool) {
	w.t.Helper()
	testenv.Eventually(w.t, soon, what, func() error {
		if s := w.server.State(); !is(s) {
			return fmt.Errorf("state %+v", s)
		}
		return nil
	})
}

func TestState(t *testing.T) {
	w := newWorld(t)
	w.connect(blue, "sw")
	if s := w.server.State(); s.Planned || s.Networks != 0 || s.Revision != 0 || len(s.Databases) != 0 {
		t.Errorf("before it runs: %+v", s)
	}
	w.store.set(errors.New("disk on fire"))
	w.run()
	w.says("failing, and trying again", func(s State) bool { return !s.Planned && s.Failing > 0 && s.Retries > 1 })
	w.store.set(nil)
	w.says("planned", func(s State) bool { return s.Planned && s.Networks == 1 && s.Failing == 0 })
	if err := w.server.Report(context.Background(), aReport("sw")); err != nil {
		t.Fatal(err)
	}
	w.says("the database in use", func(s State) bool { return maps.Equal(s.Databases, map[string]string{dbAddress: ""}) && s.Revision > 0 })
	if err := w.server.Report(context.Background(), rpc.Report{Database: dbAddress, Error: "refused"}); err != nil {
		t.Fatal(err)
	}
	w.says("the database out of use", func(s State) bool { return s.Databases[dbAddress] == "refused" && s.Planned })
}
