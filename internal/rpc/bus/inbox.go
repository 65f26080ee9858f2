package bus

import (
	"context"
	"sync"

	"landbridge/internal/l2gw"
	"landbridge/internal/rpc"
	"landbridge/internal/rpc/wire"
)

// inbox puts reports together that come in parts and as differences.
type inbox struct {
	desk Desk

	mu   sync.Mutex
	from map[string]*incoming // by database
}

// incoming is what has come of one database, from one sender. Its reports reach
// the desk in the order of their numbers: a sender that has not waited for the
// answer may have sent the next already.
type incoming struct {
	sender Sender

	mu     sync.Mutex
	newest uint64 // the highest number of a report that has begun
	number uint64 // of the last whole report; 0: everything is wanted
	held   map[string]rpc.LogicalReport
	join   *wire.ReportJoin // of the newest; nil: it is whole, or useless
}

func newInbox(d Desk) *inbox { return &inbox{desk: d, from: map[string]*incoming{}} }

// take takes a part of a report. It tells whether all of it is wanted: what it
// tells the difference to is not known here.
func (b *inbox) take(ctx context.Context, a reportArgs) (whole bool, err error) {
	at := b.of(a)
	at.mu.Lock()
	defer at.mu.Unlock()
	r, whole, err := at.add(a.Part)
	if err == nil && r != nil {
		err = b.desk.Report(ctx, a.Sender, *r)
	}
	if err != nil {
		at.number, at.held, at.join = 0, nil, nil
	}
	return whole, err
}

// of gives what has come from who sends, who may be another than before.
func (b *inbox) of(a reportArgs) *incoming {
	b.mu.Lock()
	defer b.mu.Unlock()
	at := b.from[a.Part.Database]
	if at == nil || at.sender != a.Sender {
		at = &incoming{sender: a.Sender}
		b.from[a.Part.Database] = at
	}
	return at
}

// add joins a part, and gives the report when it is the last.
func (at *incoming) add(p wire.ReportPart) (r *rpc.Report, whole bool, err error) {
	if p.Number < at.newest || p.Number == at.newest && p.Part == 0 {
		return nil, false, l2gw.Errorf(l2gw.Stale, "LateReport", "Report %d of %s has come after report %d.", p.Number, p.Database, at.newest)
	}
	if p.Part == 0 {
		at.newest, at.join = p.Number, at.begin(p)
	}
	if at.join == nil || p.Number != at.newest {
		return nil, true, nil
	}
	if err := at.join.Add(p); err != nil || p.More {
		return nil, false, err
	}
	done := at.join.Report()
	at.number, at.held, at.join = p.Number, done.Logical, nil
	return &done, false, nil
}

// begin begins a report by its first part; nil where it tells the difference to
// what is not here.
func (at *incoming) begin(p wire.ReportPart) *wire.ReportJoin {
	switch p.Base {
	case 0:
		return wire.NewReportJoin(p, nil)
	case at.number:
		return wire.NewReportJoin(p, at.held)
	}
	return nil
}
