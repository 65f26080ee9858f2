package store_test

import (
	"context"
	"net/netip"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"landbridge/internal/l2gw"
	"landbridge/internal/server/store"
)

// machine carries random operations out on a store and on the model.
type machine struct {
	ctx   context.Context
	store *store.Store
	model model
}

// Whatever the operations and their order: each ends as the rules say, and the
// store holds what the model holds.
func (on suite) TestRandomOperations(t *testing.T) {
	empty := on.emptied(t)
	rapid.Check(t, func(rt *rapid.T) {
		m := &machine{ctx: t.Context(), store: empty(rt), model: model{limits: map[string]l2gw.Quota{}}}
		if rapid.Bool().Draw(rt, "on prepared ground") {
			m.prepare(rt)
		}
		rt.Repeat(map[string]func(*rapid.T){
			"":                        m.check,
			"create gateway":          m.createGateway,
			"update gateway":          m.updateGateway,
			"delete gateway":          m.deleteGateway,
			"create connection":       m.createConnection,
			"connect again":           m.createConnection,
			"delete connection":       m.deleteConnection,
			"create remote gateway":   m.createRemote,
			"update remote gateway":   m.updateRemote,
			"delete remote gateway":   m.deleteRemote,
			"create remote connect":   m.createRemoteConnection,
			"stretch again":           m.createRemoteConnection,
			"delete remote connect":   m.deleteRemoteConnection,
			"create remote MAC":       m.createMAC,
			"delete remote MAC":       m.deleteMAC,
			"delete all of a network": m.deleteNetwork,
			"set a quota":             m.setQuota,
			"delete a quota":          m.deleteQuota,
		})
	})
}

// prepare makes two gateways that share a device, with networks and a remote
// gateway, so that the rules of remote connections are soon reached.
func (m *machine) prepare(rt *rapid.T) {
	for _, devices := range [][]l2gw.Device{{device("sw1")}, {device("sw2"), device("sw1")}} {
		g, err := m.store.Gateways().Create(m.ctx, l2gw.Gateway{Devices: devices})
		outcome(rt, "", err)
		m.model.gateways = append(m.model.gateways, g)
		for _, n := range []l2gw.Network{network("n1", 1), network("n2", 2), network("n3", 1)} {
			c, err := m.store.Connections().Create(m.ctx, l2gw.Connection{GatewayID: g.ID, NetworkID: n.ID}, n)
			outcome(rt, "", err)
			m.model.conns = append(m.model.conns, c)
		}
	}
	r, err := m.store.RemoteGateways().Create(m.ctx, l2gw.RemoteGateway{Addr: addr("192.0.2.1")})
	outcome(rt, "", err)
	m.model.remotes = append(m.model.remotes, r)
}

// outcome compares the kind of err with the expected one; true: it worked.
func outcome(rt *rapid.T, want string, err error) bool {
	rt.Helper()
	if got := kindOf(err); got != want {
		rt.Fatalf("got %q (%v), the model says %q", got, err, want)
	}
	return err == nil
}

// anyOf draws the ID of one of the objects, or of none.
func anyOf[T any](rt *rapid.T, what string, list []T, id func(T) string) string {
	ids := []string{unknownID}
	for _, v := range list {
		ids = append(ids, id(v), id(v), id(v))
	}
	return rapid.SampledFrom(ids).Draw(rt, what)
}

func gatewayID(g l2gw.Gateway) string                   { return g.ID }
func connectionID(c l2gw.Connection) string             { return c.ID }
func remoteGatewayID(g l2gw.RemoteGateway) string       { return g.ID }
func remoteConnectionID(c l2gw.RemoteConnection) string { return c.ID }
func remoteMACID(m l2gw.RemoteMAC) string               { return m.ID }

