package agent

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"landbridge/internal/hwvtep"
	"landbridge/internal/rpc"
)

const (
	// reportWithin bounds a report with all its parts, each of which is bounded by
	// who sends it: of a full size there are hundreds, and one that was broken off
	// begins anew.
	reportWithin = 5 * time.Minute
	resendFirst  = 100 * time.Millisecond
	resendMax    = 5 * time.Second
)

// reporter sends the newest report, until the server has it.
type reporter struct {
	server rpc.Server
	log    *slog.Logger
	signal chan struct{}

	mu     sync.Mutex
	newest *rpc.Report // nil: nothing to send
	last   *rpc.Report // handed over last, sent or not
}

func newReporter(server rpc.Server, log *slog.Logger) *reporter {
	return &reporter{server: server, log: log, signal: make(chan struct{}, 1)}
}

// put hands over a report; one that says what the last has said is not sent.
func (r *reporter) put(report rpc.Report) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.last != nil && sameReport(*r.last, report) {
		return
	}
	r.newest, r.last = &report, &report
	wake(r.signal)
}

// forget makes the next report go out whatever it says: the server is another.
func (r *reporter) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last = nil
}

// run sends reports until the context ends.
func (r *reporter) run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-r.signal:
			r.send(ctx)
		}
	}
}

// send sends the newest report, and tries until one has arrived.
func (r *reporter) send(ctx context.Context) {
	for pause := resendFirst; ; pause = min(2*pause, resendMax) {
		report := r.take()
		if report == nil {
			return
		}
		err := r.sendOne(ctx, *report)
		if err == nil || ctx.Err() != nil {
			return
		}
		r.log.Warn("the server has not taken the report; trying again", "error", err)
		r.giveBack(report)
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}

func (r *reporter) sendOne(ctx context.Context, report rpc.Report) error {
	ctx, cancel := context.WithTimeout(ctx, reportWithin)
	defer cancel()
	return r.server.Report(ctx, report)
}

func (r *reporter) take() *rpc.Report {
	r.mu.Lock()
	defer r.mu.Unlock()
	report := r.newest
	r.newest = nil
	return report
}

func (r *reporter) giveBack(report *rpc.Report) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.newest == nil {
		r.newest = report
	}
}

// sameReport tells whether two reports say the same.
func sameReport(a, b rpc.Report) bool {
	return a.Database == b.Database && a.Error == b.Error && a.Schema.Equal(b.Schema) &&
		slices.EqualFunc(a.Switches, b.Switches, func(x, y hwvtep.PhysicalSwitch) bool { return x.Equal(&y) }) &&
		maps.Equal(a.Logical, b.Logical)
}
