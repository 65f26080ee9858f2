package store_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

	"landbridge/internal/l2gw"
	"landbridge/internal/server/store"
)

// limit gives a project a limit of its own.
func (w world) limit(project string, kind l2gw.Kind, limit int) {
	w.t.Helper()
	got, err := w.Quotas().Set(w.t.Context(), project, l2gw.Quota{kind: limit})
	if must(w.t, got, err).Limit(kind) != limit {
		w.t.Errorf("%s of %s: %v, want %d", kind, project, got, limit)
	}
}

// all is a quota of all kinds: gateways, connections, remote gateways, remote
// connections, remote MACs.
func all(limits ...int) l2gw.Quota {
	out := l2gw.Quota{}
	for i, k := range l2gw.Kinds() {
		out[k] = limits[i]
	}
	return out
}

func (on suite) TestQuotasAreKept(t *testing.T) {
	p := on.New(t)
	byDefault := l2gw.Quota{l2gw.KindGateway: 10, l2gw.KindRemoteMAC: 0}
	s, err := store.Open(t.Context(), p.DSN, store.WithQuota(byDefault))
	must(t, s, err)
	defer func() { _ = s.Close() }()
	q, ctx := s.Quotas(), t.Context()
	get := func(project string, want l2gw.Quota) {
		t.Helper()
		got, err := q.Get(ctx, project)
		same(t, "the quota of "+project, want, must(t, got, err))
	}
	same(t, "default", all(10, -1, -1, -1, 0), q.Default())
	get("p", q.Default())

	set, err := q.Set(ctx, "p", l2gw.Quota{l2gw.KindGateway: -1, l2gw.KindConnection: 5})
	same(t, "set", all(-1, 5, -1, -1, 0), must(t, set, err))
	set, err = q.Set(ctx, "p", l2gw.Quota{l2gw.KindConnection: l2gw.MaxLimit, l2gw.KindRemoteGateway: 0})
	same(t, "set again", all(-1, l2gw.MaxLimit, 0, -1, 0), must(t, set, err))
	set, err = q.Set(ctx, "nothing", nil)
	same(t, "nothing set", q.Default(), must(t, set, err))
	set, err = q.Set(ctx, "P", l2gw.Quota{l2gw.KindGateway: 10})
	same(t, "another letter, another project", q.Default(), must(t, set, err))
	get("p", all(-1, l2gw.MaxLimit, 0, -1, 0))

	list, err := q.List(ctx)
	same(t, "list", map[string]l2gw.Quota{"p": all(-1, l2gw.MaxLimit, 0, -1, 0), "P": q.Default()}, must(t, list, err))

	if err := q.Delete(ctx, "p"); err != nil {
		t.Error(err)
	}
	get("p", q.Default())
	for _, project := range []string{"p", "nobody"} {
		checkError(t, q.Delete(ctx, project), l2gw.NotFound, "TenantQuotaNotFound", "Quota for tenant "+project+" could not be found.")
	}
	other := open(t, p.DSN)
	elsewhere, err := other.Quotas().Get(ctx, "P")
	same(t, "of a server without limits by default", all(10, -1, -1, -1, -1), must(t, elsewhere, err))
}

func (on suite) TestUses(t *testing.T) {
	s := on.newGround(t)
	s.limit("p", l2gw.KindGateway, 1)
	s.limit("q", l2gw.KindRemoteMAC, 0)
	want := map[string][]l2gw.Use{
		"p": {{Limit: 1, Used: 2}, {Limit: -1, Used: 2}, {Limit: -1, Used: 2}, {Limit: -1, Used: 1}, {Limit: -1, Used: 1}},
		"q": {{Limit: -1}, {Limit: -1}, {Limit: -1}, {Limit: -1}, {Limit: 0}},
	}
	for project, uses := range want {
		got, err := s.Quotas().Uses(t.Context(), project)
		must(t, got, err)
		for i, k := range l2gw.Kinds() {
			same(t, project+" "+string(k), uses[i], got[k])
		}
	}
}

