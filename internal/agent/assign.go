package agent

import (
	"context"
	"errors"

	"landbridge/internal/ovsdb"
)

// assign gives the keeper its database by an epoch, or takes it away: 0.
func (k *keeper) assign(epoch uint64) {
	if epoch > 0 {
		k.client.SetEpoch(epoch)
	}
	if k.idle.Swap(epoch == 0) != (epoch == 0) {
		k.log.Info("the database has been assigned anew", "epoch", epoch)
		k.reports.forget()
		wake(k.turned)
	}
}

// claim keeps agents of lower epochs from the database, before there is anything
// to write. The log is told once of one that is another agent's.
func (k *keeper) claim(ctx context.Context) {
	err := k.client.Err()
	if err == nil {
		err = k.client.Claim(ctx)
	}
	fenced := errors.Is(err, ovsdb.ErrFenced)
	if fenced && !k.fenced {
		k.log.Error("the database is left alone", "error", err)
	}
	k.fenced = fenced
}
