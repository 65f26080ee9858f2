package api

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"landbridge/bench/load"
	"landbridge/bench/memory"
	"landbridge/bench/objects"
	"landbridge/bench/report"
	"landbridge/internal/lab/testenv"
)

const (
	// mostMemory is what a server may have of the machine's memory.
	mostMemory = 64 << 20
	// rest is how long a server that nobody talks to is watched: two full passes,
	// in which it reads everything anew.
	rest = 65 * time.Second
	// activeWithin is how long a switch may take to get all rows.
	activeWithin = 10 * time.Minute
)

func BenchmarkMemory(b *testing.B) {
	s := report.Section{Title: "Memory"}
	for _, c := range []struct {
		name  string
		serve func(b *testing.B) []string // gives more arguments
		aimed bool
	}{
		{"no switch", func(*testing.B) []string { return nil }, true},
		{"a switch", aSwitch, false},
	} {
		server := startLandbridge(b, options{database: testenv.StartDurableMariaDB(b).NewDatabase(b).URL(), networks: 1, more: c.serve(b)})
		fill(b, server, *macs)
		if !c.aimed {
			awaitActive(b, server)
		}
		most := watch(b, server)
		now := report.New(fmt.Sprintf("%d remote MACs, %s: VmRSS at rest, at most", *macs, c.name), mib(most.Now), "MiB").
			Aimed("< 64 MiB", most.Now < mostMemory)
		s.Figures = append(s.Figures, now,
			report.New(fmt.Sprintf("%d remote MACs, %s: VmHWM, with the creates", *macs, c.name), mib(most.Peak), "MiB"))
	}
	found = append(found, s)
}

func mib(bytes int64) float64 { return float64(bytes) / (1 << 20) }

// watch gives the most that a server has while it is at rest.
func watch(b *testing.B, s landbridge) (most memory.Usage) {
	b.Helper()
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for end := time.After(rest); ; {
		m, err := memory.Of(s.PID())
		if err != nil {
			b.Fatal(err)
		}
		most.Now, most.Peak = max(most.Now, m.Now), m.Peak
		select {
		case <-ticker.C:
		case <-end:
			return most
		}
	}
}

// aSwitch starts an ovsdb-server with a switch of the name that gateways have.
func aSwitch(b *testing.B) []string {
	b.Helper()
	db := testenv.StartOVSDB(b)
	db.VTEPCtl(b, "add-ps", "sw", "--", "set", "Physical_Switch", "sw", "tunnel_ips=10.0.0.2")
	return []string{"--switch", db.Unix}
}

// awaitActive waits until the switch has all rows.
func awaitActive(b *testing.B, s landbridge) {
	b.Helper()
	c := load.NewClient(s.Server)
	defer c.Close()
	testenv.Eventually(b, activeWithin, "the remote connection is ACTIVE", func() (err error) {
		_, failed := c.Do(b.Context(), load.Request{Method: http.MethodGet, Path: objects.RemoteConnections("", "").Path, See: func(body []byte) error {
			if !strings.Contains(string(body), `"status":"ACTIVE"`) {
				return fmt.Errorf("it is %s", body)
			}
			return nil
		}})
		return failed
	})
}
