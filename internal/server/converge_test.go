package server

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/netip"
	"testing"

	"landbridge/internal/hwvtep"
	"landbridge/internal/l2gw"
	"landbridge/internal/lab/testenv"
	"landbridge/internal/rpc"
	"landbridge/internal/server/planner"
)

// TestAnyHistoryLeadsToThePlanOfItsEnd does random things to a running server:
// at the end the plan is what the planner says of the state that is then, and a
// follower of the differences has it.
func TestAnyHistoryLeadsToThePlanOfItsEnd(t *testing.T) {
	for seed := range uint64(8) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			w := newWorld(t)
			r := rand.New(rand.NewPCG(seed, 1))
			h := history{world: w, r: r, follower: &follower{switches: []string{"sw0", "sw1"}}}
			w.run()
			h.start()
			for range 60 {
				h.step()
			}
			testenv.Eventually(t, soon, "the plan of the end", h.check)
		})
	}
}

// history makes random changes. Changes that the rules refuse are part of it.
type history struct {
	*world
	r        *rand.Rand
	follower *follower
	gateways []string
	remotes  []string
}

func (h *history) start() {
	ctx := context.Background()
	for i := range 2 {
		gw := must[l2gw.Gateway](h.t)(h.server.Gateways().Create(ctx, l2gw.Gateway{Devices: []l2gw.Device{{Name: fmt.Sprint("sw", i)}, {Name: "sw0" + fmt.Sprint(i)}}}))
		h.gateways = append(h.gateways, gw.ID)
		remote := must[l2gw.RemoteGateway](h.t)(h.server.RemoteGateways().Create(ctx, l2gw.RemoteGateway{Addr: h.addr()}))
		h.remotes = append(h.remotes, remote.ID)
	}
}

func (h *history) addr() netip.Addr {
	return netip.AddrFrom4([4]byte{203, 0, 113, byte(h.r.IntN(250) + 1)})
}

func (h *history) network() string { return []string{blue, red}[h.r.IntN(2)] }

func (h *history) step() {
	ctx := context.Background()
	gw, remote, network := h.gateways[h.r.IntN(2)], h.remotes[h.r.IntN(2)], h.network()
	var err error
	switch h.r.IntN(9) {
	case 0, 1:
		_, err = h.server.Connections().Create(ctx, l2gw.Connection{GatewayID: gw, NetworkID: network})
	case 2, 3:
		_, err = h.server.RemoteConnections().Create(ctx, l2gw.RemoteConnection{
			GatewayID: gw, NetworkID: network, RemoteGatewayID: remote, TunnelKey: uint32(h.r.IntN(1000) + 1), Flood: h.r.IntN(2) == 0,
		})
	case 4:
		err = deleteAny(h, h.server.Connections(), func(c l2gw.Connection) string { return c.ID })
	case 5:
		err = deleteAny(h, h.server.RemoteConnections(), func(c l2gw.RemoteConnection) string { return c.ID })
	case 6:
		addr := h.addr()
		_, err = h.server.RemoteGateways().Update(ctx, remote, l2gw.RemoteGatewayUpdate{Addr: &addr})
	case 7:
		vni := uint32(h.r.IntN(1000) + 1)
		h.cloud.change(func(c *fakeCloud) { c.sites[network] = aSite(network, vni) }, network)
	case 8:
		r := aReport(fmt.Sprint("sw", h.r.IntN(2)))
		r.Database += r.Switches[0].Name
		r.Switches[0].TunnelIPs = []netip.Addr{netip.AddrFrom4([4]byte{10, 0, 0, byte(h.r.IntN(20))})}
		h.report(r)
	}
	if err != nil && l2gw.CodeOf(err) == l2gw.Internal {
		h.t.Fatal(err)
	}
	if h.r.IntN(3) == 0 {
		if err := h.follower.update(h.server.book); err != nil && l2gw.CodeOf(err) != l2gw.Unavailable {
			h.t.Fatal(err)
		}
	}
}

func deleteAny[T any](h *history, from l2gw.Collection[T], id func(T) string) error {
	all, err := from.List(context.Background(), l2gw.Query{})
	if err != nil || len(all) == 0 {
		return err
	}
	return from.Delete(context.Background(), id(all[h.r.IntN(len(all))]))
}

// check compares the plan with one made from nothing.
func (h *history) check() error {
	want := map[string]map[string]hwvtep.Packed{"sw0": {}, "sw1": {}}
	for _, id := range []string{blue, red} {
		asked, err := h.store.Asked(context.Background(), id)
		if err != nil {
			return err
		}
		site := h.cloud.sites[id]
		out := planner.Plan(planner.Input{
			Owner: "landbridge", NetworkID: id, Site: &site, Asked: asked[id], Switches: h.server.reports.inventory("landbridge/"+id, []string{"sw0", "sw1"}),
		})
		for device, ls := range out.Switches {
			if want[device] != nil {
				want[device][out.Name] = hwvtep.Pack(ls)
			}
		}
	}
	got, err := h.server.Plan(context.Background(), h.follower.switches, rpc.Since{})
	if err != nil {
		return err
	}
	for device := range want {
		if !maps.Equal(got.Switches[device], want[device]) {
			return fmt.Errorf("switch %s: the plan is %+v, from nothing it is %+v", device, got.Switches[device], want[device])
		}
	}
	return errors.Join(h.follower.update(h.server.book), h.follower.same(h.server.book))
}
