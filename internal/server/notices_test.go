package server

import (
	"context"
	"errors"
	"slices"
	"testing"

	"landbridge/internal/hwvtep"
	"landbridge/internal/rpc"
)

func TestChangesAreNamed(t *testing.T) {
	b := newBook()
	b.notices = true
	if got := b.Latest(); got != (rpc.Since{}) {
		t.Errorf("the state of what is not planned is %+v", got)
	}
	b.expect(nil, nil)
	start := b.Latest()
	ls := hwvtep.NewLogicalSwitch("landbridge/n", hwvtep.NewKey(1))
	other := ls.Clone()
	other.Key = hwvtep.NewKey(2)
	b.set("n", ls.Name, map[string]hwvtep.Packed{"a": hwvtep.Pack(ls), "b": hwvtep.Pack(ls)})
	b.set("n", ls.Name, map[string]hwvtep.Packed{"a": hwvtep.Pack(other)})
	changed, now, err := b.Changes(t.Context(), start)
	if err != nil || now != b.Latest() {
		t.Errorf("now %+v, %v", now, err)
	}
	notice := func(method string, r rpc.Revision) rpc.Notice {
		return rpc.Notice{Method: method, NetworkID: "n", Epoch: start.Epoch, Revision: r}
	}
	if want := []rpc.Notice{notice(rpc.CreateConnection, 1), notice(rpc.PortChanged, 2)}; !slices.Equal(changed["a"], want) {
		t.Errorf("of a: %v, want %v", changed["a"], want)
	}
	if want := []rpc.Notice{notice(rpc.CreateConnection, 1), notice(rpc.DeleteConnection, 2)}; !slices.Equal(changed["b"], want) {
		t.Errorf("of b: %v, want %v", changed["b"], want)
	}
	if changed, now, err := b.Changes(t.Context(), rpc.Since{Epoch: "another"}); err != nil || changed != nil || now != b.Latest() {
		t.Errorf("since another plan: %v, %+v, %v", changed, now, err)
	}
	over, stop := context.WithCancel(t.Context())
	stop()
	if _, _, err := b.Changes(over, now); !errors.Is(err, context.Canceled) {
		t.Errorf("nothing has changed: %v", err)
	}
	b.begin()
	if got := b.Latest(); got != (rpc.Since{}) {
		t.Errorf("after the beginning of another: %+v", got)
	}
}
