package store_test

import (
	"context"
	"slices"
	"testing"

	"landbridge/internal/l2gw"
)

// ground is what each case of the table below starts from: gateway g (device
// sw1) and gateway tagged (sw2), networks n1 and n2 connected to g, n1 stretched
// to remote with key 456, one MAC behind it.
type ground struct {
	world
	g, tagged    l2gw.Gateway
	n1, n2       l2gw.Connection
	remote, idle l2gw.RemoteGateway
	stretched    l2gw.RemoteConnection
	mac          l2gw.RemoteMAC
}

func (on suite) newGround(t *testing.T) ground {
	return groundIn(on.newWorld(t))
}

func groundIn(w world) ground {
	s := ground{world: w, g: w.gateway("g", device("sw1")), tagged: w.gateway("tagged", device("sw2", port("eth0", 100)))}
	s.n1, s.n2 = w.connection(s.g, "n1", nil), w.connection(s.g, "n2", nil)
	s.remote, s.idle = w.remoteGateway("192.0.2.1"), w.remoteGateway("192.0.2.2")
	s.stretched = w.remoteConnection(s.g, "n1", s.remote, 456)
	s.mac = w.remoteMAC(s.stretched, "02:00:00:00:00:01")
	stretched, err := w.RemoteConnections().Get(w.t.Context(), s.stretched.ID) // as it is with the MAC
	s.stretched = must(w.t, stretched, err)
	return s
}

