package vtep

import (
	"context"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v4"

	"landbridge/internal/ethernet"
	"landbridge/internal/hwvtep"
	"landbridge/internal/ovsdb"
	"landbridge/internal/vtep/datapath"
	"landbridge/internal/vtep/forwarding"
	"landbridge/internal/vtep/underlay"
)

// database is what the loop needs of internal/ovsdb.
type database interface {
	Updates() <-chan struct{}
	Take() ovsdb.Dirty
	LogicalSwitchNames() []string
	LogicalSwitch(name string) *hwvtep.LogicalSwitch
	Wanted() (uint64, bool)
	Err() error
}

// dataplane is what the loop needs of the datapath.
type dataplane interface {
	Networks() map[string]forwarding.Network
	Differing(desired map[string]forwarding.Network) []string
	Apply(changes map[string]*forwarding.Network) map[string]error
	SetClamp(on bool) error
	SetNextHops(hops map[datapath.Pair]datapath.NextHop) error
	Attach() error
	Ensure() error
	Modes() []datapath.InterfaceMode
	FollowPorts() ([]datapath.PortState, error)
	Sweep(olderThan time.Duration) (datapath.Swept, error)
	Thaw(mac ethernet.MAC) ([]string, error)
	Counters() (datapath.Counters, error)
	Totals() (datapath.Counters, error)
	VisitTunnels(visit func(network string, e forwarding.Endpoint, t forwarding.Tunnel, counted datapath.Traffic)) error
	PortTraffic() (map[forwarding.Endpoint]datapath.Traffic, error)
	Trace(packet []byte, ifIndex int) (datapath.Trace, error)
	TracePort(frame []byte, port string, vlan uint16) (datapath.Trace, error)
	Capture(ctx context.Context, wanted []datapath.Reason, begun func(), show func(datapath.Sample) bool) error
	VisitFDB(visit func(network string, e datapath.Entry)) error
}

// nextHops is what the loop needs of the underlay.
type nextHops interface {
	Want(pairs map[underlay.Pair]struct{})
	Changes() <-chan struct{}
	Take() map[underlay.Pair]underlay.State
	States() map[underlay.Pair]underlay.State
}

const (
	// fullPassEvery mends what nobody told of; it also keeps the datapath's
	// lease on next hops.
	fullPassEvery = 20 * time.Second
	// Learned addresses are looked at this often, or ten times in their life.
	ageAtMostEvery = 30 * time.Second
	ageTimes       = 10

	applyRetryFirst = 500 * time.Millisecond
	applyRetryMax   = 30 * time.Second
)

// loop is the one goroutine that decides: what the database holds becomes what
// the datapath does. It has local I/O alone; what goes back into the database
// is the reporter's.
type loop struct {
	cfg      Config
	log      *slog.Logger
	db       database
	dp       dataplane
	hops     nextHops
	reporter *reporter
	peers    link // nil: the gateway has no other devices

	mu      sync.Mutex // held during each step; state and metrics take it too
	synced  bool       // the database has been read
	desired *desired
	ports   ports
	pending map[string]struct{}        // networks to hand to the datapath
	refused map[string]error           // by the datapath, when last tried
	pushed  map[underlay.Pair]struct{} // pairs that the datapath has a next hop of
	wanted  uint64                     // hwvtep.Wanted, read before the rows that are carried out
	asked   bool                       // wanted is set
	narrow  []narrowWay                // ways smaller than the fabric's, when last looked
	broken  error                      // why the datapath is not whole
	swept   datapath.Swept             // what the last pass over the FDB has found
	large   bool                       // all was read since the last full pass
	trim    func()                     // gives memory back, beside what else goes on
	retry   *backoff.ExponentialBackOff
	retryAt <-chan time.Time
}

func newLoop(cfg Config, log *slog.Logger, db database, dp dataplane, hops nextHops, r *reporter) *loop {
	l := &loop{
		cfg: cfg, log: log, db: db, dp: dp, hops: hops, reporter: r,
		desired: newDesired(cfg), trim: func() { go debug.FreeOSMemory() },
		pending: map[string]struct{}{}, refused: map[string]error{}, pushed: map[underlay.Pair]struct{}{},
		retry: backoff.NewExponentialBackOff(
			backoff.WithInitialInterval(applyRetryFirst), backoff.WithMaxInterval(applyRetryMax), backoff.WithMaxElapsedTime(0)),
	}
	l.begin()
	return l
}

// begin starts from what the datapath holds.
func (l *loop) begin() {
	l.desired.adopt(l.dp.Networks())
	l.want()
}

// with has the loop carry WAN sides beside other devices of the gateway.
func (l *loop) with(others link) {
	l.peers, l.desired = others, newDesired(l.cfg)
	l.desired.beside = newBeside(mainAddr(l.cfg.Local.Fabric, l.cfg.Local.Fabric6))
	l.begin()
}

// run works until ctx ends.
func (l *loop) run(ctx context.Context) {
	l.step(l.attach)
	full := time.NewTicker(fullPassEvery)
	defer full.Stop()
	age, stop := ageing(l.cfg.Ageing)
	defer stop()
	ports := time.NewTicker(portsEvery)
	defer ports.Stop()
	heard, tick, end := l.fromPeers()
	defer end()
	for {
		select {
		case <-ctx.Done():
			return
		case <-l.db.Updates():
			l.step(l.databaseChanged)
		case <-l.hops.Changes():
			l.step(l.nextHopsChanged)
		case <-l.retryAt:
			l.step(l.again)
		case <-full.C:
			l.step(l.everything)
		case <-age:
			l.step(l.age)
		case <-ports.C:
			l.step(l.lookAtPorts)
		case m := <-heard:
			l.step(func() { l.heardPeer(m) })
		case <-tick:
			l.step(l.tickPeers)
		}
	}
}

func (l *loop) step(do func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	do()
}

// ageing gives the ticks at which to go over the FDB; also where addresses are
// kept for ever, since there is more to see to than their age.
func ageing(after time.Duration) (<-chan time.Time, func()) {
	every := ageAtMostEvery
	if after != 0 {
		every = min(max(after/ageTimes, time.Second), ageAtMostEvery)
	}
	t := time.NewTicker(every)
	return t.C, t.Stop
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