// makers make one more object of each kind for a project; i tells them apart.
func makers(s ground) map[l2gw.Kind]func(ctx context.Context, st *store.Store, project string, i int) error {
	return map[l2gw.Kind]func(context.Context, *store.Store, string, int) error{
		l2gw.KindGateway: func(ctx context.Context, st *store.Store, project string, _ int) error {
			_, err := st.Gateways().Create(ctx, l2gw.Gateway{ProjectID: project, Devices: []l2gw.Device{device("sw")}})
			return err
		},
		l2gw.KindConnection: func(ctx context.Context, st *store.Store, project string, i int) error {
			n := network(fmt.Sprint("m", i), 9)
			_, err := st.Connections().Create(ctx, l2gw.Connection{ProjectID: project, GatewayID: s.g.ID, NetworkID: n.ID}, n)
			return err
		},
		l2gw.KindRemoteGateway: func(ctx context.Context, st *store.Store, project string, i int) error {
			_, err := st.RemoteGateways().Create(ctx, l2gw.RemoteGateway{ProjectID: project, Addr: addr(fmt.Sprint("198.51.100.", i))})
			return err
		},
		l2gw.KindRemoteConnection: func(ctx context.Context, st *store.Store, project string, i int) error {
			far, err := st.RemoteGateways().Create(ctx, l2gw.RemoteGateway{Addr: addr(fmt.Sprint("203.0.113.", i))})
			if err != nil {
				return err
			}
			_, err = st.RemoteConnections().Create(ctx, l2gw.RemoteConnection{
				ProjectID: project, GatewayID: s.g.ID, NetworkID: "n1", RemoteGatewayID: far.ID, TunnelKey: 9,
			}, network("n1", 1))
			return err
		},
		l2gw.KindRemoteMAC: func(ctx context.Context, st *store.Store, project string, i int) error {
			v := newMAC(s.stretched.ID, fmt.Sprintf("02:00:00:00:09:%02x", i))
			v.ProjectID = project
			_, err := st.RemoteMACs().Create(ctx, v)
			return err
		},
	}
}

// Of creates at once, on two servers, exactly as many work as may.
func (on suite) TestQuotaUnderConcurrency(t *testing.T) {
	s := on.newTwo(t)
	const may = 5
	for kind, make := range makers(s.ground) {
		t.Run(string(kind), func(t *testing.T) {
			s.limit("q", kind, may)
			made := 0
			for _, err := range race(t, s, func(ctx context.Context, st *store.Store, i int) error { return make(ctx, st, "q", i) }) {
				if err == nil {
					made++
					continue
				}
				checkError(t, err, l2gw.Conflict, "OverQuota", fmt.Sprintf("['%s']", kind))
			}
			uses, err := s.Quotas().Uses(t.Context(), "q")
			if use := must(t, uses, err)[kind]; made != may || use.Used != may {
				t.Errorf("%d creates worked, %d objects are there, want %d", made, use.Used, may)
			}
			if n := s.Refusals()[kind] + s.other.Refusals()[kind]; n != 16-may {
				t.Errorf("%d refusals are counted, want %d", n, 16-may)
			}
		})
	}
}

// A limit that changes while objects are made counts for those made after it.
func (on suite) TestQuotaChangesUnderConcurrency(t *testing.T) {
	s := on.newTwo(t)
	make := makers(s.ground)[l2gw.KindGateway]
	var wg sync.WaitGroup
	wg.Go(func() {
		if _, err := s.Quotas().Set(t.Context(), "q", l2gw.Quota{l2gw.KindGateway: 7}); err != nil {
			t.Error(err)
		}
	})
	race(t, s, func(ctx context.Context, st *store.Store, i int) error { return make(ctx, st, "q", i) })
	wg.Wait()
	uses, err := s.Quotas().Uses(t.Context(), "q")
	before := must(t, uses, err)[l2gw.KindGateway].Used
	if before < 7 {
		t.Errorf("%d gateways, want 7 at least", before)
	}
	checkError(t, make(t.Context(), s.Store, "q", 0), l2gw.Conflict, "OverQuota")
	checkError(t, make(t.Context(), s.other, "q", 0), l2gw.Conflict, "OverQuota")
}

func (on suite) TestQuotaByKindAndProject(t *testing.T) {
	s := on.newGround(t)
	ctx, i := t.Context(), 0
	for kind, make := range makers(s) {
		try := func(project, want string) {
			t.Helper()
			i++
			if got := kindOf(make(ctx, s.Store, project, i)); got != want {
				t.Errorf("one more %s of %s: %q, want %q", kind, project, got, want)
			}
		}
		s.limit("q", kind, 1)
		try("q", "")
		try("q", "OverQuota")
		try("r", "")
		s.limit("q", kind, 2)
		try("q", "")
		s.limit("q", kind, 0) // below what is used
		try("q", "OverQuota")
		if err := s.Quotas().Delete(ctx, "q"); err != nil {
			t.Error(err)
		}
		try("q", "")
	}
}

