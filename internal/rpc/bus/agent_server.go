package bus

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"landbridge/internal/oslomsg"
	"landbridge/internal/rpc"
	"landbridge/internal/rpc/wire"
)

// Plan implements rpc.Server.
func (a *Agent) Plan(ctx context.Context, switches []string, since rpc.Since) (rpc.Plan, error) {
	var part wire.PlanPart
	var joined wire.PlanJoin
	err := a.call(ctx, callWithin, methodPlan, planArgs{switches, since}, &part)
	for err == nil {
		if err = joined.Add(part); err != nil || !part.More {
			break
		}
		ticket := part.Ticket
		part = wire.PlanPart{}
		err = a.call(ctx, callWithin, methodMore, moreArgs{ticket}, &part)
	}
	if err != nil {
		return rpc.Plan{}, err
	}
	p := joined.Plan()
	a.mu.Lock()
	defer a.mu.Unlock()
	if p.Epoch != a.plan.Epoch || p.Revision > a.plan.Revision {
		a.learn(rpc.Since{Epoch: p.Epoch, Revision: p.Revision})
	}
	return p, nil
}

// Wait implements rpc.Server, by what the leader tells: with each sign of life,
// and by notices in between.
func (a *Agent) Wait(ctx context.Context, since rpc.Since) error {
	for {
		a.mu.Lock()
		now, moved := a.plan, a.moved
		a.mu.Unlock()
		if now != (rpc.Since{}) && (now.Epoch != since.Epoch || now.Revision > since.Revision) {
			return nil
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// sender knows what the leader has of one database.
type sender struct {
	number uint64 // of the last report that was sent
	base   uint64 // of the last that the leader has for sure; 0: none
	told   map[string]rpc.LogicalReport
}

// forget makes the next report tell everything.
func (s *sender) forget() { s.base, s.told = 0, nil }

// Report implements rpc.Server. It tells what has changed since the last one,
// and everything to a leader that does not have it. It is called for one report
// of a database after the other.
func (a *Agent) Report(ctx context.Context, r rpc.Report) error {
	a.mu.Lock()
	epoch, serves := a.serves[r.Database]
	s := a.senders[r.Database]
	if s == nil {
		s = &sender{}
		a.senders[r.Database] = s
	}
	var names []string
	for _, sw := range r.Switches {
		names = append(names, sw.Name)
	}
	a.seen[r.Database] = names
	a.mu.Unlock()
	if !serves {
		return nil // whoever serves it reports
	}
	whole, err := a.send(ctx, s, r, epoch)
	if err == nil && whole {
		s.forget()
		whole, err = a.send(ctx, s, r, epoch)
	}
	if err == nil && whole {
		err = fmt.Errorf("the leader does not take the report of %s", r.Database)
	}
	return err
}

// send sends what is new of a report. It tells whether all of it is wanted.
func (a *Agent) send(ctx context.Context, s *sender, r rpc.Report, epoch uint64) (whole bool, err error) {
	from := Sender{Host: a.cfg.Host, Run: a.run, Epoch: epoch}
	s.number++
	for part := range wire.ReportParts(r, s.told, s.base, s.number, wire.MostRows) {
		var answer reportAnswer
		if err := a.call(ctx, callWithin, methodReport, reportArgs{from, part}, &answer); err != nil {
			s.forget() // it may have arrived
			return false, err
		}
		if answer.Whole {
			return true, nil
		}
	}
	s.base, s.told = s.number, r.Logical
	return false, nil
}

// handlers are for what the leader casts.
func (a *Agent) handlers() map[string]oslomsg.Handler {
	all := map[string]oslomsg.Handler{
		methodAssign: func(context.Context, oslomsg.Request) (any, error) {
			wake(a.hurry)
			return nil, nil
		},
		methodLeads: func(_ context.Context, r oslomsg.Request) (any, error) {
			var args leadsArgs
			if err := json.Unmarshal(r.Args, &args); err != nil {
				return nil, err
			}
			a.mu.Lock()
			a.follow(args.Term)
			a.mu.Unlock()
			wake(a.hurry)
			return nil, nil
		},
	}
	for _, method := range rpc.Notices() {
		all[method] = a.notice
	}
	return all
}

// notice takes the state of the plan from a notice. One of another plan may be
// of the past: the leader knows.
func (a *Agent) notice(_ context.Context, r oslomsg.Request) (any, error) {
	var n rpc.Notice
	if err := json.Unmarshal(r.Args, &n); err != nil {
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case n.Epoch != a.plan.Epoch:
		wake(a.hurry)
	case n.Revision > a.plan.Revision:
		a.learn(rpc.Since{Epoch: n.Epoch, Revision: n.Revision})
	}
	return nil, nil
}

// switches gives the names of the switches that were seen in what the agent
// serves; a.mu is held.
func (a *Agent) switches() []string {
	names := []string{}
	for db := range a.serves {
		names = append(names, a.seen[db]...)
	}
	slices.Sort(names)
	return names
}

// Stats is what an agent says of itself.
type Stats struct {
	Term   uint64            // of the leader that it follows
	Serves map[string]uint64 // databases, with the epochs of their assignments
	// Heard says until when the orders hold that the agent has.
	Heard time.Time
	// Fault is why the leader is not heard of; "": it is. Bus is why there is no
	// RabbitMQ.
	Fault string
	Bus   error
	// Calls and Notices count what was sent and what came.
	Calls, Notices oslomsg.Stats
}

// Stats gives what there is to say.
func (a *Agent) Stats() Stats {
	a.mu.Lock()
	defer a.mu.Unlock()
	return Stats{
		Term: a.term, Serves: maps.Clone(a.serves), Heard: a.until, Fault: a.problem, Bus: a.calls.Err(),
		Calls: a.calls.Stats(), Notices: a.hears.Stats(),
	}
}
