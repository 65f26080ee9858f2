package cli

import (
	"strings"

	"landbridge/internal/cli/output"
	"landbridge/internal/cli/rest"
)

// kind is one kind of object and what can be said of it on a command line.
type kind struct {
	rest.Resource
	noun      string // the command: gateway
	published string // what the documents begin its commands with: l2-gateway; "": they have none
	words     string // in sentences, singular
	about     string // what such an object is
	columns   []output.Column
	key       string  // the attribute that users call one by; "" where it has no name
	parts     []input // what one without a name is called by, with "/" between
	arguments []input // of create; nil: nobody makes any, unless they are remote MACs
	options   []input // of create
	update    []input // options of update; nil: there is none
	filters   []input // options of list
	status    bool    // it has one, which can be waited for
	cloud     bool    // it is the cloud's: asked of the network service
}

// title is what heads a column about such objects.
func (k *kind) title() string {
	words := strings.Fields(k.words)
	for i, w := range words {
		words[i] = strings.ToUpper(w[:1]) + w[1:]
	}
	return strings.Join(words, " ")
}

func column(name, attribute string) output.Column {
	return output.Column{Name: name, Attribute: attribute}
}

func extra(name, attribute string) output.Column {
	return output.Column{Name: name, Attribute: attribute, Extra: true}
}

func kinds() []*kind {
	return []*kind{gateways(), connections(), remoteGateways(), remoteConnections(), remoteMACs()}
}

func gateways() *kind {
	name := input{name: "name", attribute: "name", usage: "its `NAME`"}
	device := input{
		name: "device", attribute: "devices", devices: true,
		usage: "a switch: `name=SWITCH`,interface_names=PORT|VLAN#VLAN;PORT (repeatable)",
	}
	return &kind{
		Resource: rest.Resource{Singular: "l2_gateway", Plural: "l2_gateways", Path: "l2-gateways"},
		noun:     "gateway", published: "l2-gateway", words: "gateway", key: "name",
		about: "The switches that serve as one gateway of this cloud",
		columns: []output.Column{
			column("ID", "id"), column("Name", "name"), column("Devices", "devices"), extra("Project ID", "project_id"),
		},
		arguments: []input{{name: "<NAME>", attribute: "name"}},
		options:   []input{device, description(), project()},
		update:    []input{name, device, description()},
		filters:   []input{name, project()},
	}
}

func connections() *kind {
	gateway := input{name: "gateway", attribute: "l2_gateway_id", refers: gateways, usage: "of this `GATEWAY`"}
	network := input{name: "network", attribute: "network_id", refers: networks, usage: "of this `NETWORK`"}
	return &kind{
		Resource: rest.Resource{Singular: "l2_gateway_connection", Plural: "l2_gateway_connections", Path: "l2-gateway-connections"},
		noun:     "connection", published: "l2-gateway-connection", words: "connection", status: true,
		about: "Networks of this cloud that gateways serve",
		columns: []output.Column{
			column("ID", "id"), column("Gateway ID", "l2_gateway_id"), column("Network ID", "network_id"),
			column("Segmentation ID", "segmentation_id"), column("Status", "status"),
			extra("Status Reason", "status_reason"), extra("Project ID", "project_id"),
		},
		parts:     []input{gateway, network},
		arguments: []input{gateway.as("<GATEWAY>"), network.as("<NETWORK>")},
		options: []input{
			{name: "seg-id", attribute: "segmentation_id", usage: "`VLAN` of the gateway's interfaces that have none of their own", low: 0, high: 4094},
			description(), project(),
		},
		filters: []input{gateway, network, state(), project()},
	}
}

func remoteGateways() *kind {
	name := input{name: "name", attribute: "name", usage: "its `NAME`"}
	address := input{name: "ipaddr", attribute: "ipaddr", usage: "`IP` address of its tunnels", address: true}
	return &kind{
		Resource: rest.Resource{Singular: "l2_remote_gateway", Plural: "l2_remote_gateways", Path: "l2-remote-gateways"},
		noun:     "remote-gateway", published: "l2-remote-gateway", words: "remote gateway", key: "name",
		about: "Gateways of other clouds",
		columns: []output.Column{
			column("ID", "id"), column("Name", "name"), column("IP Address", "ipaddr"), extra("Project ID", "project_id"),
		},
		arguments: []input{{name: "<NAME>", attribute: "name"}, address.as("<IP>")},
		options:   []input{description(), project()},
		update:    []input{name, address, description()},
		filters:   []input{name, address, project()},
	}
}

