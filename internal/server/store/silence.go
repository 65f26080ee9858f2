package store

import (
	"context"
	"errors"
	"time"

	"github.com/uptrace/bun"
)

// silenceLimit is how long a database may leave a statement, a beginning or a
// commit without an answer. A transaction of many statements may take longer.
const silenceLimit = 30 * time.Second

var errSilent = errors.New("the database does not answer")

// alarm ends the context of a transaction whose database has been silent.
type alarm struct {
	timer *time.Timer
	limit time.Duration
}

type alarmKey struct{}

// withAlarm gives a context that ends, by errSilent, where the database is
// silent for longer than limit; stop sets the alarm off duty.
func withAlarm(ctx context.Context, limit time.Duration) (alarmed context.Context, stop func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	a := alarm{time.AfterFunc(limit, func() { cancel(errSilent) }), limit}
	return context.WithValue(ctx, alarmKey{}, a), func() {
		a.timer.Stop()
		cancel(nil)
	}
}

// heard is a bun.QueryHook: with each statement the silence begins anew.
type heard struct{}

// BeforeQuery implements bun.QueryHook.
func (heard) BeforeQuery(ctx context.Context, _ *bun.QueryEvent) context.Context {
	if a, ok := ctx.Value(alarmKey{}).(alarm); ok {
		a.timer.Reset(a.limit)
	}
	return ctx
}

// AfterQuery implements bun.QueryHook.
func (h heard) AfterQuery(ctx context.Context, e *bun.QueryEvent) { h.BeforeQuery(ctx, e) }
