package report_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"landbridge/bench/report"
)

func figures() []report.Figure {
	return []report.Figure{
		report.New("create, 16 clients", 1234.56, "requests/s").Beside("neutron-server", 20.04, 61.61).Aimed("≥ 20×", true),
		report.New("memory", 70.26, "MiB").Aimed("< 64 MiB", false),
		report.New("p95 of <a page>", 0.0123456, "ms"),
	}
}

func TestTable(t *testing.T) {
	const want = `| figure | value | rival | its value | ratio | aim | met |
| --- | ---: | --- | ---: | ---: | --- | --- |
| create, 16 clients | 1230 requests/s | neutron-server | 20 | 61.6 | ≥ 20× | yes |
| memory | 70.3 MiB |  |  |  | < 64 MiB | **no** |
| p95 of <a page> | 0.0123 ms |  |  |  |  |  |
`
	if diff := cmp.Diff(want, report.Table(figures())); diff != "" {
		t.Error(diff)
	}
}

func TestWrite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results", "x.json")
	if err := report.Write(path, figures()); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var got []map[string]any
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	want := []map[string]any{
		{
			"figure": "create, 16 clients", "value": 1230.0, "unit": "requests/s",
			"rival": "neutron-server", "rival_value": 20.0, "ratio": 61.6, "aim": "≥ 20×", "met": true,
		},
		{"figure": "memory", "value": 70.3, "unit": "MiB", "rival": "", "rival_value": nil, "ratio": nil, "aim": "< 64 MiB", "met": false},
		{"figure": "p95 of <a page>", "value": 0.0123, "unit": "ms", "rival": "", "rival_value": nil, "ratio": nil, "aim": "", "met": nil},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	var back []report.Figure
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(figures(), back); diff != "" {
		t.Error(diff)
	}
}

func TestFinishKeepsAllSections(t *testing.T) {
	dir := t.TempDir()
	if err := report.Finish(dir, "x.json", nil); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "x.json")); err == nil {
		t.Error("a run that has found out nothing overwrites the last figures")
	}
	all := figures()
	if err := report.Finish(dir, "x.json", []report.Section{{Title: "a", Figures: all[:1]}, {Title: "b", Figures: all[1:]}}); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "x.json"))
	var got []report.Figure
	if err != nil || json.Unmarshal(text, &got) != nil || cmp.Diff(all, got) != "" {
		t.Errorf("%s, %v", text, err)
	}
}
