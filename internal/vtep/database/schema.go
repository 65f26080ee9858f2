package database

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"

	"landbridge/internal/hwvtep"
)

// databaseName is the name that the schema must have.
const databaseName = "hardware_vtep"

// Schema is a schema of OVSDB (RFC 7047 section 3.2). It is not changed once it
// is made.
type Schema struct {
	Version string // three numbers: 1.7.0
	doc     map[string]any
}

// ParseSchema reads a schema and refuses one of another database.
func ParseSchema(text []byte) (Schema, error) {
	var doc map[string]any
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&doc); err != nil {
		return Schema{}, fmt.Errorf("not a schema of OVSDB: %w", err)
	}
	if name := doc["name"]; name != databaseName {
		return Schema{}, fmt.Errorf("a schema of database %v, want %s", name, databaseName)
	}
	s := Schema{doc: doc}
	s.Version, _ = doc["version"].(string)
	if _, ok := numbers(s.Version); !ok {
		return Schema{}, fmt.Errorf("version %q is not three numbers with dots between", s.Version)
	}
	if encapsulationKey(s.doc) == nil {
		return Schema{}, fmt.Errorf("no column encapsulation_type in table Physical_Locator")
	}
	return s, nil
}

// LoadSchema reads a schema from a file.
func LoadSchema(file string) (Schema, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return Schema{}, fmt.Errorf("read the installed schema (Debian package openvswitch-vtep): %w", err)
	}
	s, err := ParseSchema(text)
	if err != nil {
		return s, fmt.Errorf("%s: %w", file, err)
	}
	return s, nil
}

// JSON gives the schema as ovsdb-tool and ovsdb-client take it.
func (s Schema) JSON() []byte {
	doc := maps.Clone(s.doc)
	delete(doc, "cksum") // of the text as it was
	doc["version"] = s.Version
	text, err := json.MarshalIndent(doc, "", "  ")
	if err != nil {
		panic(err) // it was made of JSON
	}
	return append(text, '\n')
}

// Extended gives the schema with the values of encapsulation_type that it lacks,
// and a raised version; the schema itself where it lacks none. All else stays as
// it is.
func (s Schema) Extended() Schema {
	key, plain := encapsulationKey(s.doc).(map[string]any)
	if !plain || key["enum"] == nil { // any text is taken
		return s
	}
	values := enum(key)
	have := hwvtep.SetOf(values...)
	for _, e := range hwvtep.Encapsulations() {
		if !have.Has(string(e)) {
			values = append(values, string(e))
		}
	}
	if len(values) == len(have) {
		return s
	}
	out := Schema{raised(s.Version), clone(s.doc).(map[string]any)}
	encapsulationKey(out.doc).(map[string]any)["enum"] = set(values)
	return out
}

// encapsulationKey gives the base type of Physical_Locator.encapsulation_type:
// the name of a type, or an object; nil where the schema has no such column.
func encapsulationKey(doc map[string]any) any {
	t := member(doc, "tables", "Physical_Locator", "columns", "encapsulation_type")["type"]
	if object, ok := t.(map[string]any); ok {
		return object["key"]
	}
	return t
}

// member gives an object inside of an object; nil where there is none.
func member(doc map[string]any, path ...string) map[string]any {
	for _, name := range path {
		doc, _ = doc[name].(map[string]any)
	}
	return doc
}

// enum gives the values that a base type allows. A set of one may stand there
// without its braces.
func enum(key map[string]any) []string {
	list := []any{key["enum"]}
	if pair, ok := key["enum"].([]any); ok && len(pair) == 2 {
		list, _ = pair[1].([]any)
	}
	var out []string
	for _, v := range list {
		if word, ok := v.(string); ok {
			out = append(out, word)
		}
	}
	return out
}

func set(values []string) []any {
	list := []any{}
	for _, v := range values {
		list = append(list, v)
	}
	return []any{"set", list}
}

// clone copies what JSON is made of.
func clone(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for name, inner := range v {
			out[name] = clone(inner)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, inner := range v {
			out[i] = clone(inner)
		}
		return out
	}
	return v
}
