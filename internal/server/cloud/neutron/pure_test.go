package neutron

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"landbridge/internal/l2gw"
)

func decoded[T any](t *testing.T, text string) (v T) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}

func TestNetwork(t *testing.T) {
	for text, want := range map[string]l2gw.Network{
		`{"id":"n","project_id":"p","name":"blue","mtu":1450,"provider:network_type":"vxlan","provider:segmentation_id":5,"provider:physical_network":null}`: {
			ID: "n", ProjectID: "p", Name: "blue", MTU: 1450, Segments: []l2gw.Segment{{Type: "vxlan", ID: 5}},
		},
		`{"id":"n","provider:network_type":"flat","provider:segmentation_id":null}`: {ID: "n", Segments: []l2gw.Segment{{Type: "flat"}}},
		`{"id":"n","segments":[{"provider:network_type":"vxlan","provider:segmentation_id":5},{"provider:network_type":"vlan","provider:segmentation_id":7}]}`: {
			ID: "n", Segments: []l2gw.Segment{{Type: "vxlan", ID: 5}, {Type: "vlan", ID: 7}},
		},
		`{"id":"n"}`: {ID: "n"}, // seen without the rights of an administrator
	} {
		if got := decoded[networkDocument](t, text).network(); !reflect.DeepEqual(got, want) {
			t.Errorf("%s\n gave %+v\nwanted %+v", text, got, want)
		}
	}
}

// ports makes the ports of a network of documents.
func ports(t *testing.T, texts ...string) content {
	c := content{ports: map[string]portDocument{}}
	for _, text := range texts {
		d := decoded[portDocument](t, text)
		c.ports[d.ID] = d
	}
	return c
}

