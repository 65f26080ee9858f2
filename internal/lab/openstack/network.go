package openstack

import (
	"context"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/extensions/agents"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/extensions/provider"
	nets "github.com/gophercloud/gophercloud/v2/openstack/networking/v2/networks"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/ports"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/subnets"

	"landbridge/internal/lab/testenv"
)

// releasedWithin is how soon a network is free that a gateway has served.
const releasedWithin = 10 * time.Second

// Network is a network of Neutron.
type Network struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	MTU  int    `json:"mtu"` // of the inner IP packets
	VNI  uint32 `json:"provider:segmentation_id"`

	subnets []netip.Prefix
}

// Subnet is a range of addresses, and those of it that Neutron gives to ports.
type Subnet struct {
	Prefix      netip.Prefix
	First, Last netip.Addr
}

// NeutronClient calls Neutron as the administrator.
func (c *Cloud) NeutronClient(t testing.TB) *gophercloud.ServiceClient {
	t.Helper()
	if c.neutron == nil {
		provider := &gophercloud.ProviderClient{HTTPClient: *c.HTTP()}
		if c.Keystone != nil {
			provider = c.Keystone.Login(t, administrator)
		}
		c.neutron = &gophercloud.ServiceClient{ProviderClient: provider, Endpoint: NeutronURL + "/", ResourceBase: NeutronURL + "/v2.0/", Type: "network"}
	}
	return c.neutron
}

// CreateNetwork makes a network with subnets. Nobody in it has to be asked for
// addresses, and there is no router.
func (c *Cloud) CreateNetwork(t testing.TB, name string, ranges ...Subnet) *Network {
	t.Helper()
	return c.createNetwork(t, nets.CreateOpts{Name: name, ProjectID: project}, ranges...)
}

// CreateProviderNetwork makes a network of a type, such as "vlan", on the
// physical network that administrators have.
func (c *Cloud) CreateProviderNetwork(t testing.TB, name, kind string) *Network {
	t.Helper()
	return c.createNetwork(t, provider.CreateOptsExt{
		CreateOptsBuilder: nets.CreateOpts{Name: name, ProjectID: project},
		Segments:          []provider.Segment{{NetworkType: kind, PhysicalNetwork: Physical}},
	})
}

// project is whose networks and ports are where nobody says so: Neutron without
// Keystone wants to know.
const project = "0123456789abcdef0123456789abcdef"

func (c *Cloud) createNetwork(t testing.TB, o nets.CreateOptsBuilder, ranges ...Subnet) *Network {
	t.Helper()
	client := c.NeutronClient(t)
	n := &Network{}
	must(t, nets.Create(t.Context(), client, o).ExtractInto(n))
	none, no := "", false
	for _, r := range ranges {
		version := gophercloud.IPv4
		if r.Prefix.Addr().Is6() {
			version = gophercloud.IPv6
		}
		_, err := subnets.Create(t.Context(), client, subnets.CreateOpts{
			NetworkID: n.ID, CIDR: r.Prefix.String(), IPVersion: version, GatewayIP: &none, EnableDHCP: &no,
			AllocationPools: []subnets.AllocationPool{{Start: r.First.String(), End: r.Last.String()}},
		}).Extract()
		must(t, err)
		n.subnets = append(n.subnets, r.Prefix)
	}
	return n
}

// NetworkNamed finds a network that somebody has made, of which there is one of
// that name.
func (c *Cloud) NetworkNamed(t testing.TB, name string) *Network {
	t.Helper()
	client := c.NeutronClient(t)
	page, err := nets.List(client, nets.ListOpts{Name: name}).AllPages(t.Context())
	must(t, err)
	var found []*Network
	must(t, nets.ExtractNetworksInto(page, &found))
	if len(found) != 1 {
		t.Fatalf("there are %d networks named %q", len(found), name)
	}
	n := found[0]
	page, err = subnets.List(client, subnets.ListOpts{NetworkID: n.ID}).AllPages(t.Context())
	must(t, err)
	all, err := subnets.ExtractSubnets(page)
	must(t, err)
	for _, s := range all {
		prefix, err := netip.ParsePrefix(s.CIDR)
		must(t, err)
		n.subnets = append(n.subnets, prefix)
	}
	return n
}

// DeleteNetwork deletes a network that nobody uses. The port of a gateway goes a
// moment after the connection that it was for: until then the network is in use.
func (c *Cloud) DeleteNetwork(t testing.TB, n *Network) {
	t.Helper()
	client := c.NeutronClient(t)
	testenv.Eventually(t, releasedWithin, "network "+n.Name+" can be deleted", func() error {
		err := nets.Delete(context.WithoutCancel(t.Context()), client, n.ID).ExtractErr()
		if gophercloud.ResponseCodeIs(err, http.StatusConflict) {
			return err
		}
		must(t, err)
		return nil
	})
}

// Port is a port of Neutron, as far as tests look into it.
type Port struct {
	ID          string
	NetworkID   string `json:"network_id"`
	Name        string
	MAC         string `json:"mac_address"`
	Status      string
	Host        string `json:"binding:host_id"`
	DeviceOwner string `json:"device_owner"`
	FixedIPs    []struct {
		Address netip.Addr `json:"ip_address"`
	} `json:"fixed_ips"`
}

// Ports gives all ports.
func (c *Cloud) Ports(t testing.TB) []Port {
	t.Helper()
	page, err := ports.List(c.NeutronClient(t), nil).AllPages(t.Context())
	must(t, err)
	var out []Port
	must(t, ports.ExtractPortsInto(page, &out))
	return out
}

// Agents gives the hosts that have an agent.
func (c *Cloud) Agents(t testing.TB) []string {
	t.Helper()
	page, err := agents.List(c.NeutronClient(t), nil).AllPages(t.Context())
	must(t, err)
	list, err := agents.ExtractAgents(page)
	must(t, err)
	var out []string
	for _, a := range list {
		out = append(out, strings.Join([]string{a.Host, a.Binary, a.AgentType}, " "))
	}
	return out
}