// A bulk counts as a whole, each project's part for itself, and what is wrong
// with it otherwise is told first.
func (on suite) TestQuotaAndBulk(t *testing.T) {
	s := on.newGround(t)
	s.limit("q", l2gw.KindGateway, 2)
	s.limit("q", l2gw.KindRemoteMAC, 2)
	gw := func(project string, d ...l2gw.Device) l2gw.Gateway {
		return l2gw.Gateway{ProjectID: project, Devices: d}
	}
	mixed := device("b", port("p", 5), port("q"))
	bulk(t, s.Gateways().CreateAll, s.Gateways(), map[string][]l2gw.Gateway{
		"OverQuota":                     {gw("r", device("a")), gw("q", device("a")), gw("q", device("a")), gw("q", device("a"))},
		"L2GatewaySegmentationRequired": {gw("q", device("a")), gw("q", device("a")), gw("q", device("a")), gw("q", mixed)},
	})
	bulk(t, s.Gateways().CreateAll, s.Gateways(), map[string][]l2gw.Gateway{
		"": {gw("q", device("a")), gw("r", device("a")), gw("r", device("a")), gw("r", device("a")), gw("q", device("a"))},
	})
	mac := func(project string, last int) l2gw.RemoteMAC {
		v := newMAC(s.stretched.ID, fmt.Sprintf("02:00:00:00:03:%02x", last))
		v.ProjectID = project
		return v
	}
	bulk(t, s.RemoteMACs().CreateAll, s.RemoteMACs(), map[string][]l2gw.RemoteMAC{
		"OverQuota":                         {mac("q", 1), mac("r", 2), mac("q", 3), mac("q", 4)},
		"L2RemoteMacExists":                 {mac("q", 1), mac("q", 2), mac("q", 3), mac("q", 3)},
		"L2RemoteGatewayConnectionNotFound": {mac("q", 1), mac("q", 2), mac("q", 3), newMAC(unknownID, "02:00:00:00:03:09")},
	})
	bulk(t, s.RemoteMACs().CreateAll, s.RemoteMACs(), map[string][]l2gw.RemoteMAC{
		"": {mac("q", 1), mac("r", 2), mac("q", 3), mac("r", 4)},
	})
}

// Very many projects in one bulk are each held to their limits.
func (on suite) TestQuotaOfManyProjects(t *testing.T) {
	s := on.newGround(t)
	list := make([]l2gw.RemoteMAC, 1200)
	for i := range list {
		list[i] = l2gw.RemoteMAC{ProjectID: fmt.Sprintf("p%04d", i), MAC: l2gw.MAC{2, 1, 0, 0, byte(i >> 8), byte(i)}, RemoteConnectionID: s.stretched.ID}
	}
	last := list[len(list)-1].ProjectID
	s.limit(last, l2gw.KindRemoteMAC, 0)
	_, err := s.RemoteMACs().CreateAll(t.Context(), list)
	checkError(t, err, l2gw.Conflict, "OverQuota", "l2_remote_mac")
	s.limit(last, l2gw.KindRemoteMAC, 1)
	made, err := s.RemoteMACs().CreateAll(t.Context(), list)
	if len(must(t, made, err)) != len(list) {
		t.Errorf("%d made", len(made))
	}
}

func (on suite) TestLimited(t *testing.T) {
	p := on.New(t)
	s := groundIn(world{t, open(t, p.DSN)})
	limited := func(st *store.Store) []store.Limited {
		t.Helper()
		got, err := st.Limited(t.Context())
		return must(t, got, err)
	}
	if got := limited(s.Store); len(got) > 0 {
		t.Errorf("without limits: %v", got)
	}
	s.limit("p", l2gw.KindRemoteGateway, 7)
	s.limit("p", l2gw.KindConnection, -1)
	s.limit("q", l2gw.KindRemoteGateway, 0)
	of := func(project string, kind l2gw.Kind, limit, used int) store.Limited {
		return store.Limited{Project: project, Kind: kind, Use: l2gw.Use{Limit: limit, Used: used}}
	}
	own := []store.Limited{of("p", l2gw.KindRemoteGateway, 7, 2), of("q", l2gw.KindRemoteGateway, 0, 0)}
	same(t, "limits of projects", own, limited(s.Store))
	must(t, s, makers(s)[l2gw.KindGateway](t.Context(), s.Store, "r", 0))
	st, err := store.Open(t.Context(), p.DSN, store.WithQuota(l2gw.Quota{l2gw.KindGateway: 3, l2gw.KindConnection: 4}))
	defer func() { _ = must(t, st, err).Close() }()
	same(t, "and by default", slices.Concat([]store.Limited{
		of("p", l2gw.KindGateway, 3, 2), of("r", l2gw.KindGateway, 3, 1),
	}, own), limited(must(t, st, err)))
}
