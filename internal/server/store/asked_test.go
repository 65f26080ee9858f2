package store_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"landbridge/internal/ethernet"
	"landbridge/internal/l2gw"
	"landbridge/internal/server/store"
)

func (on suite) TestAsked(t *testing.T) {
	s := on.newGround(t)
	beside := s.gateway("beside", device("sw1"))
	n1b := s.connection(beside, "n1", nil)
	second := s.remoteConnection(beside, "n1", s.idle, 0)
	mac := s.remoteMAC(second, "02:00:00:00:00:09")

	n1 := l2gw.Asked{
		Gateways:          map[string]l2gw.Gateway{s.g.ID: s.g, beside.ID: beside},
		Connections:       []l2gw.Connection{s.n1, n1b},
		RemoteGateways:    map[string]l2gw.RemoteGateway{s.remote.ID: s.remote, s.idle.ID: s.idle},
		RemoteConnections: []l2gw.RemoteConnection{s.stretched, second},
		RemoteHosts: map[string][]l2gw.Host{
			s.stretched.ID: {{MAC: s.mac.MAC, Addr: s.mac.Addr}}, second.ID: {{MAC: mac.MAC}},
		},
	}
	n2 := l2gw.Asked{Gateways: map[string]l2gw.Gateway{s.g.ID: s.g}, Connections: []l2gw.Connection{s.n2}}
	for name, c := range map[string]struct {
		of   []string
		want map[string]l2gw.Asked
	}{
		"one":                      {[]string{"n1"}, map[string]l2gw.Asked{"n1": n1}},
		"one with less":            {[]string{"n2"}, map[string]l2gw.Asked{"n2": n2}},
		"one without anything":     {[]string{"nobody's"}, map[string]l2gw.Asked{}},
		"several with one gateway": {[]string{"n2", "nobody's", "n1"}, map[string]l2gw.Asked{"n1": n1, "n2": n2}},
	} {
		got, err := s.Asked(t.Context(), c.of...)
		same(t, name, c.want, must(t, got, err))
	}
}

func (on suite) TestNetworks(t *testing.T) {
	s := on.newGround(t)
	s.connection(s.tagged, "n0", nil)
	s.connection(s.gateway("beside", device("sw1")), "n1", nil)
	for name, c := range map[string]struct {
		get  func(ctx context.Context) ([]string, error)
		want []string
	}{
		"all":                    {s.Networks, []string{"n0", "n1", "n2"}},
		"of a gateway":           {s.of(s.g.ID), []string{"n1", "n2"}},
		"of another":             {s.of(s.tagged.ID), []string{"n0"}},
		"of a remote gateway":    {s.of(s.remote.ID), []string{"n1"}},
		"of an idle one":         {s.of(s.idle.ID), nil},
		"of one that is not":     {s.of(unknownID), nil},
		"of something else's ID": {s.of(s.n1.ID), nil},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := c.get(t.Context())
			same(t, name, c.want, must(t, got, err))
		})
	}
}

func (s ground) of(id string) func(ctx context.Context) ([]string, error) {
	return func(ctx context.Context) ([]string, error) { return s.NetworksOf(ctx, id) }
}

func (on suite) TestSetStatus(t *testing.T) {
	s := on.newGround(t)
	want := map[string]l2gw.Status{
		s.n1.ID:        {State: l2gw.Active},
		s.stretched.ID: {State: l2gw.Errored, Reason: "the switch's schema has no tunnel_key", Asked: s.stretched.Status.Asked},
		unknownID:      {State: l2gw.Down},
	}
	if _, err := s.SetStatus(t.Context(), want); err != nil {
		t.Fatal(err)
	}
	for _, c := range listed(t, s.Connections()) {
		if c.ID == s.n2.ID {
			same(t, "status that was not set", s.n2.Status, c.Status)
			continue
		}
		same(t, "status", want[c.ID], c.Status)
	}
	for _, c := range listed(t, s.RemoteConnections()) {
		same(t, "status", want[c.ID], c.Status)
	}
	if _, err := s.SetStatus(t.Context(), nil); err != nil {
		t.Error(err)
	}
}

// What the switches have confirmed was for what was asked before: whoever
// changes that takes the statuses back, and no others.
func (on suite) TestChangesOutdateStatuses(t *testing.T) {
	for _, c := range []struct {
		name                  string
		change                func(ground) error
		connection, stretched l2gw.State
	}{
		{"a remote gateway's address", func(s ground) error {
			a := addr("198.51.100.99")
			_, err := s.RemoteGateways().Update(t.Context(), s.stretched.RemoteGatewayID, l2gw.RemoteGatewayUpdate{Addr: &a})
			return err
		}, l2gw.Active, l2gw.Pending},
		{"a remote gateway's name", func(s ground) error {
			name := "another"
			_, err := s.RemoteGateways().Update(t.Context(), s.stretched.RemoteGatewayID, l2gw.RemoteGatewayUpdate{Name: &name})
			return err
		}, l2gw.Active, l2gw.Active},
		{"a gateway's name", func(s ground) error {
			name := "another"
			_, err := s.Gateways().Update(t.Context(), s.tagged.ID, l2gw.GatewayUpdate{Name: &name})
			return err
		}, l2gw.Active, l2gw.Active},
		{"a new remote MAC", func(s ground) error {
			_, err := s.RemoteMACs().Create(t.Context(), l2gw.RemoteMAC{
				MAC: ethernet.MustParseMAC("02:00:00:00:00:77"), RemoteConnectionID: s.stretched.ID,
			})
			return err
		}, l2gw.Active, l2gw.Pending},
		{"a remote MAC that goes", func(s ground) error {
			all := listed(t, s.RemoteMACs())
			return s.RemoteMACs().Delete(t.Context(), all[0].ID)
		}, l2gw.Active, l2gw.Pending},
		{"a device's interfaces", func(s ground) error {
			_, err := s.Gateways().Update(t.Context(), s.tagged.ID, l2gw.GatewayUpdate{Devices: []l2gw.Device{device("sw2", port("eth0", 101))}})
			return err
		}, l2gw.Pending, l2gw.Active},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := on.newGround(t)
			served := s.connection(s.tagged, "n3", nil)
			if _, err := s.SetStatus(t.Context(), map[string]l2gw.Status{
				served.ID: {State: l2gw.Active}, s.stretched.ID: {State: l2gw.Active, Asked: s.stretched.Status.Asked},
			}); err != nil {
				t.Fatal(err)
			}
			if err := c.change(s); err != nil {
				t.Fatal(err)
			}
			connection, err := s.Connections().Get(t.Context(), served.ID)
			same(t, "connection", c.connection, must(t, connection, err).Status.State)
			stretched, err := s.RemoteConnections().Get(t.Context(), s.stretched.ID)
			same(t, "remote connection", c.stretched, must(t, stretched, err).Status.State)
		})
	}
}

