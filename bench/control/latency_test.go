package control

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"landbridge/bench/load"
	"landbridge/bench/measure"
	"landbridge/bench/objects"
	"landbridge/bench/report"
	"landbridge/bench/vtepdb"
)

const (
	manyClients = 8
	// mostToOVSDB is how long a row may take from POST to the switch's database.
	mostToOVSDB = 20 * time.Millisecond
)

// series are objects that are made one after the other.
type series struct {
	name string
	kind objects.Kind
	// row is the row of the object with a number that is there last.
	row  func(n int) string
	next int // number
}

// spans are the ways whose time is taken, in their order.
var spans = []string{"POST sent → OVSDB", "POST answered → OVSDB", "POST sent → maps", "POST answered → maps"}

// point is what is measured in each round.
type point struct {
	mode, kind string
	clients    int
}

func (p point) String() string {
	if p.clients == 1 {
		return fmt.Sprintf("%s, %s, 1 client", p.kind, p.mode)
	}
	return fmt.Sprintf("%s, %s, %d clients", p.kind, p.mode, p.clients)
}

// taken is what the objects of a point have taken, by span.
type taken struct {
	spans  [4]measure.Sample
	failed int
	first  error
}

func (t *taken) add(o taken) {
	for i := range t.spans {
		t.spans[i] = append(t.spans[i], o.spans[i]...)
	}
	if t.failed += o.failed; t.first == nil {
		t.first = o.first
	}
}

// prepared gives the kinds of objects of which latencies are measured: a gateway
// with a network that has a remote connection is there.
func (w *world) prepared() []*series {
	w.b.Helper()
	c := load.NewClient(w.servers[0])
	defer c.Close()
	gateway, err := objects.Gateways(device).Make(w.b.Context(), c, 0)
	must(w.b, err)
	connections := &series{name: "connections", kind: objects.Connections(gateway), row: floodOf}
	macs := &series{name: "remote MACs", kind: objects.RemoteMACs(w.stretch(c, gateway)), row: func(n int) string { return vtepdb.MAC(objects.RemoteMAC(n)) }}
	connections.next = 1 // 0 is stretched
	return []*series{connections, macs}
}

// stretch connects network 0 and gives its remote connection.
func (w *world) stretch(c *load.Client, gateway string) (remoteConnection string) {
	w.b.Helper()
	ctx := w.b.Context()
	_, err := objects.Connections(gateway).Make(ctx, c, 0)
	must(w.b, err)
	remote, err := objects.RemoteGateways().Make(ctx, c, remoteGateway)
	must(w.b, err)
	remoteConnection, err = objects.RemoteConnections(gateway, remote).Make(ctx, c, 0)
	must(w.b, err)
	return remoteConnection
}

// floodOf is the flood list of a network: it is written with all else of a new
// one.
func floodOf(network int) string {
	return vtepdb.Flood("landbridge/" + objects.NetworkID(network))
}

// latencies makes objects, by so many clients at once, each of which waits until
// the datapath has one before it makes the next, by turns at each server. Then
// they are deleted again.
func (w *world) latencies(s *series, clients, n int) (out taken) {
	var mu sync.Mutex
	var ids []string
	var all sync.WaitGroup
	for i := range clients {
		mine := *s
		mine.next += i * (n / clients)
		all.Go(func() {
			got, made := w.oneClient(mine, n/clients)
			mu.Lock()
			defer mu.Unlock()
			out.add(got)
			ids = append(ids, made...)
		})
	}
	all.Wait()
	s.next += n
	w.delete(s.kind, ids)
	return out
}

func (w *world) oneClient(s series, n int) (out taken, ids []string) {
	var to []*load.Client
	for _, server := range w.servers {
		c := load.NewClient(server)
		defer c.Close()
		to = append(to, c)
	}
	for i := range n {
		id, err := w.one(s, s.next+i, to[i%len(to)], &out)
		if err != nil {
			if out.failed++; out.first == nil {
				out.first = err
			}
		}
		if id != "" {
			ids = append(ids, id)
		}
	}
	return out, ids
}

