package static

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"landbridge/internal/l2gw"
)

const good = `networks:
  - {id: blue-id, name: blue, project_id: p, type: vxlan, segmentation_id: 123, mtu: 1450, gateways: ["fd01::1", 192.168.0.1]}
  - {id: red-id, segmentation_id: 456}
  - {id: flat-id, type: flat}
hosts:
  - {host: a1, tunnel_address: 10.0.0.11}
  - {host: a2, tunnel_address: "fd00::12"}
ports:
  - {id: p1, mac: "fa:16:3e:00:00:01", addresses: [192.168.0.11, "fd01::11"], host: a1, network: blue-id}
  - {mac: 00:11:22:33:44:55, host: a2, network: blue-id}
  - {mac: 001122334456, network: blue-id}
  - {mac: "fa:16:3e:00:00:01", network: red-id}
`

func TestParse(t *testing.T) {
	c, err := parse("cloud.yaml", []byte(good))
	if err != nil {
		t.Fatal(err)
	}
	want := network{id: "blue-id", project: "p", name: "blue", mtu: 1450, segment: l2gw.Segment{Type: l2gw.TypeVXLAN, ID: 123}}
	if got := c.networks["blue-id"]; got != want {
		t.Errorf("blue is %+v, want %+v", got, want)
	}
	if got := c.networks["flat-id"].segment; got != (l2gw.Segment{Type: l2gw.TypeFlat}) {
		t.Errorf("flat's segment is %+v", got)
	}
	routers := []netip.Addr{netip.MustParseAddr("192.168.0.1"), netip.MustParseAddr("fd01::1")}
	if got := c.gateways["blue-id"]; !slices.Equal(got, routers) || len(c.gateways["red-id"]) > 0 {
		t.Errorf("gateways %v, want %v", c.gateways, routers)
	}
	ports := c.ports["blue-id"]
	if len(ports) != 3 || len(c.ports["red-id"]) != 1 {
		t.Fatalf("ports %+v", c.ports)
	}
	if p := ports[0]; p.ID != "p1" || p.Host != "a1" || len(p.Addrs) != 2 || p.Addrs[1] != netip.MustParseAddr("fd01::11") {
		t.Errorf("the first port is %+v", p)
	}
	if ports[1].ID != "00:11:22:33:44:55" || ports[2].MAC.String() != "00:11:22:33:44:56" || ports[2].Host != "" {
		t.Errorf("ports %+v", ports[1:])
	}
	if len(c.hosts) != 2 || c.hosts["a1"] != netip.MustParseAddr("10.0.0.11") {
		t.Errorf("hosts %v", c.hosts)
	}
}

