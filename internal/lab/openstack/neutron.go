package openstack

import (
	"context"
	"os"
	"slices"
	"testing"
)

// databaseConf is all that the migrations need, before there is a message bus.
const databaseConf = `[DEFAULT]
core_plugin = ml2
[database]
connection = DATABASE
`

// neutronConf has one worker of each kind. The directory for more policies is
// empty: oslo.policy would read whatever lies in it.
const neutronConf = `[DEFAULT]
auth_strategy = AUTH
bind_host = ADDRESS
bind_port = 9697
service_plugins =
transport_url = TRANSPORT
state_path = DIR/neutron
api_paste_config = /etc/neutron/api-paste.ini
host = controller
api_workers = 1
rpc_workers = 1
rpc_state_report_workers = 0
notify_nova_on_port_status_changes = False
notify_nova_on_port_data_changes = False
dhcp_agent_notification = False
rpc_response_timeout = 30
[oslo_concurrency]
lock_path = DIR/neutron/lock
[oslo_policy]
policy_file = DIR/neutron/policy.yaml
policy_dirs = DIR/neutron/policy.d
[quotas]
quota_network = -1
quota_subnet = -1
quota_port = -1
[keystone_authtoken]
www_authenticate_uri = KEYSTONE
auth_url = KEYSTONE
auth_type = password
username = SERVICEUSER
password = SERVICEPASSWORD
project_name = SERVICEPROJECT
user_domain_id = default
project_domain_id = default
service_token_roles_required = False
`

// ml2Conf lets administrators make networks that are no tunnels, too.
const ml2Conf = `[ml2]
type_drivers = vxlan,vlan,flat
tenant_network_types = vxlan
mechanism_drivers = MECHANISMS
[ml2_type_vxlan]
vni_ranges = VNIS
[ml2_type_vlan]
network_vlan_ranges = PHYSICAL:100:199
[ml2_type_flat]
flat_networks = PHYSICAL
[securitygroup]
enable_security_group = False
`

// Physical is the physical network of networks that are no tunnels. No node has
// it.
const Physical = "datacentre"

// prepareNeutron gives what makes its database.
func (c *Cloud) prepareNeutron(t testing.TB) step {
	t.Helper()
	c.write(t, "neutron/database.ini", databaseConf, "DATABASE", c.database(t, "neutron"))
	return func(ctx context.Context) error {
		return tool(ctx, "neutron-db-manage", "--config-file", c.file("neutron/database.ini"), "upgrade", "head")
	}
}

func (c *Cloud) runNeutron(t testing.TB) {
	t.Helper()
	strategy := "noauth"
	if c.Keystone != nil {
		strategy = "keystone"
	}
	must(t, os.Mkdir(c.file("neutron/policy.d"), 0o700))
	c.write(t, "neutron/policy.yaml", "")
	mechanisms := "openvswitch"
	if c.options.L2Population {
		mechanisms += ",l2population"
	}
	c.write(t, "neutron/ml2.ini", ml2Conf, "VNIS", c.options.VNIs, "MECHANISMS", mechanisms, "PHYSICAL", Physical)
	c.write(t, "neutron/neutron.conf", neutronConf, "AUTH", strategy, "ADDRESS", Address, "TRANSPORT", c.RabbitMQ.URL(""),
		"KEYSTONE", KeystoneURL, "SERVICEUSER", neutron.Name, "SERVICEPASSWORD", neutron.Password, "SERVICEPROJECT", ServiceProject)
	argv := append(slices.Clone(c.options.Under), "neutron-server")
	for _, name := range []string{"neutron.conf", "database.ini", "ml2.ini"} {
		argv = append(argv, "--config-file", c.file("neutron/"+name))
	}
	c.Neutron = c.program("neutron-server", nil, argv, func() error { return c.Answers(NeutronURL + "/") })
	c.Neutron.Run(t)
}
