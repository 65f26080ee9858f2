package server

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"landbridge/internal/hwvtep"
	"landbridge/internal/l2gw"
	"landbridge/internal/rpc"
	"landbridge/internal/server/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	blue = "11111111-0000-0000-0000-000000000001"
	red  = "11111111-0000-0000-0000-000000000002"
)

// fakeCloud is a cloud in memory that fails when it is told to.
type fakeCloud struct {
	mu        sync.Mutex
	sites     map[string]l2gw.Site
	down      error         // what Network and Site answer
	deaf      error         // what Announce answers
	slow      time.Duration // how long Site takes, by the clock of a synctest bubble
	asked     int           // how often Site was
	health    error
	announced [][]l2gw.Service
	changed   func([]string)
	watching  chan struct{}
}

func newFakeCloud() *fakeCloud {
	return &fakeCloud{
		sites:    map[string]l2gw.Site{blue: aSite(blue, 123), red: aSite(red, 456)},
		watching: make(chan struct{}),
	}
}

func aSite(id string, vni uint32) l2gw.Site {
	return l2gw.Site{
		Network:   l2gw.Network{ID: id, Name: "net", Segments: []l2gw.Segment{{Type: l2gw.TypeVXLAN, ID: vni}}},
		Ports:     []l2gw.Port{{ID: "p", NetworkID: id, MAC: l2gw.MAC{0xfa, 0, 0, 0, 0, 1}, Host: "a1"}},
		Endpoints: map[string]netip.Addr{"a1": netip.MustParseAddr("10.0.0.11")},
	}
}

func (c *fakeCloud) Networks(context.Context) ([]l2gw.Network, error) { return nil, nil }

func (c *fakeCloud) Network(ctx context.Context, id string) (l2gw.Network, error) {
	s, err := c.Site(ctx, id)
	return s.Network, err
}

func (c *fakeCloud) Site(_ context.Context, id string) (l2gw.Site, error) {
	time.Sleep(c.slow)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked++
	if c.down != nil {
		return l2gw.Site{}, c.down
	}
	s, ok := c.sites[id]
	if !ok {
		return s, l2gw.ErrNetworkNotFound(id)
	}
	return s, nil
}

func (c *fakeCloud) Watch(ctx context.Context, changed func([]string)) error {
	c.mu.Lock()
	c.changed = changed
	select {
	case <-c.watching: // not for the first time
	default:
		close(c.watching)
	}
	c.mu.Unlock()
	<-ctx.Done()
	return ctx.Err()
}

func (c *fakeCloud) Announce(_ context.Context, services []l2gw.Service) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.deaf != nil {
		return c.deaf
	}
	c.announced = append(c.announced, slices.Clone(services))
	return nil
}

func (c *fakeCloud) Health() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.health
}

// change changes the cloud and tells the server.
func (c *fakeCloud) change(do func(c *fakeCloud), ids ...string) {
	<-c.watching
	c.mu.Lock()
	do(c)
	changed := c.changed
	c.mu.Unlock()
	changed(ids)
}

// last gives what was announced last, and how often.
func (c *fakeCloud) last() (services []l2gw.Service, times int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.announced) == 0 {
		return nil, 0
	}
	return c.announced[len(c.announced)-1], len(c.announced)
}

// watchedStore is a real store that counts, and fails when it is told to.
type watchedStore struct {
	Store
	mu     sync.Mutex
	broken error
	// unreadable is a network that cannot be read.
	unreadable string
	saves      int
	slow       time.Duration // how long SaveInventory takes, by the clock of a synctest bubble
	writes     int           // of statuses
	unkept     error
	// meanwhile is done before statuses are written.
	meanwhile func(map[string]l2gw.Status)
}

// keeps says how leases are kept: nil as ever.
func (s *watchedStore) keeps(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unkept = err
}

func (s *watchedStore) KeepLease(ctx context.Context, l l2gw.Lease, lasts time.Duration) error {
	s.mu.Lock()
	err := s.unkept
	s.mu.Unlock()
	if err != nil {
		return err
	}
	return s.Store.KeepLease(ctx, l, lasts)
}

func (s *watchedStore) set(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.broken = err
}

func (s *watchedStore) state(count *int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if count != nil && s.broken == nil {
		*count++
	}
	return s.broken
}

func (s *watchedStore) count(of *int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return *of
}

func (s *watchedStore) Networks(ctx context.Context) ([]string, error) {
	return with(s.state(nil), func() ([]string, error) { return s.Store.Networks(ctx) })
}

func (s *watchedStore) Asked(ctx context.Context, ids ...string) (map[string]l2gw.Asked, error) {
	err := s.state(nil)
	if slices.Contains(ids, s.unreadable) {
		err = errors.Join(err, errors.New("a row makes no sense"))
	}
	return with(err, func() (map[string]l2gw.Asked, error) { return s.Store.Asked(ctx, ids...) })
}

