package control

import (
	"context"
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"landbridge/bench/load"
	"landbridge/bench/measure"
	"landbridge/bench/objects"
	"landbridge/bench/report"
	"landbridge/bench/vtepdb"
	"landbridge/internal/ethernet"
	"landbridge/internal/hwvtep"
)

const (
	// perRequest is how many remote MACs one POST makes.
	perRequest = 1000
	// mostBeyondRaw is how many times longer than raw insertion they may take.
	mostBeyondRaw = 1.3
)

// BenchmarkBulk makes very many remote MACs and takes the time until the switch
// has them, beside the same rows written into a database by nobody but the
// benchmark.
func BenchmarkBulk(b *testing.B) {
	section := report.Section{Title: "Remote MACs by bulk POSTs"}
	raw, ours := []float64{}, map[string][]float64{}
	answered := map[string][]float64{}
	stage := newStage(b)
	for round := range *rounds {
		took := rawBulk(b)
		raw = append(raw, took.Seconds())
		for mode := range modes {
			w := newWorld(b, stage, mode, false)
			a, d := w.bulk(*macs)
			ours[w.name], answered[w.name] = append(ours[w.name], d.Seconds()), append(answered[w.name], a.Seconds())
			say("round %d of %d: raw %v; %s: answered after %v, there after %v", round+1, *rounds, took, w.name, a, d)
			w.end()
		}
	}
	for _, m := range modes {
		var ratios []float64
		for i, took := range ours[m.name] {
			ratios = append(ratios, raw[i]/took)
		}
		ratio := measure.Median(ratios)
		section.Figures = append(section.Figures,
			report.New(fmt.Sprintf("%s: %d remote MACs, all answered", m.name, *macs), measure.Median(answered[m.name]), "s"),
			report.New(fmt.Sprintf("%s: %d remote MACs, from the first POST into OVSDB", m.name, *macs), measure.Median(ours[m.name]), "s").
				Beside("the same rows, raw", measure.Median(raw), ratio).Aimed("≤ 1.3 times", ratio >= 1/mostBeyondRaw))
	}
	found = append(found, section)
}

// bulk gives the times until all are answered, and in the database.
func (w *world) bulk(n int) (answered, there time.Duration) {
	w.b.Helper()
	ctx, stop := context.WithTimeout(w.b.Context(), patience)
	defer stop()
	c := load.NewClient(w.servers[0])
	defer c.Close()
	count, err := vtepdb.NewCount(w.db.Unix)
	must(w.b, err)
	defer count.Close()
	gateway, err := objects.Gateways(device).Make(ctx, c, 0)
	must(w.b, err)
	kind := objects.RemoteMACs(w.stretch(c, gateway))
	_, err = count.Reach(ctx, hosts)
	must(w.b, err)
	var requests []load.Request
	for i := 0; i < n; i += perRequest {
		requests = append(requests, kind.Bulk(i, min(perRequest, n-i), nil))
	}
	began := time.Now()
	done := make(chan time.Time, 1)
	go func() {
		defer close(done)
		if at, err := count.Reach(ctx, hosts+n); err == nil {
			done <- at
		}
	}()
	if got := load.Run(ctx, w.servers[0], 1, load.Of(requests)); got.First != nil {
		w.b.Fatalf("%d requests failed: %v", got.Failed, got.First)
	}
	answered = time.Since(began)
	at, ok := <-done
	if !ok {
		w.b.Fatalf("the switch does not get the remote MACs within %v", patience)
	}
	return answered, at.Sub(began)
}

// rawBulk gives the time in which ovsdb-server takes the rows of bulk.
func rawBulk(b *testing.B) time.Duration {
	b.Helper()
	ls := hwvtep.NewLogicalSwitch("landbridge/"+objects.NetworkID(0), hwvtep.NewKey(1))
	for h := range hosts {
		ls.AddMcast(hwvtep.UnknownDst, hwvtep.Locator{Encapsulation: hwvtep.VXLANOverIPv4, Addr: nodeAddr(h)})
	}
	remote := hwvtep.Locator{Encapsulation: hwvtep.VXLANOverIPv4, Addr: netip.AddrFrom4([4]byte{10, 1, 0, 2}), Key: hwvtep.NewKey(1)}
	ls.AddMcast(hwvtep.UnknownDst, remote)
	for n := range *macs {
		u := hwvtep.Ucast{MAC: ethernet.MAC{2}, Locator: remote}
		var number [4]byte
		binary.BigEndian.PutUint32(number[:], uint32(n))
		copy(u.MAC[3:], number[1:])
		number[0] = 10
		u.Addr = netip.AddrFrom4(number)
		ls.Ucast.Add(u)
	}
	return raw(b, slices.Values([]*hwvtep.LogicalSwitch{ls}), *macs)
}
