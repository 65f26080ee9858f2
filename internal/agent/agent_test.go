package agent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"landbridge/internal/ethernet"
	"landbridge/internal/hwvtep"
	"landbridge/internal/lab/testenv"
	"landbridge/internal/ovsdb"
	"landbridge/internal/rpc"
)

func TestMain(m *testing.M) {
	if database := os.Getenv(restless); database != "" {
		runRestless(database) // this is the other process of a test
		return
	}
	goleak.VerifyTestMain(m)
}

const soon = 60 * time.Second // tests with -race on a busy machine

var (
	node   = locator("10.0.0.11", hwvtep.Key{})
	remote = locator("203.0.113.2", hwvtep.NewKey(456))
)

func locator(addr string, key hwvtep.Key) hwvtep.Locator {
	return hwvtep.Locator{Encapsulation: hwvtep.VXLANOverIPv4, Addr: netip.MustParseAddr(addr), Key: key}
}

// network gives the logical switch of a network of two nodes' MACs.
func network(id string, key uint32) *hwvtep.LogicalSwitch {
	s := hwvtep.NewLogicalSwitch(hwvtep.DefaultOwner.Name(id), hwvtep.NewKey(key))
	s.Replication = hwvtep.SourceNode
	s.Ucast.Add(hwvtep.Ucast{MAC: ethernet.MAC{2, 0, 0, 0, 0, 1}, Locator: node})
	s.Ucast.Add(hwvtep.Ucast{MAC: ethernet.MAC{2, 0, 0, 0, 0, 2}, Locator: remote})
	s.AddMcast(hwvtep.UnknownDst, node)
	s.AddMcast(hwvtep.UnknownDst, remote)
	return s
}

// bench is a database with a switch sw0, a server and an agent between them.
type bench struct {
	t      *testing.T
	db     *testenv.OVSDB
	server *fakeServer
	beside []ovsdb.Config // databases that the same agent serves
	most   int            // in place of mostAtOnce; 0: as it is
	stop   func()
}

func newBench(t *testing.T, options ...testenv.OVSDBOption) *bench {
	t.Helper()
	b := &bench{t: t, db: testenv.StartOVSDB(t, options...), server: newServer()}
	b.db.VTEPCtl(t, "add-ps", "sw0", "--", "add-port", "sw0", "p0")
	return b
}

// start runs an agent until stop, at the latest until the end of the test.
func (b *bench) start() { b.startAs(Config{}) }

// startAs is start with more to configure.
func (b *bench) startAs(cfg Config) *Agent {
	b.t.Helper()
	cfg.Databases, cfg.Server = append([]ovsdb.Config{{Address: b.db.Unix}}, b.beside...), b.server
	cfg.Logger = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	a, err := New(cfg)
	if err != nil {
		b.t.Fatal(err)
	}
	if b.most > 0 {
		a.keepers[0].most = b.most
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	stopped := false
	b.stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-done; err != nil {
			b.t.Error(err)
		}
	}
	b.t.Cleanup(b.stop)
	return a
}

// reported waits for a report that ok accepts.
func (b *bench) reported(what string, ok func(r rpc.Report) error) {
	b.t.Helper()
	testenv.Eventually(b.t, soon, what, func() error {
		r := b.server.report(b.db.Unix)
		if r.Database == "" {
			return errors.New("no report")
		}
		return ok(r)
	})
}

// holds waits until the report says that the database holds these, confirmed,
// and nothing else.
func (b *bench) holds(want ...*hwvtep.LogicalSwitch) {
	b.t.Helper()
	b.reported("the database is reported to hold the plan", func(r rpc.Report) error {
		if r.Error != "" {
			return errors.New(r.Error)
		}
		for _, ls := range want {
			got := r.Logical[ls.Name]
			if got.Actual != hwvtep.Pack(ls) || !got.Confirmed || got.Error != "" {
				return fmt.Errorf("%s is %+v (%+v), want %+v", ls.Name, got.Actual.Unpack(), got, ls)
			}
		}
		if len(r.Logical) != len(want) {
			return fmt.Errorf("%d logical switches are reported, want %d: %v", len(r.Logical), len(want), r.Logical)
		}
		return nil
	})
}

// contents gives all of the database, the versions of its rows too, but for the
// number that the agent raises. Ports may have been bound and freed again.
func (b *bench) contents() testenv.Tables {
	tables := b.db.Tables(b.t)
	for _, row := range tables["Physical_Port"] {
		delete(row, "_version")
	}
	for _, row := range tables["Global"] {
		delete(row, "_version")
		delete(row, "other_config")
	}
	return tables
}

