package store_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"landbridge/internal/l2gw"
	"landbridge/internal/server/store"
)

// two servers on one database.
type two struct {
	ground
	other *store.Store
}

// race runs make from many goroutines at once, by turns on both stores, and
// gives the errors.
func race(t *testing.T, s two, make func(ctx context.Context, st *store.Store, i int) error) []error {
	t.Helper()
	const n = 16
	errs := [n]error{}
	var start, done sync.WaitGroup
	start.Add(1)
	for i := range n {
		done.Go(func() {
			start.Wait()
			st := s.Store
			if i%2 == 1 {
				st = s.other
			}
			errs[i] = make(t.Context(), st, i)
		})
	}
	start.Done()
	done.Wait()
	return errs[:]
}

func (on suite) newTwo(t *testing.T) two {
	p := on.New(t)
	w := world{t, open(t, p.DSN)}
	return two{ground: groundIn(w), other: open(t, p.DSN)}
}

// Of creates that exclude each other exactly one wins, and the others are told
// why.
func (on suite) TestConcurrentCreatesExcludeEachOther(t *testing.T) {
	for kind, make := range map[string]func(s two) func(ctx context.Context, st *store.Store, i int) error{
		"L2GatewayConnectionExists": func(s two) func(context.Context, *store.Store, int) error {
			return func(ctx context.Context, st *store.Store, _ int) error {
				_, err := st.Connections().Create(ctx, l2gw.Connection{GatewayID: s.g.ID, NetworkID: "n9"}, network("n9", 9))
				return err
			}
		},
		"L2GatewayDuplicateSegmentationID": func(s two) func(context.Context, *store.Store, int) error {
			return func(ctx context.Context, st *store.Store, i int) error {
				n := network(fmt.Sprint("m", i), 9)
				_, err := st.Connections().Create(ctx, l2gw.Connection{GatewayID: s.tagged.ID, NetworkID: n.ID}, n)
				return err
			}
		},
		"L2RemoteGatewayExists": func(two) func(context.Context, *store.Store, int) error {
			return func(ctx context.Context, st *store.Store, _ int) error {
				_, err := st.RemoteGateways().Create(ctx, l2gw.RemoteGateway{Addr: addr("203.0.113.1")})
				return err
			}
		},
		"L2RemoteGatewayConnectionExists": func(s two) func(context.Context, *store.Store, int) error {
			return func(ctx context.Context, st *store.Store, i int) error {
				v := l2gw.RemoteConnection{
					GatewayID: s.g.ID, NetworkID: "n2", RemoteGatewayID: s.remote.ID, TunnelKey: uint32(i + 1),
				}
				_, err := st.RemoteConnections().Create(ctx, v, network("n2", 1))
				return err
			}
		},
		"L2RemoteGatewayDuplicateSegmentationID": func(s two) func(context.Context, *store.Store, int) error {
			for i := range 16 {
				s.connection(s.g, fmt.Sprint("m", i), nil)
			}
			return func(ctx context.Context, st *store.Store, i int) error {
				v := l2gw.RemoteConnection{
					GatewayID: s.g.ID, NetworkID: fmt.Sprint("m", i), RemoteGatewayID: s.remote.ID, TunnelKey: 77,
				}
				_, err := st.RemoteConnections().Create(ctx, v, network(v.NetworkID, 1))
				return err
			}
		},
		"L2RemoteMacExists": func(s two) func(context.Context, *store.Store, int) error {
			return func(ctx context.Context, st *store.Store, _ int) error {
				_, err := st.RemoteMACs().Create(ctx, newMAC(s.stretched.ID, "02:00:00:00:00:07"))
				return err
			}
		},
	} {
		t.Run(kind, func(t *testing.T) {
			s := on.newTwo(t)
			won := 0
			for _, err := range race(t, s, make(s)) {
				if err == nil {
					won++
					continue
				}
				checkError(t, err, l2gw.Conflict, kind)
			}
			if won != 1 {
				t.Errorf("%d creates won, want 1", won)
			}
		})
	}
}

// Creates that do not exclude each other all succeed, and both servers list
// them in one order.
func (on suite) TestConcurrentCreatesSucceed(t *testing.T) {
	s := on.newTwo(t)
	for _, err := range race(t, s, func(ctx context.Context, st *store.Store, i int) error {
		for j := range 5 {
			name := fmt.Sprintf("%d.%d", i, j)
			if _, err := st.Gateways().Create(ctx, l2gw.Gateway{Name: name, Devices: []l2gw.Device{device("sw")}}); err != nil {
				return err
			}
		}
		return nil
	}) {
		if err != nil {
			t.Error(err)
		}
	}
	here := listed(t, s.Gateways())
	if len(here) != 82 {
		t.Errorf("%d gateways, want 82", len(here))
	}
	same(t, "the other server's list", here, listed(t, s.other.Gateways()))
}

// A connection never outlives its gateway, whoever is first.
func (on suite) TestConcurrentDeleteAndConnect(t *testing.T) {
	s := on.newTwo(t)
	for _, err := range race(t, s, func(ctx context.Context, st *store.Store, i int) error {
		if i%4 > 1 {
			return st.Gateways().Delete(ctx, s.tagged.ID)
		}
		_, err := st.Connections().Create(ctx, l2gw.Connection{GatewayID: s.tagged.ID, NetworkID: "n1"}, network("n1", 1))
		return err
	}) {
		switch kindOf(err) {
		case "", "L2GatewayNotFound", "L2GatewayInUse", "L2GatewayConnectionExists":
		default:
			t.Error(err)
		}
	}
	_, err := s.Gateways().Get(t.Context(), s.tagged.ID)
	networks, err2 := s.NetworksOf(t.Context(), s.tagged.ID)
	must(t, networks, err2)
	if gone := kindOf(err) != ""; gone == (len(networks) > 0) {
		t.Errorf("gateway gone: %v, its networks: %v", gone, networks)
	}
}

func (on suite) TestConcurrentInventories(t *testing.T) {
	s := on.newTwo(t)
	for _, err := range race(t, s, func(ctx context.Context, st *store.Store, i int) error {
		inv := sampleInventory(fmt.Sprint("tcp:", i%3))
		inv.Logical = inv.Logical[:i%2]
		return st.SaveInventory(ctx, inv)
	}) {
		if err != nil {
			t.Error(err)
		}
	}
	got, err := s.Inventories(t.Context())
	if len(must(t, got, err)) != 3 {
		t.Errorf("got %d inventories, want 3", len(got))
	}
}

func (on suite) TestReopenKeepsEverything(t *testing.T) {
	p := on.New(t)
	first, err := store.Open(t.Context(), p.DSN)
	s := groundIn(world{t, must(t, first, err)})
	if _, err := s.SetStatus(t.Context(), map[string]l2gw.Status{s.stretched.ID: {State: l2gw.Active, Asked: s.stretched.Status.Asked}}); err != nil {
		t.Fatal(err)
	}
	if err := s.SaveInventory(t.Context(), sampleInventory("tcp:a")); err != nil {
		t.Fatal(err)
	}
	before := everything(t, s.Store)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	same(t, "after reopening", before, everything(t, open(t, p.DSN)))
}

func everything(t *testing.T, s *store.Store) []any {
	t.Helper()
	inventories, err := s.Inventories(t.Context())
	must(t, inventories, err)
	return []any{
		listed(t, s.Gateways()), listed(t, s.Connections()), listed(t, s.RemoteGateways()),
		listed(t, s.RemoteConnections()), listed(t, s.RemoteMACs()), inventories,
	}
}