var (
	drawInterfaces = rapid.SampledFrom([][]l2gw.Interface{
		nil, nil,
		{},
		{port("eth0")},
		{port("eth1"), port("eth0")},
		{port("eth0", 5)},
		{port("eth0", 6, 5)},
		{port("eth1", 5)},
		{port("eth0"), port("eth1", 5)},
	})
	drawDevice  = rapid.SampledFrom([]string{"sw1", "sw2"})
	drawAddr    = rapid.SampledFrom([]netip.Addr{addr("192.0.2.1"), addr("192.0.2.2"), addr("2001:db8::1")})
	drawNet     = rapid.SampledFrom([]l2gw.Network{network("n1", 1), network("n2", 2), network("n3", 1)})
	drawKey     = rapid.SampledFrom([]uint32{0, 0, 1, 2})
	drawVLAN    = rapid.SampledFrom([]*uint16{nil, nil, vlan(5), vlan(6)})
	drawProject = rapid.SampledFrom([]string{"p", "q"})
	drawMAC     = rapid.SampledFrom([]string{"02:00:00:00:00:01", "02:00:00:00:00:02"})
)

func (m *machine) createGateway(rt *rapid.T) {
	v := l2gw.Gateway{ProjectID: drawProject.Draw(rt, "project")}
	for _, name := range rapid.SliceOfNDistinct(drawDevice, 1, 2, rapid.ID[string]).Draw(rt, "devices") {
		v.Devices = append(v.Devices, device(name, drawInterfaces.Draw(rt, "interfaces")...))
	}
	got, err := m.store.Gateways().Create(m.ctx, v)
	if outcome(rt, m.model.createGateway(v), err) {
		m.model.gateways = append(m.model.gateways, got)
	}
}

func (m *machine) updateGateway(rt *rapid.T) {
	id := anyOf(rt, "gateway", m.model.gateways, gatewayID)
	name := rapid.SampledFrom([]string{"", "a", "b"}).Draw(rt, "name")
	d := l2gw.Device{Name: drawDevice.Draw(rt, "device"), Interfaces: drawInterfaces.Draw(rt, "interfaces")}
	got, err := m.store.Gateways().Update(m.ctx, id, l2gw.GatewayUpdate{Name: &name, Devices: []l2gw.Device{d}})
	want, after := m.model.updateGateway(id, name, d)
	if outcome(rt, want, err) {
		i := slices.IndexFunc(m.model.gateways, func(g l2gw.Gateway) bool { return g.ID == id })
		before := m.model.gateways[i]
		after.Standard = revised(rt, before.Standard, got.Standard,
			cmp.Equal(before, after, cmpopts.EquateEmpty(), cmpopts.IgnoreFields(l2gw.Gateway{}, "Standard")))
		m.model.gateways[i] = after
	}
}

// revised checks the standard attributes after an update that has left the
// object alike or not, and gives them.
func revised(rt *rapid.T, before, after l2gw.Standard, alike bool) l2gw.Standard {
	rt.Helper()
	want := before
	if !alike {
		want.Revision++
		want.UpdatedAt = after.UpdatedAt
	}
	if after != want || after.UpdatedAt < before.UpdatedAt {
		rt.Fatalf("the update made %+v of %+v", after, before)
	}
	return after
}

func (m *machine) deleteGateway(rt *rapid.T) {
	id := anyOf(rt, "gateway", m.model.gateways, gatewayID)
	if outcome(rt, m.model.deleteGateway(id), m.store.Gateways().Delete(m.ctx, id)) {
		m.model.gateways = slices.DeleteFunc(m.model.gateways, func(g l2gw.Gateway) bool { return g.ID == id })
	}
}

func (m *machine) createConnection(rt *rapid.T) {
	n := drawNet.Draw(rt, "network")
	v := l2gw.Connection{
		ProjectID: drawProject.Draw(rt, "project"),
		GatewayID: anyOf(rt, "gateway", m.model.gateways, gatewayID), NetworkID: n.ID, VLAN: drawVLAN.Draw(rt, "VLAN"),
	}
	if rapid.IntRange(0, 9).Draw(rt, "segments") == 0 {
		n.Segments = nil
	}
	got, err := m.store.Connections().Create(m.ctx, v, n)
	if outcome(rt, m.model.createConnection(v, n), err) {
		m.model.conns = append(m.model.conns, got)
	}
}

func (m *machine) deleteConnection(rt *rapid.T) {
	id := anyOf(rt, "connection", m.model.conns, connectionID)
	if outcome(rt, m.model.deleteConnection(id), m.store.Connections().Delete(m.ctx, id)) {
		m.model.conns = slices.DeleteFunc(m.model.conns, func(c l2gw.Connection) bool { return c.ID == id })
	}
}