func (s *watchedStore) SetStatus(ctx context.Context, st map[string]l2gw.Status, under ...l2gw.Lease) ([]string, error) {
	if s.meanwhile != nil {
		s.meanwhile(st)
	}
	late, err := s.Store.SetStatus(ctx, st, under...)
	return late, errors.Join(s.state(&s.writes), err)
}

func (s *watchedStore) SaveInventory(ctx context.Context, inv hwvtep.Inventory, under ...l2gw.Lease) error {
	time.Sleep(s.slow)
	return errors.Join(s.state(&s.saves), s.Store.SaveInventory(ctx, inv, under...))
}

func with[T any](err error, do func() (T, error)) (T, error) {
	if err != nil {
		var none T
		return none, err
	}
	return do()
}

// world is a server with all around it.
type world struct {
	t      testing.TB
	cloud  *fakeCloud
	store  *watchedStore
	server *Server
	stop   func()
	dsn    string
}

// newWorld makes a world with a store of its own; the server does not run yet.
func newWorld(t testing.TB) *world {
	t.Helper()
	return openWorld(t, "sqlite:"+t.TempDir()+"/server.db")
}

func openWorld(t testing.TB, dsn string) *world {
	t.Helper()
	db, err := store.Open(context.Background(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, cloud: newFakeCloud(), store: &watchedStore{Store: db}, dsn: dsn, stop: func() {}}
	w.server = New(Config{Store: w.store, Cloud: w.cloud, Logger: slog.New(slog.DiscardHandler)})
	t.Cleanup(func() {
		w.stop()
		if err := db.Close(); err != nil {
			t.Errorf("close the store: %v", err)
		}
	})
	return w
}

// run runs the server until the test, or stop, ends it.
func (w *world) run() *world {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- w.server.Run(ctx) }()
	w.stop = func() {
		w.stop = func() {}
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			w.t.Errorf("Run ended with %v", err)
		}
	}
	return w
}

// must gives the value of a call that must work.
func must[T any](t testing.TB) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// stretched is what an administrator made of one network.
type stretched struct {
	gw     l2gw.Gateway
	conn   l2gw.Connection
	remote l2gw.RemoteGateway
	rc     l2gw.RemoteConnection
}

// connect connects a network to a new gateway of one switch.
func (w *world) connect(network, device string) stretched {
	w.t.Helper()
	ctx := context.Background()
	var s stretched
	s.gw = must[l2gw.Gateway](w.t)(w.server.Gateways().Create(ctx, l2gw.Gateway{Name: device, Devices: []l2gw.Device{{Name: device}}}))
	s.conn = must[l2gw.Connection](w.t)(w.server.Connections().Create(ctx, l2gw.Connection{GatewayID: s.gw.ID, NetworkID: network}))
	return s
}

// stretch connects a network and stretches it to a remote gateway.
func (w *world) stretch(network, device, remote string, key uint32) stretched {
	w.t.Helper()
	ctx := context.Background()
	s := w.connect(network, device)
	s.remote = must[l2gw.RemoteGateway](w.t)(w.server.RemoteGateways().Create(ctx, l2gw.RemoteGateway{Name: remote, Addr: netip.MustParseAddr(remote)}))
	s.rc = must[l2gw.RemoteConnection](w.t)(w.server.RemoteConnections().Create(ctx, l2gw.RemoteConnection{
		GatewayID: s.gw.ID, NetworkID: network, RemoteGatewayID: s.remote.ID, TunnelKey: key, Flood: true, Encapsulation: l2gw.VXLAN,
	}))
	return s
}

const dbAddress = "tcp:192.0.2.1:6640"

// aReport is a database with one switch that holds and confirms what is given.
func aReport(device string, holds ...*hwvtep.LogicalSwitch) rpc.Report {
	r := rpc.Report{
		Database: dbAddress,
		Schema: hwvtep.Schema{
			Version: "1.7.0", LocatorKeys: true, Replication: true, OtherConfig: true,
			Encapsulations: []hwvtep.Encapsulation{hwvtep.VXLANOverIPv4},
		},
		Switches: []hwvtep.PhysicalSwitch{{Name: device, TunnelIPs: []netip.Addr{netip.MustParseAddr("10.0.0.2")}, OtherConfig: map[string]string{}}},
		Logical:  map[string]rpc.LogicalReport{},
	}
	for _, ls := range holds {
		r.Logical[ls.Name] = rpc.LogicalReport{Actual: hwvtep.Pack(ls), Confirmed: true}
	}
	return r
}

const soon = 5 * time.Second
