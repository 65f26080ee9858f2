package bus

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"

	"golang.org/x/sync/errgroup"

	"landbridge/internal/oslomsg"
	"landbridge/internal/rpc"
)

// Desk is what agents reach at the leader.
type Desk interface {
	// Beat takes note of an agent.
	Beat(ctx context.Context, b rpc.Beat) (rpc.Orders, error)
	// Plan is that of rpc.Server.
	Plan(ctx context.Context, switches []string, since rpc.Since) (rpc.Plan, error)
	// Report is that of rpc.Server, unless the sender is not who serves the
	// database.
	Report(ctx context.Context, from Sender, r rpc.Report) error
}

// ServerConfig is what a Server needs.
type ServerConfig struct {
	Bus oslomsg.Config // how to reach RabbitMQ
	// Changed is told of networks that other servers have changed; nil for all.
	Changed func(networks []string)
	Logger  *slog.Logger
}

// Server is a server's end.
type Server struct {
	cfg   ServerConfig
	casts *oslomsg.Client
	hears *oslomsg.Server
}

// NewServer makes a server's end; it connects when Run is called.
func NewServer(cfg ServerConfig) (*Server, error) {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	cfg.Bus.Exchange, cfg.Bus.Logger, cfg.Bus.Name = exchange, cfg.Logger, "landbridge-server"
	s := &Server{cfg: cfg}
	on := cfg.Bus
	on.Connected = func() { cfg.Changed(nil) } // a word may have been lost
	var err error
	if s.casts, err = oslomsg.New(cfg.Bus); err != nil {
		return nil, err
	}
	s.hears, err = oslomsg.NewServer(on, oslomsg.Service{
		Topics:   []oslomsg.Topic{{Name: serverTopic, Fanout: true, Limit: mostWaiting}},
		Handlers: map[string]oslomsg.Handler{methodNetworks: s.changed},
	})
	return s, err
}

// Run connects and reconnects until the context ends, which is no error.
func (s *Server) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return s.casts.Run(ctx) })
	g.Go(func() error { return s.hears.Run(ctx) })
	return g.Wait()
}

func (s *Server) changed(_ context.Context, r oslomsg.Request) (any, error) {
	var args networksArgs
	if err := json.Unmarshal(r.Args, &args); err != nil {
		return nil, fmt.Errorf("networks: %w", err)
	}
	if args.All {
		s.cfg.Changed(nil)
	} else if len(args.Networks) > 0 {
		s.cfg.Changed(args.Networks)
	}
	return nil, nil
}

// Tell tells all servers of networks that have changed; nil is all.
func (s *Server) Tell(ctx context.Context, networks []string) error {
	return s.casts.Fanout(ctx, message(serverTopic, "", methodNetworks, networksArgs{networks == nil, networks}))
}

// Notify tells an agent of a change of the plan.
func (s *Server) Notify(ctx context.Context, host string, n rpc.Notice) error {
	return s.casts.Cast(ctx, message(agentTopic, host, n.Method, n))
}

// Assign tells an agent that it has other databases now.
func (s *Server) Assign(ctx context.Context, host string) error {
	return s.casts.Cast(ctx, message(agentTopic, host, methodAssign, nil))
}

// Err is nil while connected, else why there is no connection.
func (s *Server) Err() error { return s.casts.Err() }

// Stats counts what was sent and what came.
func (s *Server) Stats() (casts, heard oslomsg.Stats) { return s.casts.Stats(), s.hears.Stats() }