func remoteConnections() *kind {
	gateway := input{name: "gateway", attribute: "l2_gateway_id", refers: gateways, usage: "of this `GATEWAY`"}
	network := input{name: "network", attribute: "network_id", refers: networks, usage: "of this `NETWORK`"}
	remote := input{name: "remote-gateway", attribute: "l2_remote_gateway_id", refers: remoteGateways, usage: "to this `REMOTE-GATEWAY`"}
	return &kind{
		Resource: rest.Resource{
			Singular: "l2_remote_gateway_connection", Plural: "l2_remote_gateway_connections", Path: "l2-remote-gateway-connections",
		},
		noun: "remote-gateway-connection", published: "l2-remote-gateway-connection", words: "remote gateway connection", status: true,
		about: "Networks that are stretched to remote gateways",
		columns: []output.Column{
			column("ID", "id"), column("Gateway ID", "l2_gateway_id"), column("Network ID", "network_id"),
			column("Remote Gateway ID", "l2_remote_gateway_id"), column("Segmentation ID", "segmentation_id"),
			column("Flood", "flood"), column("Status", "status"),
			extra("Status Reason", "status_reason"), extra("Encapsulation", "encapsulation"), extra("Filter", "filter"), extra("Project ID", "project_id"),
		},
		parts:     []input{gateway, network, remote},
		arguments: []input{gateway.as("<GATEWAY>"), network.as("<NETWORK>"), remote.as("<REMOTE-GATEWAY>")},
		options: []input{
			{name: "seg-id", attribute: "segmentation_id", usage: "tunnel key `N` on the WAN, the same on both sides; left out: the network's own", low: 1, high: 1<<24 - 1},
			{name: "flood", attribute: "flood", usage: "`True|False`: send broadcast, multicast and unknown unicast there (default True)", boolean: true},
			{name: "encapsulation", attribute: "encapsulation", usage: "`WORD`: vxlan (default), geneve, gre"},
			{
				name: "filter", attribute: "filter", words: true,
				usage: "`WORDS` with commas between, what does not cross: dhcp, ra, gateway, multicast, unknown-unicast (repeatable)",
			},
			description(), project(),
		},
		filters: []input{gateway, network, remote, state(), project()},
	}
}

// remoteMACNoun is what the documents begin the commands of remote MACs with.
const remoteMACNoun = "l2-remote-mac"

func remoteMACs() *kind {
	connection := input{name: "remote-connection", attribute: "rgw_connection", refers: remoteConnections, usage: "behind this `RGW-CONNECTION`"}
	return &kind{
		Resource: rest.Resource{Singular: "l2_remote_mac", Plural: "l2_remote_macs", Path: "l2-remote-macs"},
		noun:     "remote-mac", published: remoteMACNoun, words: "remote MAC", key: "mac",
		about: "Hosts known to live behind remote gateway connections",
		columns: []output.Column{
			column("ID", "id"), column("MAC", "mac"), column("IP Address", "ipaddr"),
			column("Remote Connection ID", "rgw_connection"), extra("Project ID", "project_id"),
		},
		options: []input{description(), project()},
		filters: []input{
			connection,
			{name: "mac", attribute: "mac", usage: "with this `MAC`"},
			{name: "ipaddr", attribute: "ipaddr", usage: "with this `IP` address", address: true},
			project(),
		},
	}
}

// agents come by themselves, and are shown where there are any of their own.
func agents() *kind {
	host := input{name: "host", attribute: "host", usage: "of this `HOST`"}
	return &kind{
		Resource: rest.Resource{Singular: "agent", Plural: "agents", Path: "agents"},
		noun:     "agent", words: "agent", key: "host",
		about: "Agents that keep switches as planned",
		columns: []output.Column{
			column("ID", "id"), column("Host", "host"), column("Agent Type", "agent_type"), column("Alive", "alive"),
			column("Heartbeat", "heartbeat_timestamp"), extra("Started", "started_at"), extra("Configurations", "configurations"),
		},
		filters: []input{host, {name: "agent-type", attribute: "agent_type", usage: "of this `TYPE`"}},
	}
}

// networks are the cloud's: they are only looked up.
func networks() *kind {
	return &kind{
		Resource: rest.Resource{Singular: "network", Plural: "networks", Path: "networks"},
		words:    "network", key: "name", cloud: true,
	}
}

func description() input {
	return input{name: "description", attribute: "description", usage: "any `TEXT`"}
}

func project() input {
	return input{name: "project", attribute: "project_id", usage: "`ID` of the project that owns it"}
}

func state() input {
	return input{name: "status", attribute: "status", usage: "with this `STATUS`: ACTIVE, DOWN, PENDING, ERROR"}
}