func (on suite) TestRules(t *testing.T) {
	for _, c := range []struct {
		name string
		do   func(ctx context.Context, s ground) error
		code l2gw.Code
		kind string // "": it must work
		says []string
	}{
		{"show unknown gateway", func(ctx context.Context, s ground) error {
			_, err := s.Gateways().Get(ctx, unknownID)
			return err
		}, l2gw.NotFound, "L2GatewayNotFound", []string{unknownID}},
		{"show a gateway by what is no UUID", func(ctx context.Context, s ground) error {
			_, err := s.Gateways().Get(ctx, `x' OR '1'='1`)
			return err
		}, l2gw.NotFound, "L2GatewayNotFound", nil},
		{"delete unknown gateway", func(ctx context.Context, s ground) error {
			return s.Gateways().Delete(ctx, unknownID)
		}, l2gw.NotFound, "L2GatewayNotFound", nil},
		{"update unknown gateway", func(ctx context.Context, s ground) error {
			_, err := s.Gateways().Update(ctx, unknownID, l2gw.GatewayUpdate{})
			return err
		}, l2gw.NotFound, "L2GatewayNotFound", nil},
		{"gateway with mixed interfaces", func(ctx context.Context, s ground) error {
			_, err := s.Gateways().Create(ctx, l2gw.Gateway{Devices: []l2gw.Device{device("sw9", port("a"), port("b", 1))}})
			return err
		}, l2gw.Conflict, "L2GatewaySegmentationRequired", []string{"segmentation_id"}},
		{"second gateway on the same device", func(ctx context.Context, s ground) error {
			_, err := s.Gateways().Create(ctx, l2gw.Gateway{Devices: []l2gw.Device{device("sw1")}})
			return err
		}, 0, "", nil},
		{"update of an unknown device", func(ctx context.Context, s ground) error {
			_, err := s.Gateways().Update(ctx, s.g.ID, l2gw.GatewayUpdate{Devices: []l2gw.Device{device("sw9")}})
			return err
		}, l2gw.NotFound, "L2GatewayDeviceNotFound", []string{"sw9"}},
		{"update to another kind while connected", func(ctx context.Context, s ground) error {
			_, err := s.Gateways().Update(ctx, s.g.ID, l2gw.GatewayUpdate{Devices: []l2gw.Device{device("sw1", port("eth0"))}})
			return err
		}, l2gw.Conflict, "L2GatewayInUse", []string{"devices"}},
		{"update to another kind while not connected", func(ctx context.Context, s ground) error {
			_, err := s.Gateways().Update(ctx, s.tagged.ID, l2gw.GatewayUpdate{Devices: []l2gw.Device{device("sw2", port("eth0"))}})
			return err
		}, 0, "", nil},
		{"update to mixed interfaces", func(ctx context.Context, s ground) error {
			_, err := s.Gateways().Update(ctx, s.tagged.ID, l2gw.GatewayUpdate{
				Devices: []l2gw.Device{device("sw2", port("eth0"), port("eth1", 5))},
			})
			return err
		}, l2gw.Conflict, "L2GatewaySegmentationRequired", nil},
		{"update onto a VLAN of another network", func(ctx context.Context, s ground) error {
			s.connection(s.tagged, "n1", nil)
			other := s.gateway("other", device("sw2", port("eth0", 101)))
			s.connection(other, "n2", nil)
			_, err := s.Gateways().Update(ctx, other.ID, l2gw.GatewayUpdate{Devices: []l2gw.Device{device("sw2", port("eth0", 100))}})
			return err
		}, l2gw.Conflict, "L2GatewayDuplicateSegmentationID", []string{"100", "eth0", "sw2"}},
		{"delete a gateway in use", func(ctx context.Context, s ground) error {
			return s.Gateways().Delete(ctx, s.g.ID)
		}, l2gw.Conflict, "L2GatewayInUse", nil},
		{"delete an idle gateway", func(ctx context.Context, s ground) error {
			return s.Gateways().Delete(ctx, s.tagged.ID)
		}, 0, "", nil},

		{"show unknown connection", func(ctx context.Context, s ground) error {
			_, err := s.Connections().Get(ctx, unknownID)
			return err
		}, l2gw.NotFound, "L2GatewayConnectionNotFound", nil},
		{"delete unknown connection", func(ctx context.Context, s ground) error {
			return s.Connections().Delete(ctx, unknownID)
		}, l2gw.NotFound, "L2GatewayConnectionNotFound", nil},
		{"connect to an unknown gateway", func(_ context.Context, s ground) error {
			_, err := s.connect(unknownID, "n1", nil)
			return err
		}, l2gw.NotFound, "L2GatewayNotFound", []string{unknownID}},
		{"connect to what is no UUID", func(_ context.Context, s ground) error {
			_, err := s.connect("gateway one", "n1", nil)
			return err
		}, l2gw.NotFound, "L2GatewayNotFound", []string{"gateway one"}},
		{"connect twice", func(_ context.Context, s ground) error {
			_, err := s.connect(s.g.ID, "n1", nil)
			return err
		}, l2gw.Conflict, "L2GatewayConnectionExists", []string{"n1", "l2_gateway"}},
		{"connect with a VLAN beside the interfaces'", func(_ context.Context, s ground) error {
			_, err := s.connect(s.tagged.ID, "n1", vlan(5))
			return err
		}, l2gw.Invalid, "InvalidInput", []string{"segmentation_id 5"}},
		{"connect without a VLAN for the interfaces", func(_ context.Context, s ground) error {
			_, err := s.connect(s.gateway("u", device("sw3", port("eth0"))).ID, "n1", nil)
			return err
		}, l2gw.Invalid, "InvalidInput", []string{"segmentation_id is required"}},
		{"connect a network of two segments", func(ctx context.Context, s ground) error {
			n := network("n3", 1)
			n.Segments = append(n.Segments, n.Segments[0])
			_, err := s.Connections().Create(ctx, l2gw.Connection{GatewayID: s.g.ID, NetworkID: "n3"}, n)
			return err
		}, l2gw.Conflict, "L2GatewayNetworkUnsupported", []string{"n3", "2 segments"}},
		{"reference before conflict", func(ctx context.Context, s ground) error {
			_, err := s.Connections().Create(ctx, l2gw.Connection{GatewayID: unknownID, NetworkID: "n3"}, l2gw.Network{ID: "n3"})
			return err
		}, l2gw.NotFound, "L2GatewayNotFound", nil},
		{"two networks on one VLAN of one port", func(_ context.Context, s ground) error {
			s.connection(s.tagged, "n1", nil)
			_, err := s.connect(s.tagged.ID, "n2", nil)
			return err
		}, l2gw.Conflict, "L2GatewayDuplicateSegmentationID", []string{"100", "eth0", "sw2", "n1"}},
		{"two networks on one VLAN of one port by two gateways", func(_ context.Context, s ground) error {
			s.connection(s.tagged, "n1", nil)
			other := s.gateway("other", device("sw7", port("eth0")), device("sw2", port("eth0")))
			_, err := s.connect(other.ID, "n2", vlan(100))
			return err
		}, l2gw.Conflict, "L2GatewayDuplicateSegmentationID", nil},
		{"one network on one VLAN of one port by two gateways", func(_ context.Context, s ground) error {
			s.connection(s.tagged, "n1", nil)
			_, err := s.connect(s.gateway("other", device("sw2", port("eth0"))).ID, "n1", vlan(100))
			return err
		}, 0, "", nil},
		{"delete a connection under a remote one", func(ctx context.Context, s ground) error {
			return s.Connections().Delete(ctx, s.n1.ID)
		}, l2gw.Conflict, "L2GatewayConnectionInUse", []string{"l2_remote_gateway_connection"}},
		{"delete an idle connection", func(ctx context.Context, s ground) error {
			return s.Connections().Delete(ctx, s.n2.ID)
		}, 0, "", nil},

		{"show unknown remote gateway", func(ctx context.Context, s ground) error {
			_, err := s.RemoteGateways().Get(ctx, unknownID)
			return err
		}, l2gw.NotFound, "L2RemoteGatewayNotFound", nil},
		{"delete unknown remote gateway", func(ctx context.Context, s ground) error {
			return s.RemoteGateways().Delete(ctx, unknownID)
		}, l2gw.NotFound, "L2RemoteGatewayNotFound", nil},
		{"update unknown remote gateway", func(ctx context.Context, s ground) error {
			_, err := s.RemoteGateways().Update(ctx, unknownID, l2gw.RemoteGatewayUpdate{})
			return err
		}, l2gw.NotFound, "L2RemoteGatewayNotFound", nil},
		{"two remote gateways with one address", func(ctx context.Context, s ground) error {
			_, err := s.RemoteGateways().Create(ctx, l2gw.RemoteGateway{Addr: addr("192.0.2.1")})
			return err
		}, l2gw.Conflict, "L2RemoteGatewayExists", []string{"ipaddr 192.0.2.1"}},
		{"the same address in IPv6 clothes", func(ctx context.Context, s ground) error {
			_, err := s.RemoteGateways().Create(ctx, l2gw.RemoteGateway{Addr: addr("::ffff:192.0.2.1")})
			return err
		}, l2gw.Conflict, "L2RemoteGatewayExists", nil},
		{"move a remote gateway onto another", func(ctx context.Context, s ground) error {
			to := s.remote.Addr
			_, err := s.RemoteGateways().Update(ctx, s.idle.ID, l2gw.RemoteGatewayUpdate{Addr: &to})
			return err
		}, l2gw.Conflict, "L2RemoteGatewayExists", nil},
		{"move a remote gateway to where it is", func(ctx context.Context, s ground) error {
			to := s.remote.Addr
			_, err := s.RemoteGateways().Update(ctx, s.remote.ID, l2gw.RemoteGatewayUpdate{Addr: &to})
			return err
		}, 0, "", nil},
		{"delete a remote gateway in use", func(ctx context.Context, s ground) error {
			return s.RemoteGateways().Delete(ctx, s.remote.ID)
		}, l2gw.Conflict, "L2RemoteGatewayInUse", nil},
		{"delete an idle remote gateway", func(ctx context.Context, s ground) error {
			return s.RemoteGateways().Delete(ctx, s.idle.ID)
		}, 0, "", nil},

		{"show unknown remote connection", func(ctx context.Context, s ground) error {
			_, err := s.RemoteConnections().Get(ctx, unknownID)
			return err
		}, l2gw.NotFound, "L2RemoteGatewayConnectionNotFound", nil},
		{"delete unknown remote connection", func(ctx context.Context, s ground) error {
			return s.RemoteConnections().Delete(ctx, unknownID)
		}, l2gw.NotFound, "L2RemoteGatewayConnectionNotFound", nil},
		{"stretch through an unknown gateway", func(_ context.Context, s ground) error {
			_, err := s.connectRemote(unknownID, "n1", s.remote.ID, 1)
			return err
		}, l2gw.NotFound, "L2GatewayNotFound", nil},
		{"stretch to an unknown remote gateway", func(_ context.Context, s ground) error {
			_, err := s.connectRemote(s.g.ID, "n1", unknownID, 1)
			return err
		}, l2gw.NotFound, "L2RemoteGatewayNotFound", nil},
		{"stretch a network that is not connected", func(_ context.Context, s ground) error {
			_, err := s.connectRemote(s.tagged.ID, "n1", s.remote.ID, 1)
			return err
		}, l2gw.Invalid, "InvalidInput", []string{"network_id n1", "l2_gateway_connection"}},
		{"unknown remote before not connected", func(_ context.Context, s ground) error {
			_, err := s.connectRemote(s.tagged.ID, "n1", unknownID, 1)
			return err
		}, l2gw.NotFound, "L2RemoteGatewayNotFound", nil},
		{"stretch twice", func(_ context.Context, s ground) error {
			_, err := s.connectRemote(s.g.ID, "n1", s.remote.ID, 457)
			return err
		}, l2gw.Conflict, "L2RemoteGatewayConnectionExists", nil},
		{"another network with the same key", func(_ context.Context, s ground) error {
			_, err := s.connectRemote(s.g.ID, "n2", s.remote.ID, 456)
			return err
		}, l2gw.Conflict, "L2RemoteGatewayDuplicateSegmentationID", []string{"segmentation_id 456"}},
		{"another network with the same key by default", func(ctx context.Context, s ground) error {
			v := l2gw.RemoteConnection{GatewayID: s.g.ID, NetworkID: "n2", RemoteGatewayID: s.remote.ID}
			_, err := s.RemoteConnections().Create(ctx, v, network("n2", 456))
			return err
		}, l2gw.Conflict, "L2RemoteGatewayDuplicateSegmentationID", nil},
		{"another network with the same key on a gateway of the same device", func(_ context.Context, s ground) error {
			beside := s.gateway("beside", device("sw1"))
			s.connection(beside, "n2", nil)
			_, err := s.connectRemote(beside.ID, "n2", s.remote.ID, 456)
			return err
		}, l2gw.Conflict, "L2RemoteGatewayDuplicateSegmentationID", nil},
		{"the same network to the same remote on another gateway", func(_ context.Context, s ground) error {
			beside := s.gateway("beside", device("sw1"))
			s.connection(beside, "n1", nil)
			_, err := s.connectRemote(beside.ID, "n1", s.remote.ID, 456)
			return err
		}, 0, "", nil},
		{"another network with another key", func(_ context.Context, s ground) error {
			_, err := s.connectRemote(s.g.ID, "n2", s.remote.ID, 457)
			return err
		}, 0, "", nil},
		{"another network with the same key to another remote", func(_ context.Context, s ground) error {
			_, err := s.connectRemote(s.g.ID, "n2", s.idle.ID, 456)
			return err
		}, 0, "", nil},
		{"stretch by default a network that has no key", func(ctx context.Context, s ground) error {
			v := l2gw.RemoteConnection{GatewayID: s.g.ID, NetworkID: "n2", RemoteGatewayID: s.remote.ID}
			_, err := s.RemoteConnections().Create(ctx, v, network("n2", 1<<24))
			return err
		}, l2gw.Conflict, "L2GatewayNetworkUnsupported", []string{"16777216"}},

		{"show unknown MAC", func(ctx context.Context, s ground) error {
			_, err := s.RemoteMACs().Get(ctx, unknownID)
			return err
		}, l2gw.NotFound, "L2RemoteMacNotFound", nil},
		{"delete unknown MAC", func(ctx context.Context, s ground) error {
			return s.RemoteMACs().Delete(ctx, unknownID)
		}, l2gw.NotFound, "L2RemoteMacNotFound", nil},
		{"MAC on an unknown connection", func(ctx context.Context, s ground) error {
			_, err := s.RemoteMACs().Create(ctx, newMAC(unknownID, "02:00:00:00:00:02"))
			return err
		}, l2gw.NotFound, "L2RemoteGatewayConnectionNotFound", nil},
		{"MAC twice", func(ctx context.Context, s ground) error {
			_, err := s.RemoteMACs().Create(ctx, newMAC(s.stretched.ID, "02:00:00:00:00:01"))
			return err
		}, l2gw.Conflict, "L2RemoteMacExists", []string{"mac 02:00:00:00:00:01"}},
		{"MAC on another connection", func(ctx context.Context, s ground) error {
			other := s.remoteConnection(s.g, "n2", s.remote, 457)
			_, err := s.RemoteMACs().Create(ctx, newMAC(other.ID, "02:00:00:00:00:01"))
			return err
		}, 0, "", nil},
		{"delete a MAC", func(ctx context.Context, s ground) error {
			return s.RemoteMACs().Delete(ctx, s.mac.ID)
		}, 0, "", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			checkError(t, c.do(t.Context(), on.newGround(t)), c.code, c.kind, c.says...)
		})
	}
}

