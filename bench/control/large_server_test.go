package control

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sync/errgroup"

	"landbridge/internal/heap"
	"landbridge/internal/l2gw"
	"landbridge/internal/oslomsg"
	"landbridge/internal/rpc/bus"
	"landbridge/internal/server"
	"landbridge/internal/server/api"
	"landbridge/internal/server/fleet"
	"landbridge/internal/server/neutronapi"
	"landbridge/internal/server/store"
)

// largeServer names the file with the largeConfig of a server in a process of its
// own.
const largeServer = "LANDBRIDGE_BENCH_LARGE"

// largeConfig is what a server of the full size is made of.
type largeConfig struct {
	Listen, Database, Bus string
	Networks, Nodes       int
}

// plannedPath tells, by its status, whether every network is planned.
const plannedPath = "/planned"

// runLargeServer runs a server as the program does, but for its cloud driver, and
// without anything before the API.
func runLargeServer(file string) {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	if err := largeMain(ctx, file); err != nil && ctx.Err() == nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func largeMain(ctx context.Context, file string) error {
	heap.Spare()
	var cfg largeConfig
	text, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(text, &cfg)
	}
	if err != nil {
		return err
	}
	db, err := store.Open(ctx, cfg.Database)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	p, err := newPeers(cfg.Bus, db)
	if err != nil {
		return err
	}
	p.core = server.New(server.Config{Store: db, Cloud: newLargeCloud(cfg.Networks, cfg.Nodes), Peers: p, Notices: true})
	l, err := net.Listen("tcp", cfg.Listen)
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("/", api.New(p.core, api.Options{Guard: neutronapi.Open{Project: "bench"}}))
	mux.HandleFunc(plannedPath, func(w http.ResponseWriter, _ *http.Request) {
		if !p.core.State().Planned {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return p.core.Run(ctx) })
	g.Go(func() error { return p.bus.Run(ctx) })
	g.Go(func() error { return http.Serve(l, mux) })
	g.Go(func() error {
		<-ctx.Done()
		return l.Close()
	})
	return g.Wait()
}

// peers joins server, fleet and bus, as the program does.
type peers struct {
	bus   *bus.Server
	fleet *fleet.Fleet
	core  *server.Server
}

func newPeers(url string, db *store.Store) (p *peers, err error) {
	on, err := oslomsg.ParseURL(url)
	if err != nil {
		return nil, err
	}
	p = &peers{}
	p.bus, err = bus.NewServer(bus.ServerConfig{Bus: on, Logger: slog.Default(), Changed: func(ids []string) { p.core.NetworksChanged(ids) }})
	if err != nil {
		return nil, err
	}
	p.fleet = fleet.New(fleet.Config{Store: db, Bus: p.bus, Logger: slog.Default()})
	return p, nil
}

// Holder implements server.Peers.
func (p *peers) Holder() string { return fmt.Sprint(os.Getpid()) }

// Tell implements server.Peers.
func (p *peers) Tell(ctx context.Context, ids []string) error { return p.bus.Tell(ctx, ids) }

// Lead implements server.Peers.
func (p *peers) Lead(ctx context.Context, lease l2gw.Lease) error {
	return p.fleet.Lead(ctx, lease, p.core)
}