func (m *machine) createRemote(rt *rapid.T) {
	v := l2gw.RemoteGateway{ProjectID: drawProject.Draw(rt, "project"), Addr: drawAddr.Draw(rt, "address")}
	got, err := m.store.RemoteGateways().Create(m.ctx, v)
	if outcome(rt, m.model.createRemote(v), err) {
		m.model.remotes = append(m.model.remotes, got)
	}
}

func (m *machine) updateRemote(rt *rapid.T) {
	id, to := anyOf(rt, "remote gateway", m.model.remotes, remoteGatewayID), drawAddr.Draw(rt, "address")
	got, err := m.store.RemoteGateways().Update(m.ctx, id, l2gw.RemoteGatewayUpdate{Addr: &to})
	if outcome(rt, m.model.updateRemote(id, to), err) {
		at := slices.IndexFunc(m.model.remotes, func(g l2gw.RemoteGateway) bool { return g.ID == id })
		before := m.model.remotes[at]
		m.model.remotes[at].Addr = to
		m.model.remotes[at].Standard = revised(rt, before.Standard, got.Standard, before.Addr == to)
		same(rt, "updated", m.model.remotes[at], got)
	}
}

func (m *machine) deleteRemote(rt *rapid.T) {
	id := anyOf(rt, "remote gateway", m.model.remotes, remoteGatewayID)
	if outcome(rt, m.model.deleteRemote(id), m.store.RemoteGateways().Delete(m.ctx, id)) {
		m.model.remotes = slices.DeleteFunc(m.model.remotes, func(g l2gw.RemoteGateway) bool { return g.ID == id })
	}
}

func (m *machine) createRemoteConnection(rt *rapid.T) {
	n := drawNet.Draw(rt, "network")
	v := l2gw.RemoteConnection{
		ProjectID: drawProject.Draw(rt, "project"),
		GatewayID: anyOf(rt, "gateway", m.model.gateways, gatewayID), NetworkID: n.ID,
		RemoteGatewayID: anyOf(rt, "remote gateway", m.model.remotes, remoteGatewayID), TunnelKey: drawKey.Draw(rt, "key"),
	}
	want, key := m.model.createRemoteConnection(v, n)
	got, err := m.store.RemoteConnections().Create(m.ctx, v, n)
	if outcome(rt, want, err) {
		if got.TunnelKey != key {
			rt.Fatalf("tunnel key %d, the model says %d", got.TunnelKey, key)
		}
		m.model.rconns = append(m.model.rconns, got)
	}
}

func (m *machine) deleteRemoteConnection(rt *rapid.T) {
	id := anyOf(rt, "remote connection", m.model.rconns, remoteConnectionID)
	want := ""
	if id == unknownID {
		want = "L2RemoteGatewayConnectionNotFound"
	}
	if outcome(rt, want, m.store.RemoteConnections().Delete(m.ctx, id)) {
		m.forgetRemote(id)
	}
}

func (m *machine) forgetRemote(id string) {
	m.model.rconns = slices.DeleteFunc(m.model.rconns, func(c l2gw.RemoteConnection) bool { return c.ID == id })
	m.model.macs = slices.DeleteFunc(m.model.macs, func(v l2gw.RemoteMAC) bool { return v.RemoteConnectionID == id })
}

func (m *machine) createMAC(rt *rapid.T) {
	v := newMAC(anyOf(rt, "remote connection", m.model.rconns, remoteConnectionID), drawMAC.Draw(rt, "MAC"))
	v.ProjectID = drawProject.Draw(rt, "project")
	got, err := m.store.RemoteMACs().Create(m.ctx, v)
	if outcome(rt, m.model.createMAC(v), err) {
		m.model.macs = append(m.model.macs, got)
	}
}

func (m *machine) deleteMAC(rt *rapid.T) {
	id := anyOf(rt, "MAC", m.model.macs, remoteMACID)
	want := ""
	if id == unknownID {
		want = "L2RemoteMacNotFound"
	}
	if outcome(rt, want, m.store.RemoteMACs().Delete(m.ctx, id)) {
		m.model.macs = slices.DeleteFunc(m.model.macs, func(v l2gw.RemoteMAC) bool { return v.ID == id })
	}
}

