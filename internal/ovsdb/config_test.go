package ovsdb

import (
	"context"
	"fmt"
	"maps"
	"net/netip"
	"testing"

	"landbridge/internal/hwvtep"
	"landbridge/internal/lab/testenv"
)

// setConfig writes other_config of a logical switch as another client would.
func setConfig(t *testing.T, db *testenv.OVSDB, name string, entries map[string]string) {
	t.Helper()
	list := []any{}
	for k, v := range entries {
		list = append(list, []any{k, v})
	}
	db.Transact(t, testenv.Row{
		"op": "update", "table": tableLogical, "where": []any{[]any{"name", "==", name}},
		"row": testenv.Row{"other_config": []any{"map", list}},
	})
}

// config gives other_config of a logical switch, as the client has it.
func config(c *Client, name string) map[string]string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.mirror.byName[name]; e != nil {
		return e.config
	}
	return nil
}

func TestConfigFollowsItsDeltas(t *testing.T) {
	c := connected(t, testenv.StartOVSDB(t))
	first := blue()
	reach(t, c, first)
	for _, change := range []func(*hwvtep.LogicalSwitch){
		func(s *hwvtep.LogicalSwitch) { s.SetFilter(remote, hwvtep.FilterRA) },
		func(s *hwvtep.LogicalSwitch) { s.SetFilter(node2, hwvtep.FilterMulticast) },
		func(s *hwvtep.LogicalSwitch) { s.Gateways = hwvtep.SetOf(netip.MustParseAddr("192.168.0.254")) },
		func(s *hwvtep.LogicalSwitch) { s.Gateways = nil },
		func(s *hwvtep.LogicalSwitch) { s.Filters = nil },
	} {
		change(first)
		reach(t, c, first)
	}
	if left := config(c, first.Name); len(left) > 0 {
		t.Errorf("left over: %q", left)
	}
}

func TestConfigOfOthersIsLeftAlone(t *testing.T) {
	db := testenv.StartOVSDB(t)
	c := connected(t, db)
	want := blue()
	reach(t, c, want)
	setConfig(t, db, want.Name, map[string]string{
		"flood-rate": "70", "somebody": "else", "landbridge-later": "x",
		"landbridge-filter/nonsense": "dhcp", "landbridge-gateways": "x",
	})
	testenv.Eventually(t, soon, "the strays are counted", func() error {
		if n := c.Strays(want.Name); n != 2 {
			return fmt.Errorf("%d strays", n)
		}
		return nil
	})
	want.Overrides.FloodRate = hwvtep.NewLimit(70)
	reach(t, c, want)
	for key, value := range map[string]string{"flood-rate": "70", "somebody": "else", "landbridge-later": "x"} {
		if got := config(c, want.Name)[key]; got != value {
			t.Errorf("%s is %q, want %q", key, got, value)
		}
	}
	if n := c.Strays(want.Name); n != 0 {
		t.Errorf("%d strays are left: %q", n, config(c, want.Name))
	}
}

func TestStraysOfConfigGoByAnEmptyDelta(t *testing.T) {
	db := testenv.StartOVSDB(t)
	c := connected(t, db)
	want := hwvtep.NewLogicalSwitch("landbridge/blue", hwvtep.NewKey(1))
	reach(t, c, want)
	setConfig(t, db, want.Name, map[string]string{"landbridge-filter/nonsense": "dhcp", "a": "b"})
	testenv.Eventually(t, soon, "the only stray goes", func() error {
		apply(t, c, hwvtep.Delta{Name: want.Name})
		if got := config(c, want.Name); !maps.Equal(got, map[string]string{"a": "b"}) {
			return fmt.Errorf("other_config is %q", got)
		}
		return nil
	})
}

// TestAFilterIsThereBeforeItsTunnel watches a delta of many transactions from
// another client.
func TestAFilterIsThereBeforeItsTunnel(t *testing.T) {
	db := testenv.StartOVSDB(t)
	c, watching := connected(t, db), connected(t, db)
	full, empty := hwvtep.NewLogicalSwitch("landbridge/blue", hwvtep.NewKey(1)), hwvtep.NewLogicalSwitch("landbridge/blue", hwvtep.NewKey(1))
	full.SetFilter(remote, hwvtep.FilterDHCP)
	for i := range 20 * batchRows {
		full.Ucast.Add(hwvtep.Ucast{MAC: mac(i + 1), Locator: remote})
	}
	reach(t, c, empty)
	shows(t, watching, empty)
	for _, want := range []*hwvtep.LogicalSwitch{full, empty} {
		done := make(chan map[string]error)
		go func() {
			done <- c.Apply(context.Background(), []hwvtep.Delta{hwvtep.Diff(c.LogicalSwitch(want.Name), want)})
		}()
		looks := 0
		for over := false; !over; looks++ {
			select {
			case errs := <-done:
				if over = true; len(errs) > 0 {
					t.Fatal(errs)
				}
			case <-watching.Updates():
			}
			if now := watching.LogicalSwitch(want.Name); now.Locators().Has(remote) && now.Filters[remote] == 0 {
				t.Fatalf("after %d looks a tunnel with %d MACs has no filter", looks, now.Ucast.Len())
			}
		}
		shows(t, watching, want)
	}
}

// TestSchemasOfBothKindsAtOnce: what a schema lacks is refused by name, whatever
// another database has.
func TestSchemasOfBothKindsAtOnce(t *testing.T) {
	plain := connected(t, testenv.StartOVSDB(t, testenv.WithSchema(testenv.VTEPSchema)))
	more := connected(t, testenv.StartOVSDB(t))
	bare := connected(t, testenv.StartOVSDB(t, testenv.WithSchema(testenv.SchemaWithout(t, "Logical_Switch.other_config"))))
	geneve := remote
	geneve.Encapsulation = hwvtep.GeneveOverIPv4
	want := blue()
	want.Ucast.Add(hwvtep.Ucast{MAC: mac(3), Locator: geneve})
	want.SetFilter(geneve, hwvtep.FilterRA)
	reach(t, more, want)
	errs := plain.Apply(context.Background(), []hwvtep.Delta{hwvtep.Diff(nil, want)})
	if err := errorIs(errs[want.Name], "geneve_over_ipv4 203.0.113.2", "1.7.0 offers vxlan_over_ipv4 alone"); err != nil {
		t.Error(err)
	}
	errs = bare.Apply(context.Background(), []hwvtep.Delta{hwvtep.Diff(nil, blue())})
	if err := errorIs(errs[want.Name], "no Logical_Switch.other_config"); err != nil {
		t.Error(err)
	}
	unfiltered := blue()
	unfiltered.Filters, unfiltered.Gateways = nil, nil
	reach(t, bare, unfiltered)
}
