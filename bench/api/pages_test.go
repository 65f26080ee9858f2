package api

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"landbridge/bench/load"
	"landbridge/bench/measure"
	"landbridge/bench/objects"
	"landbridge/bench/report"
	"landbridge/internal/lab/testenv"
)

const (
	// few is how many objects there are in the small table.
	few = 1000
	// pages is how many pages are read of each table in a round.
	pages = 300
	// mostGrowth is how much longer a page of the large table may take: what the
	// machine's noise makes of "as long".
	mostGrowth = 1.5
)

// table is a server with so many remote MACs, of which pages are read.
type table struct {
	at   load.Server
	path string
	ids  []string
}

func newTable(b *testing.B, database string, n int) table {
	b.Helper()
	s := startLandbridge(b, options{database: database, networks: 1})
	kind, ids := fill(b, s, n)
	return table{s.Server, kind.Path, ids}
}

// p95 reads pages that begin anywhere.
func (t table) p95(b *testing.B, order string) float64 {
	b.Helper()
	requests := make([]load.Request, pages)
	for i := range requests {
		marker := t.ids[rand.IntN(len(t.ids)-100)] // a whole page follows, where it is in this order
		requests[i] = load.Request{Method: http.MethodGet, Path: fmt.Sprintf("%s?limit=100&marker=%s%s", t.path, marker, order)}
	}
	got := load.Run(b.Context(), t.at, 1, load.Of(requests))
	if got.First != nil {
		b.Fatal(got.First)
	}
	return float64(got.Sample.P95()) / float64(time.Millisecond)
}

func BenchmarkPages(b *testing.B) {
	s := report.Section{Title: "Pages of 100"}
	for _, engine := range []struct {
		name string
		new  func() string
	}{
		{"SQLite", func() string { return "sqlite:" + filepath.Join(b.TempDir(), "server.db") }},
		{"MariaDB", databases(b, testenv.StartDurableMariaDB)},
		{"PostgreSQL", databases(b, testenv.StartPostgres)},
	} {
		small, large := newTable(b, engine.new(), few), newTable(b, engine.new(), *macs)
		for _, order := range []struct{ name, query string }{
			{"by creation", ""}, {"by MAC", "&sort_key=mac&sort_dir=asc"},
		} {
			var values, others, growth []float64
			for range *rounds {
				o, v := small.p95(b, order.query), large.p95(b, order.query)
				values, others, growth = append(values, v), append(others, o), append(growth, measure.Times(v, o))
			}
			g := measure.Median(growth)
			f := report.New(fmt.Sprintf("%s, %s: p95 of a page with %d stored", engine.name, order.name, *macs), measure.Median(values), "ms").
				Beside(fmt.Sprintf("with %d stored", few), measure.Median(others), measure.Times(1, g)).
				Aimed(fmt.Sprintf("at most %v times as long", mostGrowth), g <= mostGrowth)
			s.Figures = append(s.Figures, f)
			say("%s, %s: %v ms, with few %v ms", engine.name, order.name, values, others)
		}
	}
	found = append(found, s)
}

// databases gives databases of a server that is started when the first is
// asked for.
func databases(b *testing.B, start func(testing.TB) *testenv.DatabaseServer) func() string {
	var server *testenv.DatabaseServer
	return func() string {
		if server == nil {
			server = start(b)
		}
		return server.NewDatabase(b).URL()
	}
}

// bulk is how many objects one request creates while a table is filled.
const bulk = 1000

// fill makes what remote MACs stand on, and so many of them.
func fill(b *testing.B, s landbridge, n int) (macs objects.Kind, ids []string) {
	b.Helper()
	c := load.NewClient(s.Server)
	defer c.Close()
	gw := made(b, c, objects.Gateways("sw"))
	made(b, c, objects.Connections(gw))
	macs = objects.RemoteMACs(made(b, c, objects.RemoteConnections(gw, made(b, c, objects.RemoteGateways()))))
	see := func(body []byte) error {
		some, err := macs.IDs(body)
		ids = append(ids, some...)
		return err
	}
	for batch := range slices.Chunk(numbers(n), bulk) {
		if _, err := c.Do(b.Context(), macs.Bulk(batch[0], len(batch), see)); err != nil {
			b.Fatal(err)
		}
	}
	return macs, ids
}

func numbers(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}
