package lab

import (
	"encoding/json"
	"reflect"
	"regexp"
	"testing"
)

func TestTwoCloudsIsTheSpecificationsPicture(t *testing.T) {
	s := TwoClouds("x")
	a, b := s.Clouds[0], s.Clouds[1]
	if len(a.Computes) != 2 || len(b.Computes) != 1 {
		t.Errorf("%d and %d compute nodes", len(a.Computes), len(b.Computes))
	}
	if a.Network(Blue).VNI != 123 || b.Network(Blue).VNI != 789 || a.Network(Red).VNI != WANKey || WANKey != 456 {
		t.Error("other ids than the specification's")
	}
	for _, c := range a.Computes {
		if !a.Hosts(c.Name, a.Network(Blue).ID) {
			t.Errorf("no VM of the joined network on %s", c.Name)
		}
	}
}

func TestNetworksCollideOnPurpose(t *testing.T) {
	s := TwoClouds("x")
	for red, blue := range map[string]string{"red-a1": "vm-a1", "red-a2": "vm-b1"} {
		if r, b := s.VM(red), s.VM(blue); r.MAC != b.MAC || r.Addr != b.Addr || r.Network == b.Network {
			t.Errorf("%+v and %+v", r, b)
		}
	}
}

func TestIDsAreUniqueUUIDs(t *testing.T) {
	uuid := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$`)
	seen := map[string]bool{}
	for _, c := range TwoClouds("x").Clouds {
		var ids []string
		for _, n := range c.Networks {
			ids = append(ids, n.ID)
		}
		for _, vm := range c.VMs {
			ids = append(ids, vm.PortID)
		}
		for _, id := range ids {
			if !uuid.MatchString(id) || seen[id] {
				t.Errorf("%q is no UUID, or not unique", id)
			}
			seen[id] = true
		}
	}
}

func TestLookupsOfNothing(t *testing.T) {
	s := TwoClouds("x")
	if (s.VM("none") != VM{}) || (s.Clouds[0].Network("none") != Network{}) || (s.Clouds[0].networkByID("none") != Network{}) {
		t.Error("found something")
	}
}

func TestSpecSurvivesJSON(t *testing.T) {
	want := TwoClouds("x")
	b, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got Spec
	if err := json.Unmarshal(b, &got); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v: got %+v", err, got)
	}
}

func TestDevicesOfOneGatewayKnowEachOther(t *testing.T) {
	a := TwoDevices("x").Clouds[0]
	second := a.of(a.Others[0])
	if got := second.Peers(); len(got) != 1 || got[0] != a.Gateway.Fabric.Addr() || second.Gateway.Name != "gw-a2" {
		t.Errorf("the second is %s with peers %v", second.Gateway.Name, got)
	}
	if got := a.Peers(); len(got) != 1 || got[0] != second.Gateway.Fabric.Addr() {
		t.Errorf("the first has peers %v", got)
	}
}
