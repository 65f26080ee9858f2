package store

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"landbridge/internal/l2gw"
)

// leaseRow is a lease as the database has it.
type leaseRow struct {
	bun.BaseModel `bun:"table:leases"`
	Name          string `bun:"name,pk"`
	Holder        string `bun:"holder"`
	Epoch         uint64 `bun:"epoch"`
	ValidUntil    int64  `bun:"valid_until"`
	// Left is for how many microseconds it is held still.
	Left int64 `bun:"left_over,scanonly"`
}

// TakeLease takes a lease for a time, with the next epoch, unless somebody else
// holds it: then it gives for how long still. Time is the database's.
//
// The next epoch is the time in milliseconds where that is larger than the last
// one: who remembers epochs of this lease remembers none that is higher, also if
// the database was lost.
//
// Whoever takes a lease waits for the turn to write, as all do who write under
// it: so what was written under the former is there, and nothing comes after.
func (s *Store) TakeLease(ctx context.Context, name, holder string, lasts time.Duration) (l l2gw.Lease, left time.Duration, err error) {
	const what = "take a lease"
	var row leaseRow
	err = s.look(ctx, what, func(ctx context.Context, db bun.IDB) (err error) {
		row, err = s.leaseOf(ctx, db, name)
		return err
	})
	if left := time.Duration(row.Left) * time.Microsecond; err != nil || left > 0 && row.Holder != holder {
		return l, left, err
	}
	err = s.write(ctx, what, func(ctx context.Context, db bun.IDB) (err error) {
		l, left = l2gw.Lease{}, 0
		if row, err = s.leaseOf(ctx, db, name); err != nil {
			return err
		}
		if row.Left > 0 && row.Holder != holder {
			left = time.Duration(row.Left) * time.Microsecond
			return nil
		}
		l = l2gw.Lease{Name: name, Holder: holder, Epoch: max(row.Epoch+1, uint64(time.Now().UnixMilli()))}
		return s.writeLease(ctx, db, l, row.Epoch == 0, lasts)
	})
	return l, left, err
}

// leaseOf reads a lease; one that nobody has ever held has epoch 0.
func (s *Store) leaseOf(ctx context.Context, db bun.IDB, name string) (leaseRow, error) {
	rows := []leaseRow{}
	err := db.NewSelect().Model(&rows).Column("holder", "epoch").ColumnExpr("valid_until - "+s.dialect.now+" AS left_over").
		Where("name = ?", name).Scan(ctx)
	if err != nil || len(rows) == 0 {
		return leaseRow{}, err
	}
	return rows[0], nil
}

func (s *Store) writeLease(ctx context.Context, db bun.IDB, l l2gw.Lease, first bool, lasts time.Duration) error {
	if first {
		row := leaseRow{Name: l.Name, Holder: l.Holder}
		if _, err := db.NewInsert().Model(&row).Exec(ctx); err != nil {
			return err
		}
	}
	_, err := s.prolong(db, lasts).Set("holder = ?", l.Holder).Set("epoch = ?", l.Epoch).Where("name = ?", l.Name).Exec(ctx)
	return err
}

func (s *Store) prolong(db bun.IDB, lasts time.Duration) *bun.UpdateQuery {
	return db.NewUpdate().Table("leases").Set("valid_until = "+s.dialect.now+" + ?", lasts.Microseconds())
}

// KeepLease has a lease last for a time from now. It fails with l2gw.ErrLeaseLost
// once somebody else has taken it. It does not wait for the turn to write: what
// takes long there is no reason to lose a lease.
func (s *Store) KeepLease(ctx context.Context, l l2gw.Lease, lasts time.Duration) error {
	return s.look(ctx, "keep a lease", func(ctx context.Context, db bun.IDB) error {
		done, err := s.prolong(db, lasts).Where("name = ?", l.Name).Where("holder = ?", l.Holder).Where("epoch = ?", l.Epoch).Exec(ctx)
		if err != nil {
			return err
		}
		if n, err := done.RowsAffected(); err != nil || n > 0 {
			return err
		}
		return l2gw.ErrLeaseLost(l)
	})
}

// EndLease gives a lease back, so that nobody has to wait for its end.
func (s *Store) EndLease(ctx context.Context, l l2gw.Lease) error {
	return s.KeepLease(ctx, l, -time.Microsecond)
}

// writeUnder is write, for what only the holder of a lease may do; without one
// everybody may.
func (s *Store) writeUnder(ctx context.Context, under []l2gw.Lease, what string, do work) error {
	return s.write(ctx, what, func(ctx context.Context, db bun.IDB) error {
		for _, l := range under {
			now, err := s.leaseOf(ctx, db, l.Name)
			if err != nil {
				return err
			}
			if now.Holder != l.Holder || now.Epoch != l.Epoch {
				return l2gw.ErrLeaseLost(l)
			}
		}
		return do(ctx, db)
	})
}