func TestPlaces(t *testing.T) {
	port := func(id, mac, more string) string {
		return fmt.Sprintf(`{"id":%q,"mac_address":"fa:16:3e:00:00:%s","binding:host_id":"c1","binding:vif_type":"ovs","status":"ACTIVE","device_owner":"compute:nova"%s}`, id, mac, more)
	}
	for name, c := range map[string]struct {
		ports []string
		want  string
	}{
		"a VM": {[]string{port("a", "01", `,"fixed_ips":[{"ip_address":"10.0.0.1","subnet_id":"s"},{"ip_address":"fd00::1"}]`)}, "a 01 c1 [10.0.0.1 fd00::1]"},
		"down, unbound, failed, distributed": {[]string{
			port("a", "01", `,"status":"DOWN"`), port("b", "02", `,"binding:vif_type":"unbound","binding:host_id":""`),
			port("c", "03", `,"binding:vif_type":"binding_failed"`), port("d", "04", `,"binding:vif_type":"distributed","binding:host_id":""`),
		}, ""},
		"building":                {[]string{port("a", "01", `,"status":"BUILD"`)}, "a 01 c1 []"},
		"a gateway's":             {[]string{port("a", "01", `,"device_owner":"network:l2gw"`)}, ""},
		"a router's":              {[]string{port("a", "01", `,"device_owner":"network:router_interface"`)}, "a 01 c1 []"},
		"a pair with its own MAC": {[]string{port("a", "01", `,"allowed_address_pairs":[{"mac_address":"FA:16:3E:00:00:01","ip_address":"10.0.0.9"}]`)}, "a 01 c1 []"},
		"a pair with another MAC": {
			[]string{port("a", "01", `,"allowed_address_pairs":[{"mac_address":"fa:16:3e:00:00:07","ip_address":"10.0.0.9"},{"mac_address":"fa:16:3e:00:00:08","ip_address":"10.0.0.0/24"}]`)},
			"a 01 c1 [] a/fa:16:3e:00:00:07 07 c1 [10.0.0.9] a/fa:16:3e:00:00:08 08 c1 []",
		},
		"a MAC that moves between two": {[]string{
			port("a", "01", `,"allowed_address_pairs":[{"mac_address":"fa:16:3e:00:00:07","ip_address":"10.0.0.9"}]`),
			port("b", "02", `,"allowed_address_pairs":[{"mac_address":"fa:16:3e:00:00:07","ip_address":"10.0.0.9"}]`),
		}, "a 01 c1 [] b 02 c1 []"},
		"a MAC that is none": {[]string{port("a", "01", `,"mac_address":"x"`)}, ""},
	} {
		var words []string
		for _, p := range ports(t, c.ports...).places() {
			words = append(words, fmt.Sprint(p.ID, " ", strings.TrimPrefix(p.MAC.String(), "fa:16:3e:00:00:"), " ", p.Host, " ", p.Addrs))
		}
		if got := strings.Join(words, " "); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestNaming(t *testing.T) {
	n := naming("landbridge")
	if host := n.host(addr("10.0.0.1")); host != "landbridge-10.0.0.1" {
		t.Error(host)
	}
	for host, want := range map[string]string{
		"landbridge-10.0.0.1": "10.0.0.1", "landbridge-fd00::1": "fd00::1", "landbridge-2-10.0.0.1": "", "landbridge": "", "c1": "", "landbridge-x": "",
	} {
		if got, ours := n.gateway(host); ours != (want != "") || ours && got != addr(want) {
			t.Errorf("%s: %v, %v", host, got, ours)
		}
	}
}

func TestCompare(t *testing.T) {
	n, g, h := naming("lb"), addr("10.0.0.1"), addr("10.0.0.2")
	port := func(id, network, host, status string) portDocument {
		return portDocument{ID: id, NetworkID: network, Host: host, Status: status, VIF: "ovs", CreatedAt: "2026-01-01T00:00:0" + id[1:]}
	}
	failed := port("p4", net2, "lb-10.0.0.1", down)
	failed.VIF = "binding_failed"
	d := n.compare(map[place]bool{{g, net1}: true, {g, net2}: true, {h, net1}: true, {h, net2}: true}, []portDocument{
		port("p3", net1, "lb-10.0.0.1", active), // a second one
		port("p1", net1, "lb-10.0.0.1", active),
		failed,
		port("p5", net1, "lb-10.0.0.2", down),
		port("p6", "other", "lb-10.0.0.2", active), // of a network that is not served any more
		port("p7", net1, "", down),
		port("p8", net1, "other-10.0.0.1", active),
	})
	want := difference{
		missing: []place{{g, net2}, {h, net2}},
		extra:   []string{"p3", "p4", "p6", "p7", "p8"},
		confirm: map[string][]string{"lb-10.0.0.2": {"p5"}},
		done:    map[place]bool{{g, net1}: true},
	}
	if slices.Sort(d.extra); !reflect.DeepEqual(d, want) {
		t.Errorf("%+v\nwant %+v", d, want)
	}
}

func TestFDBArgs(t *testing.T) {
	told := l2gw.Told{NetworkID: net1, Segment: l2gw.Segment{Type: "vxlan", ID: 123}, Gateway: addr("10.0.0.1")}
	got := fdbArgs(with(told, []l2gw.Host{host(1, "192.0.2.1"), host(2, ""), host(3, "fd00::3")}))
	text, err := json.Marshal(got)
	want := `[{"fdb_entries":{"` + net1 + `":{"network_type":"vxlan","ports":{"10.0.0.1":[["02:00:00:00:00:01","192.0.2.1"],["02:00:00:00:00:02","::"],["02:00:00:00:00:03","fd00::3"]]},"segment_id":123}}}]`
	if err != nil || string(text) != want {
		t.Errorf("%s, %v\nwant %s", text, err, want)
	}
	if got := len(fdbArgs(with(told, make([]l2gw.Host, 2*entriesPerMessage+1)))); got != 3 {
		t.Errorf("%d messages", got)
	}
	if got := fdbArgs(told); got != nil {
		t.Errorf("%v", got)
	}
}

func TestMinus(t *testing.T) {
	a := []l2gw.Host{host(1, ""), host(1, "10.0.0.1"), host(2, ""), host(3, "")}
	if got := minus(a, []l2gw.Host{host(1, "10.0.0.1"), host(3, "")}); !slices.Equal(got, []l2gw.Host{host(1, ""), host(2, "")}) {
		t.Error(got)
	}
	if got := minus(a, a); got != nil {
		t.Error(got)
	}
}

func TestHints(t *testing.T) {
	interesting := func(id string) bool { return id == net1 }
	news := func(_, at string, mac l2gw.MAC) bool { return at == "10.0.0.11" && mac[5] == 1 }
	networkOf := func(port string) (string, bool) { return net1, port == "known" }
	networks := func(ids ...string) map[string]bool {
		var out map[string]bool
		for _, id := range ids {
			out = set(out, id)
		}
		return out
	}
	fdb := func(id, at, entry string) string {
		return `{"fdb_entries":{"` + id + `":{"segment_id":5,"network_type":"vxlan","ports":{"` + at + `":[` + entry + `]}}}}`
	}
	flood, one, two := `["00:00:00:00:00:00","0.0.0.0"]`, `["fa:16:3e:00:00:01","192.0.2.1"]`, `["fa:16:3e:00:00:02","192.0.2.2"]`
	for _, c := range []struct {
		args string
		want hint
	}{
		{fdb(net1, "10.0.0.11", flood), hint{networks: networks(net1), begun: true}},
		{fdb(net1, "10.0.0.11", one), hint{networks: networks(net1)}},
		{fdb(net1, "10.0.0.11", two), hint{}},
		{fdb(net1, "10.0.0.1", one), hint{}},
		{fdb(net2, "10.0.0.11", flood), hint{}},
		{`{"fdb_entries":{}}`, hint{}},
	} {
		if got, err := fdbHint(json.RawMessage(c.args), interesting, news); err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, %v", c.args, got, err)
		}
	}
	object := func(kind, data string) string {
		return `{"event_type":"updated","resource_list":[{"versioned_object.name":"` + kind + `","versioned_object.namespace":"versionedobjects","versioned_object.version":"1.7","versioned_object.data":` + data + `}]}`
	}
	for args, want := range map[string]hint{
		object("Port", `{"id":"x","network_id":"`+net1+`"}`):     {ports: networks("x")},
		object("Port", `{"id":"x","network_id":"`+net2+`"}`):     {},
		object("Port", `{"id":"known"}`):                         {ports: networks("known")},
		object("Port", `{"id":"known","network_id":"`+net2+`"}`): {ports: networks("known")},
		object("Port", `{"id":"unknown"}`):                       {},
		object("Network", `{"id":"`+net1+`","name":"x"}`):        {networks: networks(net1)},
		object("Network", `{"id":"`+net2+`"}`):                   {},
		object("Subnet", `{"id":"s","network_id":"`+net1+`"}`):   {networks: networks(net1)},
		object("Subnet", `{"id":"s","network_id":"`+net2+`"}`):   {},
		object("Subnet", `{"id":"s"}`):                           {},
		object("Subnet", `{"id":"known"}`):                       {networks: networks(net1)},
	} {
		if got, err := objectHint(json.RawMessage(args), interesting, networkOf); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v", args, got, err)
		}
	}
	for _, bad := range []string{`[]`, `{"fdb_entries":7}`, `{"resource_list":{}}`} {
		_, one := fdbHint(json.RawMessage(bad), interesting, news)
		_, other := objectHint(json.RawMessage(bad), interesting, networkOf)
		if errors.Join(one, other) == nil {
			t.Errorf("%s is understood", bad)
		}
	}
}

func FuzzHints(f *testing.F) {
	f.Add(`{"fdb_entries":{"a":{"ports":{"10.0.0.1":[["00:00:00:00:00:00","0.0.0.0"]]}}}}`)
	f.Add(`{"resource_list":[{"versioned_object.name":"Port","versioned_object.data":{"id":"x"}}]}`)
	yes := func(string) bool { return true }
	f.Fuzz(func(_ *testing.T, text string) {
		_, _ = fdbHint(json.RawMessage(text), yes, func(string, string, l2gw.MAC) bool { return true })
		_, _ = objectHint(json.RawMessage(text), yes, func(string) (string, bool) { return "", true })
	})
}
