package architecture

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// alert is a rule of docs/examples/alerts.yaml, which has nothing else.
type alert struct {
	Alert       string
	Expr        string
	For         string
	Labels      map[string]string
	Annotations map[string]string
}

// metricsOf has where the metrics of each program are named.
var metricsOf = map[string]string{
	"landbridge_server_": "internal/server/metrics", "landbridge_agent_": "internal/agent/metrics", "landbridge_vtepd_": "internal/vtep",
}

// Every alert is about metrics that the programs have.
func TestAlertsAreOfMetricsThatThereAre(t *testing.T) {
	text, err := os.ReadFile("../../docs/examples/alerts.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Groups []struct {
			Name  string
			Rules []alert
		}
	}
	if err := yaml.UnmarshalWithOptions(text, &file, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile(`\b(landbridge_[a-z]+_)([a-z_]+)`)
	var seen []string
	for _, a := range file.Groups[0].Rules {
		metrics := named.FindAllStringSubmatch(a.Expr, -1)
		if len(metrics) == 0 || a.Annotations["summary"] == "" || !slices.Contains([]string{"warning", "critical"}, a.Labels["severity"]) {
			t.Errorf("alert %q has no metric, summary or severity", a.Alert)
		}
		if slices.Contains(seen, a.Alert) {
			t.Errorf("two alerts are called %s", a.Alert)
		}
		seen = append(seen, a.Alert)
		for _, m := range metrics {
			if !names(t, metricsOf[m[1]], m[2]) {
				t.Errorf("alert %s: there is no metric %s%s", a.Alert, m[1], m[2])
			}
		}
	}
	if len(seen) < 10 {
		t.Errorf("%d alerts", len(seen))
	}
}

// names tells whether a package names a metric.
func names(t *testing.T, folder, metric string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("../..", folder, "*.go"))
	if err != nil || folder == "" {
		return false
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(file, "_test.go") && strings.Contains(string(text), `"`+metric+`"`) {
			return true
		}
	}
	return false
}
