package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"

	"landbridge/internal/l2gw"
	"landbridge/internal/oslomsg"
)

// workers is how many calls of agents are served at once.
const workers = 8

// Lead serves agents at a desk until the context ends, which is no error.
// connected is called with each connection: agents may have been unheard before.
func (s *Server) Lead(ctx context.Context, term uint64, d Desk, connected func()) error {
	g, ctx := errgroup.WithContext(ctx)
	l := &counter{desk: d, plans: newTickets(), inbox: newInbox(d)}
	on := s.cfg.Bus
	first := make(chan struct{}, 1)
	on.Connected = func() {
		connected()
		wake(first)
	}
	serves, err := oslomsg.NewServer(on, oslomsg.Service{
		Topics: []oslomsg.Topic{{Name: serverTopic, Host: leader, Limit: mostWaiting}},
		Handlers: map[string]oslomsg.Handler{
			methodBeat: handler(d.Beat), methodPlan: handler(l.plan), methodMore: handler(l.more), methodReport: handler(l.report),
		},
		Concurrency: workers, Ahead: workers,
	})
	if err != nil {
		return err
	}
	g.Go(func() error { return serves.Run(ctx) })
	g.Go(func() error { return s.proclaim(ctx, term, first) })
	return g.Wait()
}

// proclaim tells the agents who leads, each time that they can reach us.
func (s *Server) proclaim(ctx context.Context, term uint64, ready <-chan struct{}) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ready:
		}
		err := s.casts.Fanout(ctx, message(agentTopic, "", methodLeads, leadsArgs{term}))
		if err != nil && ctx.Err() == nil {
			s.cfg.Logger.Warn("agents could not be told who leads; they find out by themselves", "error", err)
		}
	}
}

// handler carries out a method with its arguments read.
func handler[A, R any](do func(context.Context, A) (R, error)) oslomsg.Handler {
	return func(ctx context.Context, r oslomsg.Request) (any, error) {
		var args A
		if err := json.Unmarshal(r.Args, &args); err != nil {
			return nil, fmt.Errorf("%s: %w", r.Method, err)
		}
		result, err := do(ctx, args)
		if broken, ok := errors.AsType[*l2gw.Error](err); ok {
			return nil, &oslomsg.RemoteError{Class: broken.Kind, Module: "landbridge", Message: broken.Message}
		}
		return result, err
	}
}

// counter is where the calls of one term come in.
type counter struct {
	desk  Desk
	plans *tickets
	inbox *inbox
}

func (l *counter) plan(ctx context.Context, a planArgs) (any, error) {
	p, err := l.desk.Plan(ctx, a.Switches, a.Since)
	if err != nil {
		return nil, err
	}
	return l.plans.begin(p), nil
}

func (l *counter) more(_ context.Context, a moreArgs) (any, error) {
	part, ok := l.plans.next(a.Ticket)
	if !ok {
		return nil, l2gw.Errorf(l2gw.NotFound, "TicketNotFound", "The rest of the plan is not kept any more: ask from the beginning.")
	}
	return part, nil
}

func (l *counter) report(ctx context.Context, a reportArgs) (reportAnswer, error) {
	whole, err := l.inbox.take(ctx, a)
	return reportAnswer{whole}, err
}