func TestParseTakesACloudWithoutNetworks(t *testing.T) {
	for _, in := range []string{"networks: []\n", "networks: []\nhosts: []\nports: []\n"} {
		if c, err := parse("f", []byte(in)); err != nil || len(c.networks) != 0 {
			t.Errorf("%q: %+v, %v", in, c, err)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	net := "networks:\n  - {id: n, segmentation_id: 1}\n"
	host := net + "hosts:\n  - {host: h, tunnel_address: 10.0.0.1}\n"
	port := func(s string) string { return host + "ports:\n  - {" + s + "}\n" }
	for _, c := range []struct{ name, in, want string }{
		{"an unknown key", "networks:\n  - {id: n, vni: 5}\n", `f:2: unknown field "vni"`},
		{"nothing", "", "f: is empty; for a cloud without networks write"},
		{"comments only", "# nothing\n", "f: is empty"},
		{"not YAML", "networks: [", "f:1: "},
		{"no id", "networks:\n  - {name: n, segmentation_id: 1}\n", "f: networks[0].id: is missing"},
		{"an id with space", "networks:\n  - {id: 'a b', segmentation_id: 1}\n", `f:2: networks[0].id: "a b": must be`},
		{"an id twice", net + "  - {id: n, segmentation_id: 2}\n", `f:3: networks[1].id: "n": is in the file already, as networks[0].id`},
		{"an unknown type", "networks:\n  - {id: n, type: stt}\n", `f:2: networks[0].type: "stt": is not a network type`},
		{"no segmentation id", "networks:\n  - {id: n}\n", "f:2: networks[0].segmentation_id: is missing"},
		{"segmentation id 0", "networks:\n  - {id: n, segmentation_id: 0}\n", `networks[0].segmentation_id: "0": must be a whole number from 1 to 16777215`},
		{"segmentation id too large", "networks:\n  - {id: n, segmentation_id: 16777216}\n", `"16777216": must be`},
		{"segmentation id no number", "networks:\n  - {id: n, segmentation_id: 1.5}\n", `"1.5": must be`},
		{"a VLAN too large", "networks:\n  - {id: n, type: vlan, segmentation_id: 4095}\n", "from 1 to 4094"},
		{"a flat network with an id", "networks:\n  - {id: n, type: flat, segmentation_id: 1}\n", "a network of type flat has none"},
		{"a segmentation id twice", net + "  - {id: m, segmentation_id: 1}\n", `f:3: networks[1].segmentation_id: "1": is in the file already`},
		{"a gateway that is none", "networks:\n  - {id: n, segmentation_id: 1, gateways: [10.0.0.1, x]}\n", `networks[0].gateways[1]: "x": is not an IPv4 or IPv6 address`},
		{"a gateway that no router has", "networks:\n  - {id: n, segmentation_id: 1, gateways: [0.0.0.0]}\n", `networks[0].gateways[0]: "0.0.0.0": is not an address that a router has`},
		{"a gateway twice", "networks:\n  - {id: n, segmentation_id: 1, gateways: [10.0.0.1, \"::ffff:10.0.0.1\"]}\n", `networks[0].gateways[1]: "::ffff:10.0.0.1": is in the file already`},
		{"an MTU out of range", "networks:\n  - {id: n, segmentation_id: 1, mtu: 20}\n", `networks[0].mtu: "20": must be`},
		{"a host without name", net + "hosts:\n  - {tunnel_address: 10.0.0.1}\n", "hosts[0].host: is missing"},
		{"a host without address", net + "hosts:\n  - {host: h}\n", "f:4: hosts[0].tunnel_address: is missing"},
		{"a host twice", host + "  - {host: h, tunnel_address: 10.0.0.2}\n", `f:5: hosts[1].host: "h": is in the file already`},
		{"an address twice", host + "  - {host: i, tunnel_address: 10.0.0.1}\n", `f:5: hosts[1].tunnel_address: "10.0.0.1": is in the file already`},
		{"a prefix", net + "hosts:\n  - {host: h, tunnel_address: 10.0.0.1/24}\n", `"10.0.0.1/24": is not an IPv4 or IPv6 address`},
		{"a loopback endpoint", net + "hosts:\n  - {host: h, tunnel_address: 127.0.0.1}\n", `"127.0.0.1": is not an address that other hosts reach`},
		{"a port without MAC", port("network: n"), "f:6: ports[0].mac: is missing"},
		{"a bad MAC", port("mac: fa-16, network: n"), `f:6: ports[0].mac: "fa-16": is not the MAC`},
		{"a group MAC", port("mac: '01:00:5e:00:00:01', network: n"), `"01:00:5e:00:00:01": is not the MAC address of a host`},
		{"a port without network", port("mac: 'fa:16:3e:00:00:01'"), "f:6: ports[0].network: is missing"},
		{"an unknown network", port("mac: 'fa:16:3e:00:00:01', network: x"), `ports[0].network: "x": is not the id`},
		{"an unknown host", port("mac: 'fa:16:3e:00:00:01', network: n, host: x"), `ports[0].host: "x": is not one of hosts`},
		{"a bad address", port("mac: 'fa:16:3e:00:00:01', network: n, addresses: [192.168.0.1, x]"), `ports[0].addresses[1]: "x": is not`},
		{"a MAC twice", port("mac: 'fa:16:3e:00:00:01', network: n") + "  - {mac: FA163E000001, network: n}\n", `f:7: ports[1].mac: "FA163E000001": is in the file already, as ports[0].mac`},
		{"a port id twice", port("id: p, mac: 'fa:16:3e:00:00:01', network: n") + "  - {id: p, mac: 'fa:16:3e:00:00:02', network: n}\n", `ports[1].id: "p": is in the file already`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := parse("f", []byte(c.in))
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "f:") {
				t.Errorf("error %v, want %q in it", err, c.want)
			}
		})
	}
}

func TestChanges(t *testing.T) {
	for _, c := range []struct{ name, old, new, want string }{
		{"nothing", "", "", ""},
		{"a comment", "networks:", "# words\nnetworks:", ""},
		{"a name", "name: blue", "name: azure", "blue-id"},
		{"a segmentation id", "456", "457", "red-id"},
		{"an endpoint", "10.0.0.11", "10.0.0.13", "blue-id"},
		{"a MAC", "3e:00:00:01\", addresses", "3e:00:00:09\", addresses", "blue-id"},
		{"a port gone", "  - {mac: \"fa:16:3e:00:00:01\", network: red-id}\n", "", "red-id"},
		{"a network gone", "  - {id: flat-id, type: flat}\n", "", "flat-id"},
		{"a network more", "hosts:", "  - {id: new-id, type: local}\nhosts:", "new-id"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, err := parse("f", []byte(good))
			if err != nil {
				t.Fatal(err)
			}
			b, err := parse("f", []byte(strings.Replace(good, c.old, c.new, 1)))
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(changes(a, b), " "); got != c.want {
				t.Errorf("changed %q, want %q", got, c.want)
			}
			if got := strings.Join(changes(b, a), " "); got != c.want {
				t.Errorf("changed back %q, want %q", got, c.want)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(good))
	f.Fuzz(func(_ *testing.T, in []byte) {
		_, _ = parse("f", in) // must not panic
	})
}
