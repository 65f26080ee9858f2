package device_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"landbridge/internal/cli/device"
)

func TestParse(t *testing.T) {
	for _, c := range []struct {
		in, body string
	}{
		{"name=border", `{"device_name":"border"}`},
		{"name=border,interface_names=", `{"device_name":"border","interfaces":[]}`},
		{"name=tor1,interface_names=p1", `{"device_name":"tor1","interfaces":[{"name":"p1"}]}`},
		{"interface_names=p1;p2,name=tor1", `{"device_name":"tor1","interfaces":[{"name":"p1"},{"name":"p2"}]}`},
		{
			"name=tor1,interface_names=p1|100#200;p2|007",
			`{"device_name":"tor1","interfaces":[{"name":"p1","segmentation_id":["100","200"]},{"name":"p2","segmentation_id":["7"]}]}`,
		},
		{"name=a=b,interface_names=Ethernet1/1|0#4094", `{"device_name":"a=b","interfaces":[{"name":"Ethernet1/1","segmentation_id":["0","4094"]}]}`},
	} {
		d, err := device.Parse(c.in)
		if err != nil {
			t.Errorf("%s: %v", c.in, err)
			continue
		}
		body, err := json.Marshal(d)
		if err != nil || string(body) != c.body {
			t.Errorf("%s became %s, %v; wanted %s", c.in, body, err, c.body)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for in, part := range map[string]string{
		"":                                 "is not key=value",
		"tor1":                             `"tor1" is not key=value`,
		"name=":                            "has no name",
		"interface_names=p1":               "has no name",
		"name=a,name=b":                    `has "name" twice`,
		"name=a,ports=p1":                  `unknown key "ports"`,
		"name=a,interface_names=p1,p2":     `"p2" is not key=value (interfaces have ";" between them)`,
		"name=a,interface_names=p1;":       "name of an interface is empty",
		"name=a,interface_names=|5":        "name of an interface is empty",
		"name=a,interface_names=p1|":       `"" of interface "p1" is not a VLAN id`,
		"name=a,interface_names=p1|1#":     "is not a VLAN id",
		"name=a,interface_names=p1|4095":   "is not a VLAN id (0–4094)",
		"name=a,interface_names=p1|-1":     "is not a VLAN id",
		"name=a,interface_names=p1|5|6":    "is not a VLAN id",
		"name=a,interface_names=p1;p1|100": `interface "p1" stands there twice`,
	} {
		if d, err := device.Parse(in); err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%q gave %+v, %v; wanted an error with %q", in, d, err, part)
		}
	}
}

// FuzzParse checks that what is taken is written back as it was meant.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{"name=border", "name=t,interface_names=p1|100#200;p2", "name=a,interface_names=", "interface_names=;|#,name=="} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		d, err := device.Parse(in)
		if err != nil {
			return
		}
		again, err := device.Parse(d.String())
		if err != nil {
			t.Fatalf("%q became %q, which is refused: %v", in, d, err)
		}
		if diff := cmp.Diff(d, again); diff != "" {
			t.Errorf("%q became %q, which differs:\n%s", in, d, diff)
		}
	})
}