func (m *machine) setQuota(rt *rapid.T) {
	project, some := drawProject.Draw(rt, "project"), l2gw.Quota{}
	for _, kind := range rapid.SliceOfDistinct(rapid.SampledFrom(l2gw.Kinds()), rapid.ID[l2gw.Kind]).Draw(rt, "kinds") {
		some[kind] = rapid.IntRange(-1, 3).Draw(rt, "limit")
	}
	got, err := m.store.Quotas().Set(m.ctx, project, some)
	outcome(rt, "", err)
	if len(some) > 0 {
		m.model.limits[project] = m.model.limits[project].With(some)
	}
	same(rt, "quota", m.model.limits[project].With(nil), got)
}

func (m *machine) deleteQuota(rt *rapid.T) {
	project, want := drawProject.Draw(rt, "project"), ""
	if m.model.limits[project] == nil {
		want = "TenantQuotaNotFound"
	}
	outcome(rt, want, m.store.Quotas().Delete(m.ctx, project))
	delete(m.model.limits, project)
}

// deleteNetwork takes all that stands on a network down, in the order that the
// rules leave.
func (m *machine) deleteNetwork(rt *rapid.T) {
	n := drawNet.Draw(rt, "network").ID
	for _, c := range slices.Clone(m.model.rconns) {
		if c.NetworkID == n {
			outcome(rt, "", m.store.RemoteConnections().Delete(m.ctx, c.ID))
			m.forgetRemote(c.ID)
		}
	}
	for _, c := range slices.Clone(m.model.conns) {
		if c.NetworkID == n {
			outcome(rt, "", m.store.Connections().Delete(m.ctx, c.ID))
		}
	}
	m.model.conns = slices.DeleteFunc(m.model.conns, func(c l2gw.Connection) bool { return c.NetworkID == n })
}

// check compares all that is listed and asked with the model.
func (m *machine) check(rt *rapid.T) {
	same(rt, "gateways", m.model.gateways, listAll(rt, m.store.Gateways().List))
	same(rt, "connections", m.model.conns, listAll(rt, m.store.Connections().List))
	same(rt, "remote gateways", m.model.remotes, listAll(rt, m.store.RemoteGateways().List))
	same(rt, "remote connections", m.model.rconns, listAll(rt, m.store.RemoteConnections().List))
	same(rt, "remote MACs", m.model.macs, listAll(rt, m.store.RemoteMACs().List))
	for _, project := range []string{"p", "q"} {
		uses, err := m.store.Quotas().Uses(m.ctx, project)
		if err != nil {
			rt.Fatal(err)
		}
		for kind, use := range uses {
			if use.Used != m.model.owns(project)[kind] {
				rt.Fatalf("%s owns %d of %s, the model says %d", project, use.Used, kind, m.model.owns(project)[kind])
			}
		}
	}
	if m.model.clash() {
		rt.Fatal("two networks are on one VLAN of one port")
	}
	asked := 0
	for _, n := range list(rt, m.store.Networks) {
		got, err := m.store.Asked(m.ctx, n)
		if err != nil {
			rt.Fatal(err)
		}
		a := got[n]
		asked += len(a.Connections) + len(a.RemoteConnections)
		for _, hosts := range a.RemoteHosts {
			asked += len(hosts)
		}
		for _, c := range a.RemoteConnections {
			if a.Gateways[c.GatewayID].ID == "" || a.RemoteGateways[c.RemoteGatewayID].ID == "" {
				rt.Fatalf("network %s: what %s refers to is missing in %v", n, c.ID, a)
			}
		}
	}
	if all := len(m.model.conns) + len(m.model.rconns) + len(m.model.macs); asked != all {
		rt.Fatalf("%d objects are asked for over all networks, the model has %d", asked, all)
	}
}

func listAll[T any](rt *rapid.T, list func(context.Context, l2gw.Query) ([]T, error)) []T {
	rt.Helper()
	all, err := list(context.Background(), l2gw.Query{})
	if err != nil {
		rt.Fatal(err)
	}
	return all
}

func list[T any](rt *rapid.T, get func(context.Context) ([]T, error)) []T {
	rt.Helper()
	all, err := get(context.Background())
	if err != nil {
		rt.Fatal(err)
	}
	return all
}
