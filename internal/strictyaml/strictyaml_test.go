package strictyaml

import (
	"errors"
	"strings"
	"testing"
)

type doc struct {
	Name  Value   `yaml:"name"`
	Count Value   `yaml:"count"`
	List  []Value `yaml:"list"`
	Items []item  `yaml:"items"`
}

type item struct {
	MAC Value `yaml:"mac"`
}

func TestValuesKeepTheirTextAndLine(t *testing.T) {
	var d doc
	err := Decode("f.yaml", []byte(`# comment
name: "blue # green"
count: 007
list: [1.50, true, ~, 'x', 00:11:22:33:44:55]
items:
  - mac: 112233445566
  - mac: fa:16:3e:00:00:01
  - {}
`), &d)
	if err != nil {
		t.Fatal(err)
	}
	check := func(what string, got Value, text string, line int) {
		t.Helper()
		if got.Text != text || got.Line != line || got.Set != (text != "") {
			t.Errorf("%s is %+v, want %q in line %d", what, got, text, line)
		}
	}
	check("name", d.Name, "blue # green", 2)
	check("count", d.Count, "007", 3)
	for i, want := range []string{"1.50", "true", "", "x", "00:11:22:33:44:55"} {
		if d.List[i].Text != want {
			t.Errorf("list[%d] is %+v, want %q", i, d.List[i], want)
		}
	}
	check("a MAC of digits", d.Items[0].MAC, "112233445566", 6)
	check("a MAC", d.Items[1].MAC, "fa:16:3e:00:00:01", 7)
	check("an absent one", d.Items[2].MAC, "", 0)
	if d.Items[2].MAC.Or("other") != "other" || d.Name.Or("other") != d.Name.Text {
		t.Error("Or must give the other text where the key is not set, and there only")
	}
}

func TestErrorsNameFileLineAndRule(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"unknown key", "name: x\nlisen: y\n", `f.yaml:2: unknown field "lisen"`},
		{"unknown key inside", "items:\n  - mac: x\n  - mca: y\n", `f.yaml:3: unknown field "mca"`},
		{"key twice", "name: x\nname: y\n", "f.yaml:2: "},
		{"a map for a value", "name:\n  a: b\n", "f.yaml:2: name: is a "},
		{"a list for a value", "count: [1]\n", "f.yaml:1: count"},
		{"a value for a list", "name: x\nitems: 5\n", "f.yaml:2: "},
		{"not YAML", "name: [\n", "f.yaml:1: "},
		{"a tab", "name: x\n\titems: 5\n", "f.yaml:2: "},
		{"two documents", "name: x\n---\nname: y\n", "f.yaml: has more than one YAML document"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := Decode("f.yaml", []byte(c.in), new(doc))
			if err == nil || !strings.HasPrefix(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %v, want one line beginning %q", err, c.want)
			}
		})
	}
}

func TestEmptyLeavesAllAsItIs(t *testing.T) {
	for _, in := range []string{"", "\n", "# only a comment\n"} {
		if err := Decode("f.yaml", []byte(in), new(doc)); err != nil {
			t.Errorf("%q: %v", in, err)
		}
	}
}

func TestBad(t *testing.T) {
	err := Value{Text: "x", Line: 4, Set: true}.Bad("f.yaml", "items[0].mac", "is not %s", "a MAC")
	if want := `f.yaml:4: items[0].mac: "x": is not a MAC`; err.Error() != want {
		t.Errorf("%q, want %q", err, want)
	}
	if e, ok := errors.AsType[*Error](err); !ok || e.Line != 4 {
		t.Errorf("%#v", err)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add("name: x\nitems:\n  - mac: y\n")
	f.Add("a: &a {b: *a}\n")
	f.Fuzz(func(_ *testing.T, in string) {
		_ = Decode("f.yaml", []byte(in), new(doc)) // must not panic
	})
}
