package bus

import (
	"context"
	"sync"

	"landbridge/internal/rpc"
	"landbridge/internal/rpc/wire"
)

// inbox puts reports together that come in parts and as differences.
type inbox struct {
	desk Desk

	mu   sync.Mutex
	from map[string]*incoming // by database
}

// incoming is what has come of one database, from one sender.
type incoming struct {
	sender Sender
	number uint64 // of the last whole report
	held   map[string]rpc.LogicalReport
	join   *wire.ReportJoin // of the next; nil: none is under way
}

func newInbox(d Desk) *inbox { return &inbox{desk: d, from: map[string]*incoming{}} }

// take takes a part of a report. It tells whether all of it is wanted: what it
// tells the difference to is not known here.
func (b *inbox) take(ctx context.Context, a reportArgs) (whole bool, err error) {
	r, whole, err := b.add(a)
	if err != nil || whole || r == nil {
		return whole, err
	}
	if err := b.desk.Report(ctx, a.Sender, *r); err != nil {
		b.forget(a.Part.Database)
		return false, err
	}
	return false, nil
}

// add joins a part, and gives the report when it is the last.
func (b *inbox) add(a reportArgs) (r *rpc.Report, whole bool, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	p := a.Part
	at := b.from[p.Database]
	if at == nil || at.sender != a.Sender {
		at = &incoming{sender: a.Sender}
		b.from[p.Database] = at
	}
	switch {
	case p.Part > 0 && at.join == nil, p.Base != 0 && p.Base != at.number:
		return nil, true, nil
	case p.Part == 0 && p.Base == 0:
		at.join = wire.NewReportJoin(p, nil)
	case p.Part == 0:
		at.join = wire.NewReportJoin(p, at.held)
	}
	if err := at.join.Add(p); err != nil {
		delete(b.from, p.Database)
		return nil, false, err
	}
	if p.More {
		return nil, false, nil
	}
	done := at.join.Report()
	at.number, at.held, at.join = p.Number, done.Logical, nil
	return &done, false, nil
}

func (b *inbox) forget(database string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.from, database)
}