// one makes an object and takes the times until it is in the maps.
func (w *world) one(s series, number int, c *load.Client, out *taken) (id string, err error) {
	ctx, stop := context.WithTimeout(w.b.Context(), patience)
	defer stop()
	request := s.kind.Post(number, func(body []byte) (err error) {
		id, err = s.kind.ID(body)
		return err
	})
	sent := time.Now()
	took, err := c.Do(ctx, request)
	if err != nil {
		return id, err
	}
	row, err := w.watch.Row(ctx, s.row(number), true)
	if err != nil {
		return id, err
	}
	answered := sent.Add(took)
	for i, d := range []time.Duration{row.There.Sub(sent), row.There.Sub(answered), row.InMaps.Sub(sent), row.InMaps.Sub(answered)} {
		out.spans[i] = append(out.spans[i], max(d, 0)) // it may be there before the answer is read
	}
	return id, nil
}

// delete deletes objects, and waits until the switch has them no more.
func (w *world) delete(k objects.Kind, ids []string) {
	w.b.Helper()
	var requests []load.Request
	for _, id := range ids {
		requests = append(requests, k.At(http.MethodDelete, id))
	}
	if got := load.Run(w.b.Context(), w.servers[0], manyClients, load.Of(requests)); got.First != nil {
		w.b.Fatalf("%d deletes failed: %v", got.Failed, got.First)
	}
	w.settled()
}

// settled waits until the switch has nothing but what prepared has made.
func (w *world) settled() {
	w.b.Helper()
	ctx, stop := context.WithTimeout(w.b.Context(), patience)
	defer stop()
	_, err := w.watch.Rows(ctx, 1+hosts)
	must(w.b, err)
}

// BenchmarkLatency takes the time from POST to the switch's database and to the
// datapath.
func BenchmarkLatency(b *testing.B) {
	var points []point
	all := map[point]*taken{}
	var worlds []*world
	prepared := map[*world][]*series{}
	stage := newStage(b)
	for mode := range modes {
		w := newWorld(b, stage, mode, true)
		w.follow()
		worlds, prepared[w] = append(worlds, w), w.prepared()
		w.settled()
	}
	for round := range *rounds + 1 { // the first is to warm up
		say("round %d of %d", round, *rounds)
		for _, w := range worlds {
			for _, s := range prepared[w] {
				for _, clients := range []int{1, manyClients} {
					got, p := w.latencies(s, clients, *each), point{w.name, s.name, clients}
					if round == 0 {
						points = append(points, p)
						all[p] = &taken{}
						continue
					}
					say("  %s: to OVSDB %v, p95 %v; to maps %v, p95 %v", p, got.spans[0].Median(), got.spans[0].P95(), got.spans[2].Median(), got.spans[2].P95())
					all[p].add(got)
				}
			}
		}
	}
	found = append(found, latencySection(b, points, all)...)
}

func latencySection(b *testing.B, points []point, all map[point]*taken) []report.Section {
	p95, p50 := report.Section{Title: "From POST to the switch, p95"}, report.Section{Title: "From POST to the switch, p50"}
	made, failed := 0, 0
	for _, p := range points {
		t := all[p]
		made, failed = made+len(t.spans[0])+t.failed, failed+t.failed
		if t.first != nil {
			b.Errorf("%s: %d failed: %v", p, t.failed, t.first)
		}
		for i, span := range spans {
			late := report.New(fmt.Sprintf("%s: %s, p95", p, span), milliseconds(t.spans[i].P95()), "ms")
			if i == 0 && p.clients == 1 {
				late = late.Aimed("≤ 20 ms", t.spans[i].P95() <= mostToOVSDB)
			}
			p95.Figures = append(p95.Figures, late)
			p50.Figures = append(p50.Figures, report.New(fmt.Sprintf("%s: %s, p50", p, span), milliseconds(t.spans[i].Median()), "ms"))
		}
	}
	p95.Figures = append(p95.Figures,
		report.New("objects made", float64(made), ""), report.New("of them failed", float64(failed), "").Aimed("none", failed == 0))
	return []report.Section{p95, p50}
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
