package store_test

import (
	"context"
	"fmt"
	"testing"

	"landbridge/internal/l2gw"
)

// Each kind is made in bulk as if one after the other, or not at all.
func (on suite) TestBulkIsAllOrNothing(t *testing.T) {
	s := on.newGround(t)
	ctx := t.Context()
	nets := map[string]l2gw.Network{}
	for i := range 9 {
		id := fmt.Sprint("n", i)
		nets[id] = network(id, uint32(100+i))
	}
	gw := func(d ...l2gw.Device) l2gw.Gateway { return l2gw.Gateway{Name: "bulk", ProjectID: "p", Devices: d} }
	conn := func(id, net string) l2gw.Connection { return l2gw.Connection{GatewayID: id, NetworkID: net} }
	remote := func(ip string) l2gw.RemoteGateway { return l2gw.RemoteGateway{Addr: addr(ip)} }
	rconn := func(net, to string, key uint32) l2gw.RemoteConnection {
		return l2gw.RemoteConnection{GatewayID: s.g.ID, NetworkID: net, RemoteGatewayID: to, TunnelKey: key}
	}
	bulk(t, s.Gateways().CreateAll, s.Gateways(), map[string][]l2gw.Gateway{
		"":                              {gw(device("a")), gw(device("a"), device("b", port("p", 5)))},
		"L2GatewaySegmentationRequired": {gw(device("a")), gw(device("b", port("p", 5), port("q")))},
	})
	withNets := func(ctx context.Context, list []l2gw.Connection) ([]l2gw.Connection, error) {
		return s.Connections().CreateAll(ctx, list, nets)
	}
	bulk(t, withNets, s.Connections(), map[string][]l2gw.Connection{
		"":                                 {conn(s.g.ID, "n3"), conn(s.g.ID, "n4"), conn(s.tagged.ID, "n3")},
		"L2GatewayConnectionExists":        {conn(s.g.ID, "n5"), conn(s.g.ID, "n6"), conn(s.g.ID, "n5")},
		"L2GatewayDuplicateSegmentationID": {conn(s.tagged.ID, "n6"), conn(s.gateway("beside", device("sw2", port("eth0", 100))).ID, "n7")},
		"L2GatewayNotFound":                {conn(s.g.ID, "n5"), conn(unknownID, "n5")},
		"L2GatewayNetworkUnsupported":      {conn(s.g.ID, "n5"), conn(s.g.ID, "of no cloud")},
	})
	bulk(t, s.RemoteGateways().CreateAll, s.RemoteGateways(), map[string][]l2gw.RemoteGateway{
		"":                      {remote("198.51.100.1"), remote("198.51.100.2")},
		"L2RemoteGatewayExists": {remote("198.51.100.3"), remote("::ffff:198.51.100.3")},
	})
	withNetworks := func(ctx context.Context, list []l2gw.RemoteConnection) ([]l2gw.RemoteConnection, error) {
		return s.RemoteConnections().CreateAll(ctx, list, nets)
	}
	bulk(t, withNetworks, s.RemoteConnections(), map[string][]l2gw.RemoteConnection{
		"":                                       {rconn("n2", s.remote.ID, 0), rconn("n3", s.remote.ID, 7)},
		"L2RemoteGatewayConnectionExists":        {rconn("n4", s.idle.ID, 8), rconn("n4", s.idle.ID, 9)},
		"L2RemoteGatewayDuplicateSegmentationID": {rconn("n4", s.idle.ID, 8), rconn("n1", s.idle.ID, 8)},
		"InvalidInput":                           {rconn("n4", s.idle.ID, 8), rconn("n8", s.idle.ID, 9)},
		"L2RemoteGatewayNotFound":                {rconn("n4", s.idle.ID, 8), rconn("n1", unknownID, 9)},
	})
	bulk(t, s.RemoteMACs().CreateAll, s.RemoteMACs(), map[string][]l2gw.RemoteMAC{
		"":                                  {newMAC(s.stretched.ID, "02:00:00:00:01:01"), newMAC(s.stretched.ID, "02:00:00:00:01:02")},
		"L2RemoteMacExists":                 {newMAC(s.stretched.ID, "02:00:00:00:02:01"), newMAC(s.stretched.ID, "02:00:00:00:02:01")},
		"L2RemoteGatewayConnectionNotFound": {newMAC(s.stretched.ID, "02:00:00:00:02:02"), newMAC(unknownID, "02:00:00:00:02:03")},
	})
	_, err := s.RemoteMACs().CreateAll(ctx, []l2gw.RemoteMAC{newMAC(s.stretched.ID, "02:00:00:00:02:09"), newMAC(s.stretched.ID, "02:00:00:00:00:01")})
	checkError(t, err, l2gw.Conflict, "L2RemoteMacExists", "02:00:00:00:00:01")
}

// bulk creates lists by the kind of the error that they end with, "" for none.
func bulk[T any](t *testing.T, create func(context.Context, []T) ([]T, error), c lister[T], lists map[string][]T) {
	t.Helper()
	for kind, list := range lists {
		before := listed(t, c)
		made, err := create(t.Context(), list)
		if kindOf(err) != kind {
			t.Errorf("got %q (%v), want %q", kindOf(err), err, kind)
			continue
		}
		if kind != "" && made != nil {
			t.Errorf("%s: %v is given", kind, made)
		}
		same(t, "listed after "+kind, append(before, made...), listed(t, c))
		if kind == "" && len(made) != len(list) {
			t.Errorf("%d objects made of %d", len(made), len(list))
		}
	}
}

// Very many MACs are one transaction too, and keep their order.
func (on suite) TestManyMACs(t *testing.T) {
	s := on.newGround(t)
	if _, err := s.SetStatus(t.Context(), map[string]l2gw.Status{s.stretched.ID: {State: l2gw.Active, Asked: s.stretched.Status.Asked}}); err != nil {
		t.Fatal(err)
	}
	list := make([]l2gw.RemoteMAC, 1700)
	for i := range list {
		list[i] = l2gw.RemoteMAC{MAC: l2gw.MAC{2, 1, 0, 0, byte(i >> 8), byte(i)}, RemoteConnectionID: s.stretched.ID}
	}
	made, err := s.RemoteMACs().CreateAll(t.Context(), list)
	must(t, made, err)
	same(t, "listed", made, listed(t, s.RemoteMACs())[1:])
	for i, m := range made {
		if m.MAC != list[i].MAC {
			t.Fatalf("the %d. is %s, want %s", i, m.MAC, list[i].MAC)
		}
	}
	conn, err := s.RemoteConnections().Get(t.Context(), s.stretched.ID)
	if must(t, conn, err).Status.State != l2gw.Pending {
		t.Errorf("the status is %+v: what the switch has confirmed is out of date", conn.Status)
	}
	list = append(list[:0:0], list[1699], l2gw.RemoteMAC{MAC: l2gw.MAC{2, 9}, RemoteConnectionID: s.stretched.ID})
	_, err = s.RemoteMACs().CreateAll(t.Context(), list)
	checkError(t, err, l2gw.Conflict, "L2RemoteMacExists", list[0].MAC.String())
}
