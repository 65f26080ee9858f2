package store_test

import (
	"testing"

	"landbridge/internal/l2gw"
)

func (on suite) TestRevisions(t *testing.T) {
	s := on.newGround(t)
	ctx := t.Context()
	const failed = "RevisionNumberConstraintFailed"
	name, description, to := "new", "what it is for", addr("192.0.2.77")
	g, err := s.Gateways().Update(ctx, s.g.ID, l2gw.GatewayUpdate{Name: &name}, 0)
	if must(t, g, err).Revision != 1 {
		t.Errorf("the name has changed, the revision is %d", g.Revision)
	}
	_, err = s.Gateways().Update(ctx, s.g.ID, l2gw.GatewayUpdate{Name: &name}, 0)
	checkError(t, err, l2gw.Stale, failed, "Constrained to 0, but current revision is 1")
	g, err = s.Gateways().Update(ctx, s.g.ID, l2gw.GatewayUpdate{Name: &name}, 5, 1)
	if must(t, g, err).Revision != 1 {
		t.Errorf("nothing has changed, the revision is %d", g.Revision)
	}
	g, err = s.Gateways().Update(ctx, s.g.ID, l2gw.GatewayUpdate{Description: &description})
	if must(t, g, err); g.Revision != 2 || g.Description != description || g.UpdatedAt <= g.CreatedAt {
		t.Errorf("a new description gave %+v", g)
	}
	g, err = s.Gateways().Update(ctx, s.tagged.ID, l2gw.GatewayUpdate{Devices: []l2gw.Device{device("sw2", port("eth0", 101))}})
	if must(t, g, err).Revision != 1 {
		t.Errorf("interfaces have changed, the revision is %d", g.Revision)
	}
	r, err := s.RemoteGateways().Update(ctx, s.remote.ID, l2gw.RemoteGatewayUpdate{Addr: &to, Description: &description}, 0)
	if must(t, r, err); r.Revision != 1 || r.Description != description {
		t.Errorf("a new address gave %+v", r)
	}
	_, err = s.RemoteGateways().Update(ctx, s.remote.ID, l2gw.RemoteGatewayUpdate{Addr: &to}, 7)
	checkError(t, err, l2gw.Stale, failed)
	_, err = s.RemoteGateways().Update(ctx, unknownID, l2gw.RemoteGatewayUpdate{Addr: &to}, 7)
	checkError(t, err, l2gw.NotFound, "L2RemoteGatewayNotFound")

	for _, del := range []func(at ...l2gw.Revision) error{
		func(at ...l2gw.Revision) error { return s.RemoteMACs().Delete(ctx, s.mac.ID, at...) },
		func(at ...l2gw.Revision) error { return s.RemoteConnections().Delete(ctx, s.stretched.ID, at...) },
		func(at ...l2gw.Revision) error { return s.Connections().Delete(ctx, s.n1.ID, at...) },
	} {
		checkError(t, del(1), l2gw.Stale, failed)
		if err := del(0); err != nil {
			t.Error(err)
		}
	}
	checkError(t, s.Gateways().Delete(ctx, s.g.ID, 1), l2gw.Stale, failed) // before: it is in use
	checkError(t, s.RemoteGateways().Delete(ctx, s.idle.ID, 1), l2gw.Stale, failed)
}

// What the switches report, and what follows from the changes of others, is no
// change of a connection.
func (on suite) TestStatusIsNoRevision(t *testing.T) {
	s := on.newGround(t)
	ctx := t.Context()
	if _, err := s.SetStatus(ctx, map[string]l2gw.Status{s.n1.ID: {State: l2gw.Active}, s.stretched.ID: {State: l2gw.Down, Asked: s.stretched.Status.Asked}}); err != nil {
		t.Fatal(err)
	}
	s.remoteMAC(s.stretched, "02:00:00:00:00:99")
	to := addr("192.0.2.77")
	r, err := s.RemoteGateways().Update(ctx, s.remote.ID, l2gw.RemoteGatewayUpdate{Addr: &to})
	must(t, r, err)
	conn, err := s.Connections().Get(ctx, s.n1.ID)
	if must(t, conn, err).Standard != s.n1.Standard {
		t.Errorf("the connection was %+v and is %+v", s.n1.Standard, conn.Standard)
	}
	rc, err := s.RemoteConnections().Get(ctx, s.stretched.ID)
	if must(t, rc, err).Standard != s.stretched.Standard {
		t.Errorf("the remote connection was %+v and is %+v", s.stretched.Standard, rc.Standard)
	}
}