func TestAgentFollowsThePlanAndLeavesNothingBehind(t *testing.T) {
	b := newBench(t)
	b.db.VTEPCtl(t, "add-ls", "theirs", "--", "add-ucast-remote", "theirs", "02:00:00:00:00:09", "10.9.9.9",
		"--", "add-mcast-remote", "theirs", "unknown-dst", "10.9.9.9", "--", "bind-ls", "sw0", "p0", "7", "theirs")
	before := b.contents()
	b.start()
	b.holds()

	one, two := network("one", 1), network("two", 2)
	one.Bindings.Add(hwvtep.Binding{Switch: "sw0", Port: "p0", VLAN: 100})
	b.server.set("sw0", one, two)
	b.holds(one, two)
	one.Ucast.Add(hwvtep.Ucast{MAC: ethernet.MAC{2, 0, 0, 0, 0, 3}, Locator: node})
	b.server.set("sw0", one, two)
	b.holds(one, two)
	b.server.set("sw0", two)
	b.holds(two)
	b.server.set("sw0")
	b.holds()
	if diff := cmp.Diff(before, b.contents()); diff != "" {
		t.Errorf("what others have in the database has changed:\n%s", diff)
	}
	if b.server.asked() == 0 {
		t.Error("the agent never asked for a difference")
	}
}

func TestAgentRepairsWhatOthersChange(t *testing.T) {
	b := newBench(t)
	plan := network("one", 1)
	b.server.set("sw0", plan)
	b.start()
	b.holds(plan)
	for _, c := range []struct {
		name string
		ops  func() []any
	}{
		{"a key", func() []any { return []any{update("Logical_Switch", testenv.Row{"tunnel_key": 99})} }},
		{"the MACs", func() []any { return []any{remove("Ucast_Macs_Remote")} }},
		{"the flood list", func() []any { return []any{remove("Mcast_Macs_Remote")} }},
		{"everything", func() []any {
			return []any{remove("Ucast_Macs_Remote"), remove("Mcast_Macs_Remote"), remove("Logical_Switch")}
		}},
		{"a locator's key", func() []any {
			return []any{update("Physical_Locator", testenv.Row{"tunnel_key": []any{"set", []any{}}}, []any{"dst_ip", "==", "203.0.113.2"})}
		}},
		{"nonsense", func() []any { return nonsense(b) }},
		{"a row twice", func() []any {
			return []any{insertMAC(b, "02:00:00:00:00:01", b.rowOf("Physical_Locator", "dst_ip", "10.0.0.11"))}
		}},
	} {
		results := b.db.Transact(t, c.ops()...)
		if results[0].Count == 0 && results[0].UUID == nil {
			t.Fatalf("%s: the test has changed nothing", c.name)
		}
		testenv.Eventually(t, soon, c.name+" is repaired", func() error { return b.exact(plan) })
		b.holds(plan)
	}
}

func update(table string, row testenv.Row, where ...any) testenv.Row {
	return testenv.Row{"op": "update", "table": table, "where": append([]any{}, where...), "row": row}
}

func remove(table string) testenv.Row {
	return testenv.Row{"op": "delete", "table": table, "where": []any{}}
}

// nonsense gives rows of the only logical switch that the schema takes and that
// mean nothing.
func nonsense(b *bench) []any {
	return []any{
		insertMAC(b, "nonsense", b.rowOf("Physical_Locator", "dst_ip", "10.0.0.11")),
		testenv.Row{
			"op": "insert", "table": "Physical_Locator", "uuid-name": "nowhere",
			"row": testenv.Row{"encapsulation_type": "vxlan_over_ipv4", "dst_ip": "no address"},
		},
		insertMAC(b, "02:00:00:00:00:08", []any{"named-uuid", "nowhere"}),
	}
}

// insertMAC adds a unicast row to the only logical switch.
func insertMAC(b *bench, mac string, locator any) testenv.Row {
	return testenv.Row{
		"op": "insert", "table": "Ucast_Macs_Remote",
		"row": testenv.Row{"MAC": mac, "logical_switch": b.rowOf("Logical_Switch", "description", ""), "locator": locator, "ipaddr": ""},
	}
}

// rowOf gives a reference to the row with a value.
func (b *bench) rowOf(table, column string, value any) any {
	b.t.Helper()
	for _, row := range b.db.Rows(b.t, table) {
		if row[column] == value {
			return row["_uuid"]
		}
	}
	b.t.Fatalf("no row of %s with %s %v", table, column, value)
	return nil
}

// exact compares the number of rows in the database with those of a logical
// switch that is alone in it.
func (b *bench) exact(want *hwvtep.LogicalSwitch) error {
	for table, n := range map[string]int{
		"Logical_Switch": 1, "Ucast_Macs_Remote": len(want.Ucast), "Mcast_Macs_Remote": len(want.Mcast),
		"Physical_Locator": len(want.Locators()),
	} {
		if got := len(b.db.Rows(b.t, table)); got != n {
			return fmt.Errorf("%d rows in %s, want %d", got, table, n)
		}
	}
	return nil
}
