package control

import (
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"landbridge/internal/hwvtep"
	"landbridge/internal/lab/controlplane"
	"landbridge/internal/lab/testenv"
)

// Two servers with their agents inside have nothing but the database between
// them: one has the switches, and what it still wants to write when it has stood
// still is not written.
func TestServersWithAgentsInside(t *testing.T) {
	for name, c := range map[string]struct {
		dsn    func(t *testing.T) string
		stands bool // who stands still in its turn to write loses it
	}{
		"sqlite":     {func(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "server.db") }, false},
		"postgresql": {func(t *testing.T) string { return testenv.StartPostgres(t).NewDatabase(t).URL() }, true},
		"mariadb":    {func(t *testing.T) string { return testenv.StartMariaDB(t).NewDatabase(t).URL() }, true},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPair(t, c.dsn(t))
			gateway := p.shared()
			for round := 0; c.stands && round < 3; round++ {
				p.stoppedAndResumed(gateway)
			}
			p.killed(gateway)
		})
	}
}

// pair is a world of two servers and a switch.
type pair struct{ *world }

func newPair(t *testing.T, dsn string) pair {
	t.Helper()
	return pair{&world{t, controlplane.New(t, controlplane.Config{Database: dsn, Dir: t.TempDir(), Servers: 2, Switches: 1})}}
}

// shared: either server takes what is asked for.
func (p pair) shared() (gateway string) {
	leads, other := p.Leader(p.t)
	gateway = p.gateway(other, 0)
	p.connect(leads, gateway, 0)
	p.holds(soon, 0, 0)
	began := time.Now()
	c := p.connect(other, gateway, 1)
	p.holds(soon, 0, 0, 1)
	p.took("from POST at a server that does not lead to OVSDB", began, time.Second)
	p.is(soon, other, c, "ACTIVE")
	return gateway
}

// killed: the other server takes over.
func (p pair) killed(gateway string) {
	leads, other := p.Leader(p.t)
	began := time.Now()
	leads.Kill(p.t)
	c := p.connect(other, gateway, 3)
	p.holds(takeover, 0, 0, 1, 3)
	p.took("a killed server is replaced", began, takeover)
	p.is(soon, other, c, "ACTIVE")
}

// stoppedAndResumed: what the leader had written before it stood still is deleted
// meanwhile, and stays so.
func (p pair) stoppedAndResumed(gateway string) {
	p.t.Helper()
	leads, other := p.Leader(p.t)
	late := p.connect(leads, gateway, 2)
	p.holds(soon, 0, 0, 1, 2)
	began := time.Now()
	leads.Freeze(p.t)
	if err := other.Delete(p.t.Context(), "l2_gateway_connection", late); err != nil {
		p.t.Fatal(err)
	}
	p.holds(takeover, 0, 0, 1)
	p.took("a stopped server is replaced", began, takeover)
	before := len(p.Switches[0].Journal(p.t))
	leads.Thaw(p.t)
	testenv.Eventually(p.t, soon, "the former leads no more", func() error {
		return leads.Shows("landbridge_server_leader 0")
	})
	after := p.connect(leads, gateway, 4)
	p.holds(soon, 0, 0, 1, 4)
	for _, transaction := range p.Switches[0].Journal(p.t)[before:] {
		for _, row := range transaction.Rows["Logical_Switch"] {
			if row != nil && row["name"] == "landbridge/"+controlplane.NetworkID(2) {
				p.t.Errorf("the former leader has written %v", row)
			}
		}
	}
	p.epochsGrow()
	if err := leads.Delete(p.t.Context(), "l2_gateway_connection", after); err != nil {
		p.t.Fatal(err)
	}
	p.holds(soon, 0, 0, 1)
}

// epochsGrow checks that the switch was each leader's in turn, and no former one's.
func (p pair) epochsGrow() {
	p.t.Helper()
	config, last := map[string]string{}, uint64(0)
	for _, transaction := range p.Switches[0].Journal(p.t) {
		for _, row := range transaction.Rows["Global"] {
			testenv.PatchMap(config, row["other_config"])
		}
		if config[hwvtep.Epoch] == "" {
			continue
		}
		epoch, err := strconv.ParseUint(config[hwvtep.Epoch], 10, 64)
		if err != nil || epoch < last {
			p.t.Errorf("epoch %q after %d, %v", config[hwvtep.Epoch], last, err)
		}
		last = epoch
	}
	if last == 0 {
		p.t.Error("the switch has no epoch")
	}
}
