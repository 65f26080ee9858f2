package database

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"landbridge/internal/hwvtep"
)

// text is a small schema: values of the enum, and more tables and columns.
func text(version, enum, columns, tables string) string {
	return fmt.Sprintf(`{"name":"hardware_vtep","version":%q,"cksum":"1 2","tables":{"Physical_Locator":{"columns":{
		"encapsulation_type":{"type":{"key":{"type":"string","enum":%s}},"mutable":false},
		"dst_ip":{"type":"string"}%s},"indexes":[["dst_ip"]]}%s}}`, version, enum, columns, tables)
}

func parsed(t *testing.T, text string) Schema {
	t.Helper()
	s, err := ParseSchema([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// values gives the encapsulations that a schema allows, after its way through
// JSON.
func values(t *testing.T, s Schema) []string {
	t.Helper()
	again := parsed(t, string(s.JSON()))
	return enum(encapsulationKey(again.doc).(map[string]any))
}

func words() (out []string) {
	for _, e := range hwvtep.Encapsulations() {
		out = append(out, string(e))
	}
	return out
}

const plain = `["set",["vxlan_over_ipv4"]]`

func TestExtended(t *testing.T) {
	for _, c := range []struct{ name, enum, version, want string }{
		{"the installed one", plain, "1.7.0", "1.7.100"},
		{"a single value without braces", `"vxlan_over_ipv4"`, "1.7.0", "1.7.100"},
		{"others' values", `["set",["vxlan_over_ipv4","stt_over_ipv4"]]`, "1.9.3", "1.9.103"},
		{"an older one of ours", `["set",["vxlan_over_ipv4","gre_over_ipv4"]]`, "1.7.100", "1.7.101"},
	} {
		before := parsed(t, text(c.version, c.enum, "", ""))
		had := values(t, before)
		after := before.Extended()
		got := values(t, after)
		if after.Version != c.want {
			t.Errorf("%s: version %s, want %s", c.name, after.Version, c.want)
		}
		for _, value := range append(words(), had...) {
			if !slices.Contains(got, value) {
				t.Errorf("%s: %s is missing in %s", c.name, value, got)
			}
		}
		if diff := cmp.Diff(had, values(t, before)); diff != "" {
			t.Errorf("%s: the schema itself has changed: %s", c.name, diff)
		}
		if again := after.Extended(); again.Version != after.Version || !cmp.Equal(values(t, again), got) {
			t.Errorf("%s: extended again it is %s", c.name, again.Version)
		}
		if strings.Contains(string(after.JSON()), "cksum") {
			t.Errorf("%s: it has the checksum of another text", c.name)
		}
	}
}

func TestASchemaThatTakesAnyTextStaysAsItIs(t *testing.T) {
	for _, of := range []string{`"string"`, `{"key":"string"}`, `{"key":{"type":"string"}}`} {
		s := parsed(t, `{"name":"hardware_vtep","version":"1.7.0","tables":{"Physical_Locator":{"columns":{"encapsulation_type":{"type":`+of+`}}}}}`)
		if got := s.Extended(); got.Version != "1.7.0" || !cmp.Equal(got.doc, s.doc) {
			t.Errorf("%s became %s", of, got.JSON())
		}
	}
}

func TestUpgradedTo(t *testing.T) {
	ours := parsed(t, text("1.7.0", plain, "", "")).Extended()
	key, more := `,"tunnel_key":{"type":"integer"}`, `,"Mine":{"columns":{}}`
	for _, c := range []struct {
		name            string
		have, installed Schema
		want            string   // the version
		parts           []string // of the text
	}{
		{"an old one", parsed(t, text("1.3.0", plain, "", "")), parsed(t, text("1.7.0", plain, key, "")), "1.7.100", []string{"tunnel_key"}},
		{"one without ours", parsed(t, text("1.7.0", plain, key, "")), parsed(t, text("1.7.0", plain, key, "")), "1.7.100", []string{"tunnel_key"}},
		{"ours", ours, parsed(t, text("1.7.0", plain, "", "")), ours.Version, nil},
		{"ours, and a newer installed one", ours, parsed(t, text("1.8.0", plain, key, "")), "1.8.100", []string{"tunnel_key"}},
		{"newer than the installed one", parsed(t, text("2.0.0", plain, key, more)), parsed(t, text("1.7.0", plain, "", "")), "2.0.100", []string{"tunnel_key", "Mine"}},
		{"tables, columns and values of others", parsed(t, text("1.6.0", `["set",["vxlan_over_ipv4","stt_over_ipv4"]]`, `,"mine":{"type":"string"}`, more)), parsed(t, text("1.7.0", plain, key, "")), "1.7.101", []string{"Mine", `"mine"`, "stt_over_ipv4", "tunnel_key"}},
		{"an installed one that has all", parsed(t, text("1.7.0", plain, "", "")), ours, ours.Version, nil},
	} {
		got := c.have.UpgradedTo(c.installed)
		if got.Version != c.want {
			t.Errorf("%s: version %s, want %s", c.name, got.Version, c.want)
		}
		for _, part := range append(c.parts, words()...) {
			if !strings.Contains(string(got.JSON()), part) {
				t.Errorf("%s: %s is missing in %s", c.name, part, got.JSON())
			}
		}
		if again := got.UpgradedTo(c.installed); again.Version != got.Version {
			t.Errorf("%s: upgraded again it is %s", c.name, again.Version)
		}
	}
}

func TestParseSchemaRefuses(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{`[]`, "not a schema"},
		{`{"name":"Open_vSwitch","version":"1.0.0"}`, "a schema of database Open_vSwitch, want hardware_vtep"},
		{`{"name":"hardware_vtep"}`, `version "" is not three numbers`},
		{`{"name":"hardware_vtep","version":"1.7"}`, `version "1.7" is not`},
		{`{"name":"hardware_vtep","version":"1.7.x"}`, `version "1.7.x" is not`},
		{`{"name":"hardware_vtep","version":"1.7.0","tables":{}}`, "no column encapsulation_type"},
	} {
		if _, err := ParseSchema([]byte(c.text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.text, err, c.want)
		}
	}
}

func FuzzParseSchema(f *testing.F) {
	f.Add(text("1.7.0", plain, "", ""))
	f.Add(`{"name":"hardware_vtep","version":"1.7.0","tables":{"Physical_Locator":{"columns":{"encapsulation_type":{"type":"string"}}}}}`)
	f.Fuzz(func(t *testing.T, text string) {
		s, err := ParseSchema([]byte(text))
		if err != nil {
			return
		}
		out := s.Extended()
		if again, err := ParseSchema(out.JSON()); err != nil || again.Extended().Version != out.Version {
			t.Fatalf("%s became %s (%v), and that %s", s.Version, out.Version, err, again.Extended().Version)
		}
	})
}
