package main

import (
	"context"
	"log/slog"
	"time"

	"landbridge/internal/l2gw"
	"landbridge/internal/server/store"
)

// hearEvery is the time between two looks at what other servers have changed.
const hearEvery = 100 * time.Millisecond

// hear tells the leader what other servers have noted as changed, until ctx ends.
// What cannot be read now is read the next time.
func hear(ctx context.Context, db *store.Store, lease l2gw.Lease, changed func(networks []string), log *slog.Logger) error {
	tick := time.NewTicker(hearEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		networks, all, err := db.TakeChanged(ctx, lease)
		switch {
		case err != nil && ctx.Err() == nil:
			log.Debug("what other servers have changed cannot be read; trying again", "error", err)
		case all:
			changed(nil)
		case len(networks) > 0:
			changed(networks)
		}
	}
}
