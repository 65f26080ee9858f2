package openstack

import (
	"bytes"
	"errors"
	"os"
	"testing"
)

// agentConf has the agent look for new ports each second, as often as it can be
// told to, and not wait for long for an answer that RabbitMQ has lost.
const agentConf = `[DEFAULT]
host = HOSTNAME
state_path = DIR/HOSTNAME
transport_url = TRANSPORT
rpc_response_timeout = 10
[ovs]
datapath_type = netdev
local_ip = TUNNEL
ovsdb_connection = OVSDB
of_listen_address = 127.0.0.1
[agent]
tunnel_types = vxlan
l2_population = L2POPULATION
arp_responder = RESPONDER
root_helper = env
polling_interval = 1
report_interval = 10
[securitygroup]
firewall_driver = noop
enable_security_group = False
[oslo_concurrency]
lock_path = DIR/HOSTNAME/lock
`

func (n *Compute) writeAgentConf(t *testing.T) {
	t.Helper()
	word := map[bool]string{true: "True", false: "False"}
	c := n.cloud
	c.write(t, n.Name+"/agent.ini", agentConf, "HOSTNAME", n.Name, "TRANSPORT", c.RabbitMQ.URL(""), "TUNNEL", n.Tunnel.String(),
		"OVSDB", n.ovsdb.Unix, "L2POPULATION", word[c.options.L2Population], "RESPONDER", word[c.options.ARPResponder])
}

// agentReady gives what tells whether the agent works. It says so in its log,
// which all its lives share.
func (n *Compute) agentReady(t *testing.T) func() error {
	t.Helper()
	lives := 0
	return func() error {
		log, err := os.ReadFile(n.Agent.Log)
		if err != nil {
			return err
		}
		now := bytes.Count(log, []byte("Agent initialized successfully"))
		if now <= lives {
			return errors.New("the agent is not initialized")
		}
		lives = now
		return nil
	}
}
