package vtep

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"

	"golang.org/x/sync/errgroup"

	"landbridge/internal/heap"
	"landbridge/internal/ovsdb"
	"landbridge/internal/vtep/control"
	"landbridge/internal/vtep/datapath"
	"landbridge/internal/vtep/peers"
	"landbridge/internal/vtep/underlay"
)

// Run is vtepd: it forwards what the database asks, in the network namespace of
// the thread that calls it, until ctx ends. What is forwarded then stays so.
func Run(ctx context.Context, cfg Config, log *slog.Logger) error {
	heap.Spare()
	db, err := ovsdb.New(ovsdb.Config{Address: cfg.Database, TLS: cfg.TLS, Logger: log, Connected: schemaTeller(cfg.Database, log)})
	if err != nil {
		return err
	}
	listener, err := control.Listen(ctx, cfg.Socket)
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("%w: run it as root, or choose another --socket", err)
	}
	if err != nil {
		return err
	}
	defer func() { _ = listener.Close() }() // no harm where Serve has
	dp, err := datapath.Open(datapath.Config{
		PinDir: cfg.BPFFS, Interfaces: cfg.Interfaces, XDP: cfg.XDP, Ports: cfg.Ports, Logger: log,
		VXLANPort: cfg.VXLANPort, GenevePort: cfg.GenevePort, GRO: cfg.GRO, Segmenter: true,
		Sizes: cfg.Sizes, MACLimit: cfg.MACLimit,
	})
	if err != nil {
		return fmt.Errorf("start the datapath: %w", err)
	}
	defer func() {
		if err := dp.Close(); err != nil {
			log.Warn("cannot let go of the datapath in good order", "error", err)
		}
	}()
	hops := underlay.New(underlay.Config{Logger: log})
	r := newReporter(db, cfg, log)
	l := newLoop(cfg, log, db, dp, hops, r)

	tasks, ctx := errgroup.WithContext(ctx)
	if len(cfg.Peers) > 0 {
		others, err := peers.Listen(mainAddr(cfg.Local.Fabric, cfg.Local.Fabric6), cfg.PeerPort, cfg.Peers, log)
		if err != nil {
			return err
		}
		l.with(others)
		tasks.Go(func() error { return others.Run(ctx) })
	}
	tasks.Go(func() error { return db.Run(ctx) })
	tasks.Go(func() error { r.run(ctx); return nil })
	tasks.Go(func() error { l.run(ctx); return nil })
	tasks.Go(func() error { return control.Serve(ctx, listener, l.handler()) })
	// The namespace is the thread's: this one's.
	tasks.Go(func() error { return hops.Run(ctx) })
	return tasks.Wait()
}
