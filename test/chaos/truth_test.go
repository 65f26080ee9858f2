package chaos

import (
	"fmt"
	"net/netip"
	"strconv"

	"landbridge/internal/ethernet"
	"landbridge/internal/l2gw"
	"landbridge/internal/lab/rest"
)

// listed is all that a server lists.
type listed map[rest.Kind][]rest.Object

// text gives an attribute as text; "" where it is null.
func text(o rest.Object, name string) string {
	if o[name] == nil {
		return ""
	}
	return fmt.Sprint(o[name])
}

// number gives an attribute that is a number; 0 where it is null.
func numeric(o rest.Object, name string) uint64 {
	n, _ := strconv.ParseFloat(text(o, name), 64) // a wrong one shows in the plan
	return uint64(n)
}

// asked gives what is asked for each network, as planners take it.
func (l listed) asked() (map[string]l2gw.Asked, error) {
	gateways, remotes := map[string]l2gw.Gateway{}, map[string]l2gw.RemoteGateway{}
	for _, o := range l[rest.Gateways] {
		gateways[o.ID()] = gatewayOf(o)
	}
	for _, o := range l[rest.RemoteGateways] {
		addr, err := netip.ParseAddr(text(o, "ipaddr"))
		if err != nil {
			return nil, err
		}
		remotes[o.ID()] = l2gw.RemoteGateway{ID: o.ID(), Addr: addr}
	}
	hosts, err := l.hosts()
	if err != nil {
		return nil, err
	}
	out := map[string]l2gw.Asked{}
	of := func(network string) l2gw.Asked {
		if a, ok := out[network]; ok {
			return a
		}
		return l2gw.Asked{Gateways: gateways, RemoteGateways: remotes, RemoteHosts: hosts}
	}
	for _, o := range l[rest.Connections] {
		c := connectionOf(o)
		a := of(c.NetworkID)
		a.Connections = append(a.Connections, c)
		out[c.NetworkID] = a
	}
	for _, o := range l[rest.RemoteConnections] {
		c := remoteConnectionOf(o)
		a := of(c.NetworkID)
		a.RemoteConnections = append(a.RemoteConnections, c)
		out[c.NetworkID] = a
	}
	return out, nil
}

// hosts gives the remote MACs by remote connection.
func (l listed) hosts() (map[string][]l2gw.Host, error) {
	out := map[string][]l2gw.Host{}
	for _, o := range l[rest.RemoteMACs] {
		mac, err := ethernet.ParseMAC(text(o, "mac"))
		if err != nil {
			return nil, err
		}
		out[text(o, "rgw_connection")] = append(out[text(o, "rgw_connection")], l2gw.Host{MAC: mac})
	}
	return out, nil
}

func gatewayOf(o rest.Object) l2gw.Gateway {
	gw := l2gw.Gateway{ID: o.ID()}
	devices, _ := o["devices"].([]any)
	for _, d := range devices {
		device := rest.Object(d.(map[string]any))
		out := l2gw.Device{ID: device.ID(), Name: text(device, "device_name")}
		interfaces, _ := device["interfaces"].([]any)
		for _, i := range interfaces {
			out.Interfaces = append(out.Interfaces, l2gw.Interface{Name: text(i.(map[string]any), "name")})
		}
		gw.Devices = append(gw.Devices, out)
	}
	return gw
}

func connectionOf(o rest.Object) l2gw.Connection {
	c := l2gw.Connection{ID: o.ID(), GatewayID: text(o, "l2_gateway_id"), NetworkID: text(o, "network_id"), Status: statusOf(o)}
	if o["segmentation_id"] != nil && text(o, "segmentation_id") != "" {
		vlan := uint16(numeric(o, "segmentation_id"))
		c.VLAN = &vlan
	}
	return c
}

func remoteConnectionOf(o rest.Object) l2gw.RemoteConnection {
	return l2gw.RemoteConnection{
		ID: o.ID(), GatewayID: text(o, "l2_gateway_id"), NetworkID: text(o, "network_id"),
		RemoteGatewayID: text(o, "l2_remote_gateway_id"), TunnelKey: uint32(numeric(o, "segmentation_id")),
		Flood: o["flood"] == true, Encapsulation: l2gw.Encapsulation(text(o, "encapsulation")), Status: statusOf(o),
	}
}

func statusOf(o rest.Object) l2gw.Status {
	return l2gw.Status{State: l2gw.State(o.Status()), Reason: o.Reason()}
}
