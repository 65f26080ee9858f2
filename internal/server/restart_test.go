package server

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"landbridge/internal/hwvtep"
	"landbridge/internal/l2gw"
	"landbridge/internal/rpc"
)

// settle lets a world in a bubble come to rest.
func settle() { synctest.Wait() }

// pass lets time go by, all that is due being done.
func pass(d time.Duration) {
	<-time.After(d) // by the clock of the bubble
	synctest.Wait()
}

func (w *world) plan() (rpc.Plan, error) {
	return w.server.Plan(context.Background(), []string{"sw"}, rpc.Since{})
}

func (w *world) status(s stretched) l2gw.Status {
	w.t.Helper()
	return must[l2gw.Connection](w.t)(w.store.Connections().Get(context.Background(), s.conn.ID)).Status
}

// again is the world after a restart of the server.
func (w *world) again() *world {
	w.t.Helper()
	w.stop()
	return openWorld(w.t, w.dsn)
}

func TestAfterARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t).run()
		s := w.connect(blue, "sw")
		settle()
		before := must[rpc.Plan](t)(w.plan())
		ls := before.Switches["sw"]["landbridge/"+blue].Unpack()
		w.report(aReport("sw", ls))
		pass(2 * saveEvery)
		if got := w.status(s); got != (l2gw.Status{State: l2gw.Active}) {
			t.Fatalf("status %+v", got)
		}

		w = w.again().run()
		settle()
		after := must[rpc.Plan](t)(w.plan())
		if !after.Full || after.Epoch == before.Epoch || after.Switches["sw"]["landbridge/"+blue] != hwvtep.Pack(ls) {
			t.Errorf("the plan after the restart is %+v, before %+v", after, before)
		}
		if services, _ := w.cloud.last(); len(services) != 1 {
			t.Errorf("the switch's address is forgotten: %v", services)
		}
		if got := w.status(s); got.State != l2gw.Active || w.store.count(&w.store.writes) != 0 {
			t.Errorf("status %+v before any report, want what it was", got)
		}
		w.report(rpc.Report{Database: dbAddress, Error: "connection refused"})
		settle()
		if got := w.status(s); got.State != l2gw.Down {
			t.Errorf("status %+v, want DOWN", got)
		}
		pass(2 * saveEvery)
		inv := must[[]hwvtep.Inventory](t)(w.store.Inventories(context.Background()))
		if len(inv) != 1 || len(inv[0].Switches) != 1 || inv[0].Error == "" || !inv[0].Schema.LocatorKeys {
			t.Errorf("a database out of reach makes the inventory forget its switches: %+v", inv)
		}
		after = must[rpc.Plan](t)(w.plan())
		if after.Switches["sw"]["landbridge/"+blue] != hwvtep.Pack(ls) {
			t.Errorf("the plan is %+v", after)
		}
	})
}

func TestNoFalsePlanWhileTheStoreIsOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.connect(blue, "sw")
		w.store.set(errors.New("disk on fire"))
		w.run()
		pass(time.Minute)
		if _, err := w.plan(); l2gw.CodeOf(err) != l2gw.Unavailable {
			t.Errorf("%v, want Unavailable", err)
		}
		if _, times := w.cloud.last(); times != 0 {
			t.Error("services were announced without a plan")
		}
		w.store.set(nil)
		pass(mostPause)
		if p := must[rpc.Plan](t)(w.plan()); p.Switches["sw"]["landbridge/"+blue] == (hwvtep.Packed{}) {
			t.Errorf("the plan is %+v", p)
		}
		if _, times := w.cloud.last(); times != 1 {
			t.Errorf("announced %d times", times)
		}
	})
}

func TestNoFalsePlanWhileTheCloudIsOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		s := w.connect(blue, "sw")
		w.cloud.down = errors.New("no route")
		w.run()
		pass(time.Minute)
		if _, err := w.plan(); l2gw.CodeOf(err) != l2gw.Unavailable {
			t.Errorf("%v, want Unavailable", err)
		}
		if got := w.status(s); got.State != l2gw.Pending || got.Reason == "" {
			t.Errorf("status %+v, want PENDING with the reason", got)
		}
		w.cloud.change(func(c *fakeCloud) { c.down = nil }, red) // nobody tells of blue
		pass(mostPause)
		if p := must[rpc.Plan](t)(w.plan()); p.Switches["sw"]["landbridge/"+blue] == (hwvtep.Packed{}) {
			t.Errorf("the plan is %+v", p)
		}
	})
}

func TestTwoServersOnOneDatabaseComeTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		one := newWorld(t).run()
		two := openWorld(t, one.dsn).run()
		settle()
		s := one.stretch(blue, "sw", "203.0.113.2", 456)
		one.report(aReport("sw"))
		pass(DefaultResync + 2*saveEvery)
		p := must[rpc.Plan](t)(two.plan())
		if ls := p.Switches["sw"]["landbridge/"+blue].Unpack(); !floods("203.0.113.2", 456)(ls) {
			t.Errorf("the other server's plan has %+v", ls)
		}
		if services, _ := two.cloud.last(); len(services) != 1 {
			t.Errorf("the other server does not know the switch: %v", services)
		}
		if err := one.server.RemoteConnections().Delete(context.Background(), s.rc.ID); err != nil {
			t.Fatal(err)
		}
		if err := one.server.Connections().Delete(context.Background(), s.conn.ID); err != nil {
			t.Fatal(err)
		}
		pass(DefaultResync)
		if p := must[rpc.Plan](t)(two.plan()); len(p.Switches["sw"]) != 0 {
			t.Errorf("the other server's plan still has %+v", p.Switches)
		}
		if services, _ := two.cloud.last(); len(services) != 0 {
			t.Errorf("the other server still announces %v", services)
		}
	})
}

func TestAnnounceOnlyChangesAndUntilItWorks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t).run()
		settle()
		if services, times := w.cloud.last(); times != 1 || len(services) != 0 {
			t.Errorf("at start %v was announced (%d times), want nothing, to clear leftovers", services, times)
		}
		w.report(aReport("sw"))
		w.stretch(blue, "sw", "203.0.113.2", 456)
		settle()
		if services, times := w.cloud.last(); times != 2 || len(services) != 1 {
			t.Errorf("%v was announced (%d times)", services, times)
		}
		w.cloud.change(func(c *fakeCloud) { c.deaf = errors.New("queue full") })
		w.connect(red, "sw")
		pass(time.Minute)
		w.cloud.change(func(c *fakeCloud) { c.deaf = nil })
		pass(mostPause)
		if services, times := w.cloud.last(); times != 3 || len(services) != 2 {
			t.Errorf("%v was announced (%d times)", services, times)
		}
		pass(3 * DefaultResync)
		if _, times := w.cloud.last(); times != 3 {
			t.Errorf("announced %d times without a change", times)
		}
	})
}

func TestOnlyChangesAreWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t).run()
		w.connect(blue, "sw")
		settle()
		ls := must[rpc.Plan](t)(w.plan()).Switches["sw"]["landbridge/"+blue].Unpack()
		for i := range 20 {
			r := aReport("sw", ls)
			r.Switches[0].OtherConfig[hwvtep.Done] = fmt.Sprint(i)
			w.report(r)
			pass(2 * saveEvery)
		}
		if n := w.store.count(&w.store.saves); n != 1 {
			t.Errorf("the inventory was written %d times, want once", n)
		}
		if n := w.store.count(&w.store.writes); n > 3 {
			t.Errorf("statuses were written %d times", n)
		}
		rev := must[rpc.Plan](t)(w.plan()).Revision
		pass(3 * DefaultResync)
		if again := must[rpc.Plan](t)(w.plan()).Revision; again != rev {
			t.Errorf("full passes have raised the revision from %d to %d", rev, again)
		}
	})
}

func TestWritesAreRetried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t).run()
		s := w.connect(blue, "sw")
		settle()
		ls := must[rpc.Plan](t)(w.plan()).Switches["sw"]["landbridge/"+blue].Unpack()
		w.store.set(errors.New("disk full"))
		w.report(aReport("sw", ls))
		pass(time.Minute)
		w.store.set(nil)
		pass(mostPause)
		if got := w.status(s); got.State != l2gw.Active {
			t.Errorf("status %+v, want ACTIVE", got)
		}
		if inv := must[[]hwvtep.Inventory](t)(w.store.Inventories(context.Background())); len(inv) != 1 {
			t.Errorf("inventory %+v", inv)
		}
	})
}
