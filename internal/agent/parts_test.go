package agent

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"landbridge/internal/hwvtep"
	"landbridge/internal/l2gw"
	"landbridge/internal/ovsdb"
	"landbridge/internal/rpc"
)

func TestNewRefusesWhatCannotWork(t *testing.T) {
	server := newServer()
	database := []ovsdb.Config{{Address: "unix:/nowhere"}}
	for name, cfg := range map[string]Config{
		"no server":        {Databases: database},
		"a slash":          {Server: server, Owner: "a/b"},
		"a database twice": {Server: server, Databases: append(database, database...)},
		"a bad address":    {Server: server, Databases: []ovsdb.Config{{Address: "nowhere"}}},
	} {
		if a, err := New(cfg); err == nil {
			t.Errorf("%s: got %+v, want an error", name, a)
		}
	}
	if _, err := New(Config{Server: server, Databases: database}); err != nil {
		t.Error(err)
	}
}

func TestRetryWaitsLongerEachTime(t *testing.T) {
	now := time.Unix(0, 0)
	r := retry{}
	last := time.Duration(0)
	for range 12 {
		r.failed(now)
		if wait := r.until.Sub(now); wait < last || wait > retryMax || r.due(now) || !r.due(r.until) {
			t.Fatalf("a wait of %v after one of %v", wait, last)
		}
		last, now = r.until.Sub(now), r.until
	}
	if last != retryMax {
		t.Errorf("the longest wait is %v, want %v", last, retryMax)
	}
}

func TestRetrySlowsAFightDown(t *testing.T) {
	now := time.Unix(0, 0)
	r := retry{}
	for range burst {
		if r.wrote(now); !r.due(now) {
			t.Fatal("a wait within the burst")
		}
	}
	if r.wrote(now); r.due(now) {
		t.Error("no wait after the burst")
	}
	now = now.Add(calm + time.Second)
	if r.wrote(now); !r.due(now) {
		t.Error("a wait after a time of calm")
	}
}

// stubServer is an rpc.Server made of functions.
type stubServer struct {
	plan   func(since rpc.Since) (rpc.Plan, error)
	wait   func(ctx context.Context) error
	report func(r rpc.Report) error
}

func (s stubServer) Plan(_ context.Context, _ []string, since rpc.Since) (rpc.Plan, error) {
	return s.plan(since)
}
func (s stubServer) Wait(ctx context.Context, _ rpc.Since) error  { return s.wait(ctx) }
func (s stubServer) Report(_ context.Context, r rpc.Report) error { return s.report(r) }
func untilDone(ctx context.Context) error                         { <-ctx.Done(); return ctx.Err() }
func quietLog() *slog.Logger                                      { return slog.New(slog.DiscardHandler) }

// pass lets time go by in a bubble of synctest.
func pass(d time.Duration) { <-time.After(d) }

func TestReporterSendsTheNewestUntilItArrives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var fail atomic.Bool
		fail.Store(true)
		var sent []string
		r := newReporter(stubServer{report: func(r rpc.Report) error {
			if fail.Load() {
				return errors.New("the server is away")
			}
			sent = append(sent, r.Error)
			return nil
		}}, quietLog())
		ctx, cancel := context.WithCancel(t.Context())
		go func() { _ = r.run(ctx) }()
		r.put(rpc.Report{Error: "one"})
		pass(time.Minute)
		r.put(rpc.Report{Error: "two"})
		pass(time.Minute)
		fail.Store(false)
		pass(2 * resendMax)
		r.put(rpc.Report{Error: "two"}) // says nothing new
		pass(time.Minute)
		r.forget()
		r.put(rpc.Report{Error: "two"}) // to another server
		synctest.Wait()
		if len(sent) != 2 || sent[0] != "two" || sent[1] != "two" {
			t.Errorf("sent %q, want the newest, and again after the server is another", sent)
		}
		cancel()
		synctest.Wait()
	})
}

func TestFollowerAsksUntilThereIsAPlan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int32
		f := newFollower(stubServer{
			plan: func(rpc.Since) (rpc.Plan, error) {
				if asked.Add(1) < 4 {
					return rpc.Plan{}, l2gw.Errorf(l2gw.Unavailable, "Unavailable", "not yet")
				}
				return rpc.Plan{Epoch: "e", Revision: 1, Full: true, Switches: planned{"sw0": {"n": hwvtep.Pack(hwvtep.NewLogicalSwitch("n", hwvtep.Key{}))}}}, nil
			},
			wait: untilDone,
		}, quietLog())
		ctx, cancel := context.WithCancel(t.Context())
		go func() { _ = f.run(ctx) }()
		pass(time.Hour)
		if n := asked.Load(); n != 0 {
			t.Errorf("asked %d times without a switch", n)
		}
		f.setSwitches([]string{"sw0"})
		synctest.Wait()
		if f.isReady() {
			t.Error("ready without a plan")
		}
		pass(time.Minute)
		if !f.isReady() || f.desired("n") == nil || !f.needs("sw0", "n") || f.needs("sw1", "n") {
			t.Error("the plan is not there")
		}
		if names, all := f.changes(); len(names) != 1 || !all {
			t.Errorf("changes are %q, %v", names, all)
		}
		f.setSwitches([]string{"sw0", "sw1"})
		if f.isReady() || f.desired("n") != nil {
			t.Error("the plan of other switches is still in use")
		}
		cancel()
		synctest.Wait()
	})
}

func TestFollowerTakesNoDifferenceForTheWhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFollower(stubServer{
			plan: func(rpc.Since) (rpc.Plan, error) { return rpc.Plan{Epoch: "e"}, nil }, wait: untilDone,
		}, quietLog())
		ctx, cancel := context.WithCancel(t.Context())
		go func() { _ = f.run(ctx) }()
		f.setSwitches([]string{"sw0"})
		pass(time.Minute)
		if f.isReady() {
			t.Error("a difference was taken for the whole plan: everything would be removed")
		}
		cancel()
		synctest.Wait()
	})
}
