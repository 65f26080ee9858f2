package objects

import "fmt"

// NetworkID is that of the network with a number in the clouds of benchmarks.
func NetworkID(n int) string { return fmt.Sprintf("b10e0000-0000-4000-8000-%012x", n) }

// RemoteGateways have addresses of 10.0.0.0/8.
func RemoteGateways() Kind {
	return Kind{"l2_remote_gateway", "l2_remote_gateways", "/v2.0/l2-remote-gateways", func(n int) string {
		return fmt.Sprintf(`{"name":"remote-%d","ipaddr":"10.%d.%d.%d"}`, n, n>>16, n>>8&255, n&255)
	}}
}

// Gateways have one device, the switch of that name.
func Gateways(device string) Kind {
	return Kind{"l2_gateway", "l2_gateways", "/v2.0/l2-gateways", func(n int) string {
		return fmt.Sprintf(`{"name":"gateway-%d","devices":[{"device_name":%q}]}`, n, device)
	}}
}

// Connections connect a network each to one gateway.
func Connections(gateway string) Kind {
	return Kind{"l2_gateway_connection", "l2_gateway_connections", "/v2.0/l2-gateway-connections", func(n int) string {
		return fmt.Sprintf(`{"l2_gateway_id":%q,"network_id":%q}`, gateway, NetworkID(n))
	}}
}

// RemoteConnections connect a network each, at one gateway, to a remote gateway,
// with the segmentation id that Neutron's API takes for it.
func RemoteConnections(gateway, remote string) Kind {
	return Kind{"l2_remote_gateway_connection", "l2_remote_gateway_connections", "/v2.0/l2-remote-gateway-connections", func(n int) string {
		return fmt.Sprintf(`{"l2_gateway_id":%q,"network_id":%q,"l2_remote_gateway_id":%q}`, gateway, NetworkID(n), remote)
	}}
}

// RemoteMACs are behind one remote connection: the one with a number has the MAC
// that RemoteMAC gives.
func RemoteMACs(connection string) Kind {
	return Kind{"l2_remote_mac", "l2_remote_macs", "/v2.0/l2-remote-macs", func(n int) string {
		return fmt.Sprintf(`{"mac":%q,"ipaddr":"10.%d.%d.%d","rgw_connection":%q}`, RemoteMAC(n), n>>16&255, n>>8&255, n&255, connection)
	}}
}

// RemoteMAC is the MAC with a number.
func RemoteMAC(n int) string {
	return fmt.Sprintf("02:00:00:%02x:%02x:%02x", n>>16&255, n>>8&255, n&255)
}

// Networks are Neutron's.
func Networks() Kind {
	return Kind{"network", "networks", "/v2.0/networks", func(n int) string {
		return fmt.Sprintf(`{"name":"network-%d"}`, n)
	}}
}