// A status that was worked out before a change is not written after it.
func (on suite) TestALateStatusIsNotWritten(t *testing.T) {
	s := on.newGround(t)
	active := l2gw.Status{State: l2gw.Active, Asked: s.stretched.Status.Asked}
	set := func(want ...string) {
		t.Helper()
		late, err := s.SetStatus(t.Context(), map[string]l2gw.Status{s.n1.ID: {State: l2gw.Active}, s.stretched.ID: active})
		same(t, "late", want, must(t, late, err))
	}
	set()
	a := addr("198.51.100.99")
	remote, err := s.RemoteGateways().Update(t.Context(), s.stretched.RemoteGatewayID, l2gw.RemoteGatewayUpdate{Addr: &a})
	must(t, remote, err)
	set(s.stretched.ID)
	got, err := s.RemoteConnections().Get(t.Context(), s.stretched.ID)
	if must(t, got, err).Status.State != l2gw.Pending {
		t.Errorf("status %+v", got.Status)
	}
	active.Asked = got.Status.Asked
	late, err := s.SetStatus(t.Context(), map[string]l2gw.Status{s.stretched.ID: active})
	same(t, "late", []string(nil), must(t, late, err))
	got, err = s.RemoteConnections().Get(t.Context(), s.stretched.ID)
	if must(t, got, err).Status != active {
		t.Errorf("status %+v, want %+v", got.Status, active)
	}
}

// What is there already is not written: it works while somebody else holds the
// database's write lock.
func (on suite) TestUnchangedIsNotWritten(t *testing.T) {
	p := on.New(t)
	w := world{t, open(t, p.DSN)}
	g := w.gateway("g", device("sw1"))
	c := w.connection(g, "n1", nil)
	status := map[string]l2gw.Status{c.ID: {State: l2gw.Active, Reason: "x"}}
	inventory := sampleInventory("tcp:192.0.2.1:6640")
	save := func(ctx context.Context) error {
		if _, err := w.SetStatus(ctx, status); err != nil {
			return err
		}
		return w.SaveInventory(ctx, inventory)
	}
	if err := save(t.Context()); err != nil {
		t.Fatal(err)
	}
	on.holdWriteLock(t, p)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if err := save(ctx); err != nil {
		t.Errorf("saving the same again: %v", err)
	}
	if _, err := w.Gateways().List(ctx, l2gw.Query{}); err != nil {
		t.Errorf("reading beside a writer: %v", err)
	}
}

func (on suite) TestWriterStopsWaitingWithItsContext(t *testing.T) {
	p := on.New(t)
	w := world{t, open(t, p.DSN)}
	on.holdWriteLock(t, p)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	start := time.Now()
	_, err := w.RemoteGateways().Create(ctx, l2gw.RemoteGateway{Addr: addr("192.0.2.1")})
	if err == nil {
		t.Fatal("written beside another writer")
	}
	if waited := time.Since(start); waited > 5*time.Second {
		t.Errorf("waited %v beyond the context's end: %v", waited, err)
	}
	t.Log(err)
}

func TestOpenRefuses(t *testing.T) {
	for dsn, want := range map[string]string{
		"":                          "scheme",
		"sqlite:":                   "no path",
		"oracle://u:secret@host/db": `"oracle" is not known`,
		"sqlite:/nonexistent/dir/x": "does its directory exist",
	} {
		s, err := store.Open(t.Context(), dsn)
		if err == nil {
			t.Errorf("%q: opened %v", dsn, s)
			continue
		}
		checkWords(t, dsn, err, want)
	}
}

func TestOddPath(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a b?c=d#e%20f.db")
	world{t, open(t, "sqlite:"+path)}.gateway("g", device("sw1"))
	if again := (world{t, open(t, "sqlite:"+path)}); len(listed(t, again.Gateways())) != 1 {
		t.Error("the file of that name is not the one that was written")
	}
}

func TestInMemory(t *testing.T) {
	s, err := store.Open(t.Context(), "sqlite::memory:")
	must(t, s, err)
	w := world{t, s}
	w.connection(w.gateway("g", device("sw1", port("eth0"))), "n1", vlan(5))
	if got, err := w.Asked(t.Context(), "n1"); err != nil || len(got["n1"].Gateways) != 1 {
		t.Errorf("got %v, %v", got, err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
