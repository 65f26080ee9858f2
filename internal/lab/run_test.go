package lab

import (
	"slices"
	"testing"
)

func TestSumCounter(t *testing.T) {
	text := `# HELP x_total Packets.
# TYPE x_total counter
x_total{reason="a",side="wan"} 3
x_total{reason="b",side="wan"} 4e+01
x_totally 7
y_total 5
`
	for _, c := range []struct {
		name, label string
		want        float64
	}{
		{"x_total", "", 43},
		{"x_total", `reason="a"`, 3},
		{"x_total", `reason="c"`, 0},
		{"y_total", "", 5},
		{"z_total", "", 0},
	} {
		if got, err := sumCounter(text, c.name, c.label); err != nil || got != c.want {
			t.Errorf("%s with %s: %v, %v; want %v", c.name, c.label, got, err, c.want)
		}
	}
	if _, err := sumCounter("x_total{} many", "x_total", ""); err == nil {
		t.Error("read a number where there is none")
	}
}

func TestOverride(t *testing.T) {
	got := override([]string{"p", "--a", "1", "--b", "2"}, []string{"--a", "3", "--c", "4"})
	if want := []string{"p", "--b", "2", "--a", "3", "--c", "4"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
