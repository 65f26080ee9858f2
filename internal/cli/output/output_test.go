package output_test

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"landbridge/internal/cli/output"
)

var update = flag.Bool("update", false, "write the golden files")

// knots is a value with structure and a text of its own.
type knots []string

func (k knots) String() string { return strings.Join(k, "\n") }

func columns() []output.Column {
	return []output.Column{
		{Name: "ID", Attribute: "id"},
		{Name: "Name", Attribute: "name"},
		{Name: "Tunnel Key", Attribute: "segmentation_id"},
		{Name: "Flood", Attribute: "flood"},
		{Name: "Knots", Attribute: "knots"},
		{Name: "Note", Attribute: "note", Extra: true},
	}
}

func rows() [][]any {
	return [][]any{
		{"b2", `two, "quoted"`, int64(9), true, knots{"bowline", "reef"}, "x"},
		{"b1", "größer <&>", int64(10), false, knots{}, nil},
		{"b3", "it's", int64(9), nil, knots{"hitch"}, "z"},
	}
}

func options() output.Options { return output.Options{Format: output.Table, Quote: "nonnumeric"} }

// TestGolden shows every format.
func TestGolden(t *testing.T) {
	var out strings.Builder
	section := func(name string, write func(o output.Options) error, change func(*output.Options)) {
		o := options()
		change(&o)
		fmt.Fprintf(&out, "== %s\n", name)
		if err := write(o); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	list := func(o output.Options) error { return output.List(&out, columns(), rows(), o) }
	one := func(o output.Options) error {
		return output.One(&out, columns(), rows()[0], o)
	}
	for _, f := range []string{"table", "json", "yaml", "csv", "value"} {
		section("list "+f, list, func(o *output.Options) { o.Format = f })
		section("one "+f, one, func(o *output.Options) { o.Format = f })
	}
	section("one shell", one, func(o *output.Options) {
		o.Format, o.Prefix, o.Columns = "shell", "b_", []string{"id", "tunnel key", "NAME"}
	})
	section("columns", list, func(o *output.Options) { o.Columns = []string{"note", "segmentation_id", "id"} })
	section("sorted", list, func(o *output.Options) {
		o.Columns, o.SortBy = []string{"ID", "tunnel_key"}, []string{"tunnel_key", "ID"}
	})
	section("sorted down", list, func(o *output.Options) {
		o.Columns, o.SortBy, o.Descending = []string{"ID", "tunnel_key"}, []string{"tunnel_key"}, true
	})
	section("narrow", list, func(o *output.Options) { o.MaxWidth = 50 })
	section("in one line", list, func(o *output.Options) { o.Format, o.NoIndent = "json", true })
	for _, q := range []string{"all", "minimal", "none"} {
		section("csv "+q, list, func(o *output.Options) { o.Format, o.Quote = "csv", q })
	}
	none := func(o output.Options) error { return output.List(&out, columns(), nil, o) }
	for _, f := range []string{"table", "json", "yaml", "csv", "value"} {
		section("nothing "+f, none, func(o *output.Options) { o.Format = f })
	}
	section("nothing, printed", none, func(o *output.Options) { o.PrintEmpty = true })
	compare(t, "formats.golden", out.String())
}

func compare(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; run the test with -update", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs; run the test with -update where that is wanted\n%s", path, diff)
	}
}

func TestCheck(t *testing.T) {
	for _, c := range []struct {
		name    string
		columns []output.Column
		change  func(*output.Options)
		want    string
	}{
		{"a list", columns(), func(*output.Options) {}, ""},
		{"one object", nil, func(o *output.Options) { o.Format, o.Columns = "shell", []string{"whatever"} }, ""},
		{"unknown format", nil, func(o *output.Options) { o.Format = "xml" }, `the format "xml" is unknown: there are table, json, yaml, csv, value, shell`},
		{"a list for shells", columns(), func(o *output.Options) { o.Format = "shell" }, `the format "shell" is unknown: there are table, json, yaml, csv, value`},
		{"unknown column", columns(), func(o *output.Options) { o.Columns = []string{"ID", "IDs"} }, `there is no column "IDs": there are ID, Name, Tunnel Key, Flood, Knots, Note`},
		{"unknown column to sort by", columns(), func(o *output.Options) { o.SortBy = []string{"age"} }, `there is no column "age": there are ID, Name, Tunnel Key, Flood, Knots, Note`},
		{"unknown quotes", columns(), func(o *output.Options) { o.Quote = "some" }, `--quote "some" is unknown: there are all, minimal, none, nonnumeric`},
	} {
		o := options()
		c.change(&o)
		got := ""
		if err := o.Check(c.columns); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s gave %q, wanted %q", c.name, got, c.want)
		}
	}
}

// TestShell lets a real shell read what has been written for it.
func TestShell(t *testing.T) {
	nasty := "a'b \"c\" $(touch x) `y` \\ \n!"
	var out strings.Builder
	o := options()
	o.Format = output.Shell
	if err := output.One(&out, []output.Column{{Name: "name"}}, []any{nasty}, o); err != nil {
		t.Fatal(err)
	}
	got, err := exec.Command("sh", "-c", out.String()+`printf %s "$name"`).Output()
	if err != nil || string(got) != nasty {
		t.Errorf("the shell read %q, %v; wanted %q", got, err, nasty)
	}
	o.Prefix = "2;rm "
	if err := output.One(&out, []output.Column{{Name: "name"}}, []any{""}, o); err == nil {
		t.Error("a prefix that is no name was taken")
	}
}

func TestTerminalsAreSafe(t *testing.T) {
	var out strings.Builder
	if err := output.One(&out, []output.Column{{Name: "name"}}, []any{"\x1b]0;owned\a\u009b"}, options()); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(out.String(), "\x1b\a\u009b") {
		t.Errorf("written: %q", out.String())
	}
}

// broken is a writer that is full.
type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestWriteErrorsAreTold(t *testing.T) {
	for _, f := range []string{"table", "json", "yaml", "csv", "value", "shell"} {
		o := options()
		o.Format = f
		if err := output.One(broken{}, []output.Column{{Name: "id"}}, []any{"x"}, o); err == nil {
			t.Errorf("%s: one object was written to a full disk", f)
		}
		if err := output.List(broken{}, columns(), nil, o); err == nil && f != "value" {
			t.Errorf("%s: a list was written to a full disk", f)
		}
	}
}

func TestJSONIsWhole(t *testing.T) {
	var out strings.Builder
	o := options()
	o.Format = output.JSON
	if err := output.List(&out, columns(), rows(), o); err != nil {
		t.Fatal(err)
	}
	var back []map[string]any
	if err := json.Unmarshal([]byte(out.String()), &back); err != nil || len(back) != 3 || back[0]["Knots"].([]any)[1] != "reef" {
		t.Errorf("%v, %v", back, err)
	}
}
