package wire

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// heard writes down what messages say, one line for each thing.
func heard(s *Scanner) string {
	var out strings.Builder
	say := func(format string, args ...any) { fmt.Fprintf(&out, format+"\n", args...) }
	table := func(name []byte) RowReader {
		if string(name) == "Other" {
			return nil
		}
		of := string(name)
		return func(id UUID, c Change) {
			say("%s %s %s", of, id, [...]string{"", "whole", "diff", "gone"}[c])
			if c == Gone {
				return
			}
			s.Object(func(column []byte) {
				name := string(column)
				if name == "map" {
					s.Map(func(k, v *Atom) { say("  %s %s: %s", name, atomText(k), atomText(v)) })
				} else {
					s.Set(func(a *Atom) { say("  %s %s", name, atomText(a)) })
				}
			})
		}
	}
	for {
		m, err := s.Message(Handler{
			Result:  func() { say("results %+v", s.Results()) },
			Updates: func() { s.Updates(table) },
		})
		if errors.Is(err, io.EOF) {
			return out.String()
		}
		if err != nil {
			say("error: %v", err)
			return out.String()
		}
		say("message %q id %s params %s error %s", m.Method, m.ID, m.Params, m.Error)
	}
}

func atomText(a *Atom) string {
	switch a.Kind {
	case Row:
		return a.UUID.String()
	case Integer:
		return fmt.Sprint(a.Int)
	}
	return fmt.Sprintf("%s %q", a.Kind, a.Text)
}

// Messages as ovsdb-server and others write them, and what they are understood as.
func TestGoldenMessages(t *testing.T) {
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile(strings.TrimSuffix(file, ".json") + ".txt")
		if err != nil {
			t.Error(err)
		}
		for _, s := range []*Scanner{scan(string(text)), tiny(string(text))} {
			if diff := cmp.Diff(string(want), heard(s)); diff != "" {
				t.Errorf("%s:\n%s", file, diff)
			}
		}
	}
}

// Whatever comes, a reader ends, and has the same of it whatever the pieces.
func FuzzMessage(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.json")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Fuzz(func(t *testing.T, text string) {
		if diff := cmp.Diff(heard(tiny(text)), heard(scan(text))); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestUUIDs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var u UUID
		copy(u[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "bytes"))
		for _, text := range []string{u.String(), strings.ToUpper(u.String())} {
			if got, ok := ParseUUID([]byte(text)); !ok || got != u {
				t.Fatalf("%s became %s", text, got)
			}
		}
		spoilt := []byte(u.String())
		spoilt[rapid.IntRange(0, textLen-1).Draw(t, "place")] = rapid.SampledFrom([]byte("g-G/:@`")).Draw(t, "sign")
		if got, ok := ParseUUID(spoilt); ok && got.String() != string(spoilt) {
			t.Fatalf("%s became %s", spoilt, got)
		}
	})
	if _, ok := ParseUUID([]byte("1234")); ok {
		t.Error("too short")
	}
}

// anyValue draws what can stand in a column, with what a Scanner has to understand.
func anyValue(t *rapid.T) (Value, []string) {
	atom := func(t *rapid.T) Value {
		switch rapid.IntRange(0, 2).Draw(t, "kind") {
		case 0:
			return rapid.String().Draw(t, "text")
		case 1:
			return rapid.Int().Draw(t, "number")
		}
		return UUID{rapid.Byte().Draw(t, "UUID")}
	}
	text := func(v Value) string {
		switch v := v.(type) {
		case string:
			return atomText(&Atom{Kind: Text, Text: []byte(v)})
		case int:
			return fmt.Sprint(v)
		}
		return v.(UUID).String()
	}
	var out []string
	switch rapid.IntRange(0, 2).Draw(t, "form") {
	case 0:
		v := atom(t)
		return v, []string{text(v)}
	case 1:
		set := Set{}
		for range rapid.IntRange(0, 4).Draw(t, "elements") {
			set = append(set, atom(t))
			out = append(out, text(set[len(set)-1]))
		}
		return set, out
	}
	pairs := Map{}
	for range rapid.IntRange(0, 4).Draw(t, "pairs") {
		p := Pair{atom(t), atom(t)}
		pairs = append(pairs, p)
		out = append(out, text(p.Key)+": "+text(p.Value))
	}
	return pairs, out
}

func TestValuesAreReadAsTheyWereWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value, want := anyValue(t)
		text := string(appendValue(nil, value)) + " "
		for _, s := range []*Scanner{scan(text), tiny(text)} {
			var got []string
			if _, pairs := value.(Map); pairs {
				s.Map(func(k, v *Atom) { got = append(got, atomText(k)+": "+atomText(v)) })
			} else {
				s.Set(func(a *Atom) { got = append(got, atomText(a)) })
			}
			if diff := cmp.Diff(want, got); diff != "" || s.Err() != nil {
				t.Fatalf("%s: %v\n%s", text, s.Err(), diff)
			}
		}
	})
}

func TestValuesThatAreNone(t *testing.T) {
	for text, want := range map[string]string{
		`["map",[]]`: "no set", `["named-uuid","x"]`: "no set", `["set"]`: "less than two", `["set",[],1]`: "more than two",
		`["uuid","x"]`: "no UUID", `["set",[["set",[]]]]`: "no element", `{}`: "invalid character", `null`: "invalid character",
		`[]`: "less than two", `["uuid",5]`: "invalid character", `1.5`: "no integer",
	} {
		s := scan(text + " ")
		if s.Set(func(*Atom) {}); s.Err() == nil || !strings.Contains(s.Err().Error(), want) {
			t.Errorf("%s: %v, want %q", text, s.Err(), want)
		}
	}
	for text, want := range map[string]string{
		`["set",[]]`: "no map", `["map",[[1]]]`: "less than two", `["map",[[1,2,3]]]`: "more than two", `5`: "invalid character",
	} {
		s := scan(text + " ")
		if s.Map(func(*Atom, *Atom) {}); s.Err() == nil || !strings.Contains(s.Err().Error(), want) {
			t.Errorf("%s: %v, want %q", text, s.Err(), want)
		}
	}
}

func TestResultsAreBounded(t *testing.T) {
	s := scan("[" + strings.Repeat("null,", mostResults) + "null]")
	if s.Results(); s.Err() == nil || !strings.Contains(s.Err().Error(), "more than") {
		t.Error(s.Err())
	}
	s = scan(`[{"error":"` + strings.Repeat("x", 2*mostWords) + `"}]`)
	if r := s.Results(); len(r) != 1 || len(r[0].Error) != mostWords {
		t.Errorf("%d results", len(r))
	}
}

func TestOperations(t *testing.T) {
	id := UUID{1}
	ops := []Operation{
		{Op: Wait, Table: "Global", Columns: []string{"_uuid"}, Rows: []Columns{{"_uuid": id}}, Where: []Condition{{"other_config", Includes, Texts{"b": "1", "a": "\n"}}}},
		{Op: Insert, Table: "T", UUIDName: "row1", Row: Columns{"b": Set{Named("x"), 5}, "a": "\"x\\"}},
		{Op: Insert, Table: "T"},
		{Op: Update, Table: "T", Where: []Condition{{"_uuid", Equal, id}}, Row: Columns{"n": -1}},
		{Op: Mutate, Table: "T", Where: []Condition{{"_uuid", Equal, id}}, Mutations: []Mutation{{"m", Insert, Map{{5, id}}}, {"m", Delete, Set{}}}},
		{Op: Delete, Table: "T"},
		{Op: Select, Table: "T", Columns: []string{"a", "b"}},
		{Op: Comment, Comment: "who"},
	}
	const uuid = `["uuid","01000000-0000-0000-0000-000000000000"]`
	want := `["db",` + strings.Join([]string{
		`{"op":"wait","table":"Global","timeout":0,"until":"==","rows":[{"_uuid":` + uuid + `}],"columns":["_uuid"],"where":[["other_config","includes",["map",[["a","\u000a"],["b","1"]]]]]}`,
		`{"op":"insert","table":"T","uuid-name":"row1","row":{"a":"\"x\\","b":["set",[["named-uuid","x"],5]]}}`,
		`{"op":"insert","table":"T","row":{}}`,
		`{"op":"update","table":"T","row":{"n":-1},"where":[["_uuid","==",` + uuid + `]]}`,
		`{"op":"mutate","table":"T","mutations":[["m","insert",["map",[[5,` + uuid + `]]]],["m","delete",["set",[]]]],"where":[["_uuid","==",` + uuid + `]]}`,
		`{"op":"delete","table":"T","where":[]}`,
		`{"op":"select","table":"T","columns":["a","b"],"where":[]}`,
		`{"op":"comment","comment":"who"}`,
	}, ",") + `]`
	got := Transaction("db", ops)
	if diff := cmp.Diff(want, string(got)); diff != "" || !json.Valid(got) {
		t.Errorf("JSON: %v\n%s", json.Valid(got), diff)
	}
	defer func() {
		if recover() == nil {
			t.Error("a value of no kind is written")
		}
	}()
	appendValue(nil, 1.5)
}
