package metrics

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

const manual = "../../../docs/server.md"

// TestTheManualNamesEachMetric: those that are told apart by their ends alone
// may be written as "…_end".
func TestTheManualNamesEachMetric(t *testing.T) {
	w, m := newWorld()
	w.core.Databases["unix:/x"] = ""
	m.Statement("SELECT", 1, errors.New("x"))
	get(t, m.Observe(http.NotFoundHandler(), func(*http.Request) string { return "" }), http.MethodGet, "/")
	text, err := os.ReadFile(manual)
	if err != nil {
		t.Fatal(err)
	}
	families, err := m.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		name, isOurs := strings.CutPrefix(f.GetName(), prefix)
		if isOurs && !strings.Contains(string(text), "`"+name+"`") && !namedByItsEnd(string(text), name) {
			t.Errorf("%s does not name %s", manual, name)
		}
	}
}

func namedByItsEnd(text, name string) bool {
	for i, r := range name {
		if r == '_' && strings.Contains(text, "`…"+name[i:]+"`") {
			return true
		}
	}
	return false
}

// TestScrapesUnderLoad reads what Prometheus reads, while requests are counted:
// each scrape is whole and well-formed, and counters only grow.
func TestScrapesUnderLoad(t *testing.T) {
	_, m := newWorld()
	srv := httptest.NewServer(m.Handler())
	defer srv.Close()
	api := m.Observe(http.NotFoundHandler(), func(*http.Request) string { return "/x" })
	const clients, each = 4, 200
	var load sync.WaitGroup
	for range clients {
		load.Go(func() {
			for range each {
				get(t, api, http.MethodGet, "/x")
				m.Statement("SELECT", time.Millisecond, nil)
			}
		})
	}
	last := 0.0
	for range 10 {
		now, err := scrape(srv.URL)
		if err != nil {
			t.Fatal(err)
		}
		if now < last {
			t.Errorf("requests went from %v to %v", last, now)
		}
		last = now
	}
	load.Wait()
	if now, err := scrape(srv.URL); err != nil || now != clients*each {
		t.Errorf("%v requests, %v; want %d", now, err, clients*each)
	}
}

// scrape reads the number of requests.
func scrape(url string) (float64, error) {
	res, err := http.Get(url + "/metrics")
	if err != nil {
		return 0, err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("%s", res.Status)
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(res.Body)
	if err != nil {
		return 0, err
	}
	sum := 0.0
	for _, metric := range families[prefix+"http_requests_total"].GetMetric() {
		sum += metric.GetCounter().GetValue()
	}
	return sum, nil
}

// TestASlowCheckIsGivenUp: what hangs is named, and does not hang those who ask.
func TestASlowCheckIsGivenUp(t *testing.T) {
	_, m := newWorld(Check{"stuck", func(ctx context.Context) error {
		<-ctx.Done()
		return ctx.Err()
	}})
	srv := httptest.NewServer(m.Handler())
	defer srv.Close()
	began := time.Now()
	res, err := http.Get(srv.URL + "/readyz")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if took := time.Since(began); err != nil || res.StatusCode != 503 || !strings.Contains(string(text), `"stuck"`) || took > 2*checkWithin {
		t.Errorf("%s %s after %s, %v", res.Status, text, took, err)
	}
}
