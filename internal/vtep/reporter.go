package vtep

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v4"

	"landbridge/internal/hwvtep"
	"landbridge/internal/ovsdb"
)

// switches is what a reporter needs of the database.
type switches interface {
	PhysicalSwitches() []hwvtep.PhysicalSwitch
	EnsureSwitch(ctx context.Context, sw hwvtep.PhysicalSwitch) error
	SetDone(ctx context.Context, sw string, n uint64) error
	SetFaults(ctx context.Context, sw string, faults []string) error
	SetPortFaults(ctx context.Context, sw string, faults map[string][]string) error
	SetLocal(ctx context.Context, own hwvtep.Locator, want hwvtep.Local) error
	SetBindingStats(ctx context.Context, sw string, stats map[hwvtep.Binding]hwvtep.BindingStats) error
}

const (
	reportRetryFirst = 200 * time.Millisecond
	reportRetryMax   = 10 * time.Second
)

// report is what the database has to show of this switch.
type report struct {
	faults []string // sorted
	done   uint64   // hwvtep.Done, where confirmed
	// confirmed says that done is known: everything up to it is carried out, or
	// a fault says what is not.
	confirmed bool

	portFaults map[string][]string // sorted, by port
	local      hwvtep.Local        // nil before the FDB was read: nothing is written
	stats      map[hwvtep.Binding]hwvtep.BindingStats
	round      uint64 // of stats: each is written once
}

// reporter makes the database show this switch: its rows, its faults, and how
// far it has got. It compares with what is there, so that whatever others do to
// these rows is undone.
type reporter struct {
	db   switches
	want hwvtep.PhysicalSwitch
	own  hwvtep.Locator // of local MACs
	log  *slog.Logger
	wake chan struct{}

	round uint64 // of the counters that were written

	mu     sync.Mutex
	report *report // nil before the first: nothing is written
}

func newReporter(db switches, cfg Config, log *slog.Logger) *reporter {
	return &reporter{db: db, want: physicalSwitch(cfg), own: localOf(cfg), log: log, wake: make(chan struct{}, 1)}
}

// physicalSwitch is the row that a configuration asks for.
func physicalSwitch(cfg Config) hwvtep.PhysicalSwitch {
	sw := hwvtep.PhysicalSwitch{
		Name:      cfg.Switch,
		TunnelIPs: cfg.Local.All(),
		OtherConfig: map[string]string{
			hwvtep.FabricAddr: mainAddr(cfg.Local.Fabric, cfg.Local.Fabric6).String(),
			hwvtep.WANAddr:    mainAddr(cfg.Local.WAN, cfg.Local.WAN6).String(),
		},
	}
	for _, p := range slices.Sorted(maps.Keys(cfg.Ports)) {
		sw.Ports = append(sw.Ports, hwvtep.PhysicalPort{Name: p})
	}
	return sw
}

// mainAddr gives the address of a side where only one can be told.
func mainAddr(v4, v6 netip.Addr) netip.Addr {
	if v4.IsValid() {
		return v4
	}
	return v6
}

// set gives what to show.
func (r *reporter) set(now report) {
	r.mu.Lock()
	r.report = &now
	r.mu.Unlock()
	r.look()
}

// look has what the database shows compared again.
func (r *reporter) look() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// run works until ctx ends. What fails is tried again, and told once.
func (r *reporter) run(ctx context.Context) {
	wait := backoff.NewExponentialBackOff(
		backoff.WithInitialInterval(reportRetryFirst), backoff.WithMaxInterval(reportRetryMax), backoff.WithMaxElapsedTime(0))
	var retry <-chan time.Time
	var told string
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.wake:
		case <-retry:
		}
		retry = nil
		err := r.once(ctx)
		if err == nil {
			wait.Reset()
			told = ""
			continue
		}
		if told != err.Error() && ctx.Err() == nil && !errors.Is(err, ovsdb.ErrNotConnected) { // that the client tells
			r.log.Warn("cannot write to the database; trying again", "error", err)
			told = err.Error()
		}
		retry = time.After(wait.NextBackOff())
	}
}

// once writes what differs. Faults go before the confirmation: whoever sees a
// change confirmed sees what is wrong with it.
func (r *reporter) once(ctx context.Context) error {
	r.mu.Lock()
	now := r.report
	r.mu.Unlock()
	if now == nil {
		return nil
	}
	shown := r.shown()
	if shown == nil || !covers(shown, r.want) {
		r.log.Info("making the switch's rows in the database", "switch", r.want.Name)
		want := r.want
		if shown != nil {
			want.Description = shown.Description // the operator's
		}
		if err := r.db.EnsureSwitch(ctx, want); err != nil {
			return fmt.Errorf("make Physical_Switch %q: %w", r.want.Name, err)
		}
	}
	if shown = r.shown(); shown == nil {
		return nil // its appearance is a change, and leads here again
	}
	if !slices.Equal(shown.Faults, now.faults) {
		if err := r.db.SetFaults(ctx, r.want.Name, now.faults); err != nil {
			return fmt.Errorf("write switch_fault_status of %q: %w", r.want.Name, err)
		}
	}
	if !sameFaults(shown, now.portFaults) {
		if err := r.db.SetPortFaults(ctx, r.want.Name, now.portFaults); err != nil {
			return fmt.Errorf("write port_fault_status of %q: %w", r.want.Name, err)
		}
	}
	if now.confirmed && shown.OtherConfig[hwvtep.Done] != strconv.FormatUint(now.done, 10) {
		if err := r.db.SetDone(ctx, r.want.Name, now.done); err != nil {
			return fmt.Errorf("confirm change %d of %q: %w", now.done, r.want.Name, err)
		}
	}
	return r.tellOfPorts(ctx, now)
}

// tellOfPorts writes what was learned and counted on ports. It can be much, so
// that it comes after the confirmation.
func (r *reporter) tellOfPorts(ctx context.Context, now *report) error {
	if now.local == nil {
		return nil
	}
	if err := r.db.SetLocal(ctx, r.own, now.local); err != nil {
		return fmt.Errorf("write the local MACs of %q: %w", r.want.Name, err)
	}
	if r.round == now.round {
		return nil
	}
	if err := r.db.SetBindingStats(ctx, r.want.Name, now.stats); err != nil {
		return fmt.Errorf("write vlan_stats of %q: %w", r.want.Name, err)
	}
	r.round = now.round
	return nil
}

func (r *reporter) shown() *hwvtep.PhysicalSwitch {
	for _, sw := range r.db.PhysicalSwitches() {
		if sw.Name == r.want.Name {
			return &sw
		}
	}
	return nil
}

// covers tells whether a database shows what a switch wants of its own row.
// Ports that others have added are theirs.
func covers(shown *hwvtep.PhysicalSwitch, want hwvtep.PhysicalSwitch) bool {
	for _, p := range want.Ports {
		if shown.Port(p.Name) == nil {
			return false
		}
	}
	config := maps.Clone(want.OtherConfig)
	maps.DeleteFunc(config, func(k, v string) bool { return shown.OtherConfig[k] == v })
	return len(config) == 0 && slices.Equal(shown.TunnelIPs, want.TunnelIPs)
}
