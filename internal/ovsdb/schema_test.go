package ovsdb

import (
	"context"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"landbridge/internal/hwvtep"
	"landbridge/internal/lab/testenv"
)

func TestSchemaIsDetected(t *testing.T) {
	full := hwvtep.Schema{
		Version: "1.7.0", LocatorKeys: true, Replication: true, OtherConfig: true, LogicalConfig: true,
		Encapsulations: []hwvtep.Encapsulation{hwvtep.VXLANOverIPv4},
	}
	old := full
	old.LocatorKeys, old.Replication, old.OtherConfig, old.LogicalConfig = false, false, false, false
	more := full
	vtepd := full
	vtepd.Version, vtepd.Encapsulations = "1.7.100", slices.Sorted(slices.Values(hwvtep.Encapsulations()))
	unconfigured := full
	unconfigured.LogicalConfig = false
	more.Encapsulations = []hwvtep.Encapsulation{"geneve_over_ipv4", hwvtep.VXLANOverIPv4}
	for _, c := range []struct {
		name, file string
		want       hwvtep.Schema
	}{
		{"the newest", testenv.VTEPSchema, full},
		{"an old one", testenv.SchemaWithout(t, "Physical_Locator.tunnel_key", "Logical_Switch.replication_mode",
			"Global.other_config", "Physical_Switch.other_config", "Physical_Port.other_config", "ACL", "ACL_entry",
			"Physical_Port.acl_bindings", "Logical_Router"), old},
		{"one without other_config of logical switches", testenv.SchemaWithout(t, "Logical_Switch.other_config"), unconfigured},
		{"vtepd's", "", vtepd},
		{"one with more encapsulations", testenv.ChangedSchema(t, addGeneve), more},
	} {
		c2 := connected(t, testenv.StartOVSDB(t, testenv.WithSchema(c.file)))
		if diff := cmp.Diff(c.want, c2.Schema()); diff != "" {
			t.Errorf("%s:\n%s", c.name, diff)
		}
	}
}

func addGeneve(schema map[string]any) {
	column := schema["tables"].(map[string]any)[tableLocator].(map[string]any)["columns"].(map[string]any)["encapsulation_type"].(map[string]any)
	column["type"].(map[string]any)["key"].(map[string]any)["enum"] = []any{"set", []any{"vxlan_over_ipv4", "geneve_over_ipv4"}}
}

func TestOldSchemaTakesWhatItCan(t *testing.T) {
	db := testenv.StartOVSDB(t, testenv.WithSchema(testenv.SchemaWithout(t,
		"Physical_Locator.tunnel_key", "Logical_Switch.replication_mode", "Global.other_config", "Physical_Switch.other_config")))
	c := connected(t, db)
	plain := hwvtep.NewLogicalSwitch("landbridge/plain", hwvtep.NewKey(5))
	plain.Ucast.Add(hwvtep.Ucast{MAC: mac(1), Locator: node})
	plain.AddMcast(hwvtep.UnknownDst, node)
	reach(t, c, plain)

	ctx := context.Background()
	errs := c.Apply(ctx, []hwvtep.Delta{hwvtep.Diff(nil, blue())})
	if err := errorIs(errs["landbridge/blue"], "replication_mode"); err != nil {
		t.Error(err)
	}
	keyed := plain.Clone()
	keyed.Ucast.Add(hwvtep.Ucast{MAC: mac(2), Locator: remote})
	errs = c.Apply(ctx, []hwvtep.Delta{hwvtep.Diff(plain, keyed)})
	if err := errorIs(errs[plain.Name], "no Physical_Locator.tunnel_key", "key 456"); err != nil {
		t.Error(err)
	}
	if err := c.EnsureSwitch(ctx, hwvtep.PhysicalSwitch{Name: "sw0"}); err != nil {
		t.Error(err)
	}
	if err := errorIs(c.SetDone(ctx, "sw0", 1), "no Physical_Switch.other_config"); err != nil {
		t.Error(err)
	}
	if err := errorIs(c.SetWanted(ctx, 1), "no Global.other_config"); err != nil {
		t.Error(err)
	}
	if n, ok := c.Wanted(); ok {
		t.Errorf("Wanted is %d", n)
	}
}
