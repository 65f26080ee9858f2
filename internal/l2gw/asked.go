package l2gw

// Asked is all that administrators ask for one network.
type Asked struct {
	Gateways          map[string]Gateway // by ID; those that the connections name
	Connections       []Connection
	RemoteGateways    map[string]RemoteGateway // by ID; those that the remote connections name
	RemoteConnections []RemoteConnection
	// RemoteHosts are the remote MACs, of which there may be very many, by the ID
	// of their remote connection: what of them switches need.
	RemoteHosts map[string][]Host
}