func (on suite) TestDeleteTakesAlongWhatBelongs(t *testing.T) {
	s := on.newGround(t)
	kept := s.remoteMAC(s.remoteConnection(s.g, "n2", s.remote, 457), "02:00:00:00:00:01")
	if err := s.RemoteConnections().Delete(t.Context(), s.stretched.ID); err != nil {
		t.Fatal(err)
	}
	macs := listed(t, s.RemoteMACs())
	if !slices.Equal(macs, []l2gw.RemoteMAC{kept}) {
		t.Errorf("left are %v, want %v", macs, kept)
	}
	// Everything can go, from the leaves to the root.
	for _, c := range listed(t, s.RemoteConnections()) {
		if err := s.RemoteConnections().Delete(t.Context(), c.ID); err != nil {
			t.Error(err)
		}
	}
	for _, c := range listed(t, s.Connections()) {
		if err := s.Connections().Delete(t.Context(), c.ID); err != nil {
			t.Error(err)
		}
	}
	if err := s.Gateways().Delete(t.Context(), s.g.ID); err != nil {
		t.Error(err)
	}
	if left := listed(t, s.Gateways()); len(left) != 1 || left[0].ID != s.tagged.ID {
		t.Errorf("left are %v, want the one that was not deleted", left)
	}
}
