package api

import (
	"context"

	"landbridge/internal/l2gw"
	"landbridge/internal/server/neutronapi"
)

// What objects refer to. Nobody may refer to what is hidden from them, and a
// network is stretched only by whom policy allows.

func gatewayTarget(c l2gw.Collections) *neutronapi.Target {
	return target("get_l2_gateway", c.Gateways().Get, func(g l2gw.Gateway) string { return g.ProjectID }, l2gw.ErrGatewayNotFound)
}

func networkTarget(c l2gw.Collections) *neutronapi.Target {
	return target("stretch_network", c.Network, func(n l2gw.Network) string { return n.ProjectID }, l2gw.ErrNetworkNotFound)
}

func remoteGatewayTarget(c l2gw.Collections) *neutronapi.Target {
	return target("get_l2_remote_gateway", c.RemoteGateways().Get,
		func(g l2gw.RemoteGateway) string { return g.ProjectID }, l2gw.ErrRemoteGatewayNotFound)
}

func remoteConnectionTarget(c l2gw.Collections) *neutronapi.Target {
	return target("get_l2_remote_gateway_connection", c.RemoteConnections().Get,
		func(c l2gw.RemoteConnection) string { return c.ProjectID }, l2gw.ErrRemoteConnectionNotFound)
}

func target[T any](
	action string, get func(context.Context, string) (T, error), owner func(T) string, missing func(string) *l2gw.Error,
) *neutronapi.Target {
	return &neutronapi.Target{
		Action:  action,
		Missing: func(id string) error { return missing(id) },
		Project: func(ctx context.Context, id string) (string, error) {
			v, err := get(ctx, id)
			return owner(v), err
		},
	}
}
