package neutron

import (
	"strings"
	"testing"

	"landbridge/internal/l2gw"
)

func TestNotes(t *testing.T) {
	admits := admitting([]string{"open", "closed", "none"}, []ruleDocument{
		{"open", "ingress", ""}, {"open", "ingress", "open"}, {"closed", "ingress", "closed"}, {"closed", "egress", ""}, {"other", "ingress", ""},
	})
	vm := func(id, more string) string {
		return `{"id":"` + id + `","mac_address":"fa:16:3e:00:00:01","binding:host_id":"c1","binding:vif_type":"ovs","status":"ACTIVE"` + more + `}`
	}
	for name, c := range map[string]struct {
		ports []string
		want  string // the beginnings of the notes; "": none
	}{
		"no security groups":   {[]string{vm("a", ""), vm("b", `,"security_groups":[]`)}, ""},
		"an open one":          {[]string{vm("a", `,"security_groups":["closed","open"]`)}, ""},
		"a closed one":         {[]string{vm("a", `,"security_groups":["closed"]`), vm("b", `,"security_groups":["open"]`)}, "The security groups of port a let"},
		"without any rules":    {[]string{vm("a", `,"security_groups":["none"]`)}, "The security groups of port a let"},
		"one that is unknown":  {[]string{vm("a", `,"security_groups":["closed","new"]`)}, ""},
		"without security":     {[]string{vm("a", `,"security_groups":["closed"],"port_security_enabled":false`)}, ""},
		"a VM that is down":    {[]string{vm("a", `,"security_groups":["closed"],"status":"DOWN"`)}, ""},
		"several closed ones":  {[]string{vm("b", `,"security_groups":["closed"]`), vm("a", `,"security_groups":["none"]`)}, "The security groups of 2 ports (a, b) let"},
		"many closed ones":     {[]string{vm("c", `,"security_groups":["closed"]`), vm("b", `,"security_groups":["closed"]`), vm("a", `,"security_groups":["none"]`)}, "The security groups of 3 ports (a, b, …) let"},
		"a distributed router": {[]string{`{"id":"r","mac_address":"fa:16:3e:00:00:02","device_owner":"network:router_interface_distributed","binding:vif_type":"distributed"}`}, "The router at port r is distributed"},
		"both":                 {[]string{vm("a", `,"security_groups":["none"]`), `{"id":"r","device_owner":"network:router_interface_distributed"}`}, "The security groups|The router at port r"},
	} {
		notes := ports(t, c.ports...).notes(admits)
		var wants []string
		if c.want != "" {
			wants = strings.Split(c.want, "|")
		}
		if len(notes) != len(wants) {
			t.Errorf("%s: %+v", name, notes)
			continue
		}
		for i, want := range wants {
			if !strings.HasPrefix(notes[i].Reason, want) || notes[i].Pending || !strings.HasSuffix(notes[i].Reason, ".") {
				t.Errorf("%s: %+v, want %q", name, notes[i], want)
			}
		}
	}
}

func TestNetworksOfOtherTypesAreNotServed(t *testing.T) {
	for kind, fatal := range map[l2gw.NetworkType]bool{
		l2gw.TypeVXLAN: false, l2gw.TypeGeneve: true, l2gw.TypeGRE: true,
		l2gw.TypeVLAN: false, // refused before anybody asks for notes
	} {
		c := content{network: l2gw.Network{ID: net1, Segments: []l2gw.Segment{{Type: kind, ID: 5}}}}
		notes := c.notes(nil)
		if got := len(notes) == 1 && notes[0].Fatal && strings.Contains(notes[0].Reason, "is of type "+string(kind)); got != fatal {
			t.Errorf("%s: %+v", kind, notes)
		}
	}
}

func TestRulesOfSecurityGroupsAreRead(t *testing.T) {
	f, m := mirrored(t)
	f.with(func() {
		f.rules["1"] = ruleDocument{"default", "ingress", "default"}
		p := f.ports["a"]
		p.SecurityGroups = []string{"default"}
		f.ports["a"] = p
	})
	noted := func() int {
		t.Helper()
		site, err := m.site(t.Context(), net1)
		if err != nil {
			t.Fatal(err)
		}
		return len(site.Notes)
	}
	if noted() != 1 {
		t.Error("a closed group is not noted")
	}
	f.with(func() { f.rules["2"] = ruleDocument{"default", "ingress", ""} })
	if changed, err := m.refresh(t.Context(), []string{net1}, nil, false); err != nil || len(changed) != 1 || noted() != 0 {
		t.Errorf("a group that is open now: %v, %v", changed, err)
	}
}
