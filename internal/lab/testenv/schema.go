package testenv

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// SchemaWithout writes a schema like VTEPSchema that lacks some columns
// ("Table.column") or tables ("Table"), as older switches do, and gives its file.
func SchemaWithout(t testing.TB, names ...string) string {
	t.Helper()
	return ChangedSchema(t, func(schema map[string]any) {
		tables := schema["tables"].(map[string]any)
		for _, name := range names {
			table, column, ok := strings.Cut(name, ".")
			if !ok {
				delete(tables, table)
				continue
			}
			dropColumn(tables[table].(map[string]any), column)
		}
	})
}

// ChangedSchema writes VTEPSchema as change leaves it, and gives its file.
func ChangedSchema(t testing.TB, change func(schema map[string]any)) string {
	t.Helper()
	b, err := os.ReadFile(VTEPSchema)
	if err != nil {
		t.Fatalf("%v (Debian package openvswitch-vtep)", err)
	}
	var schema map[string]any
	if err := json.Unmarshal(b, &schema); err != nil {
		t.Fatal(err)
	}
	delete(schema, "cksum")
	change(schema)
	if b, err = json.Marshal(schema); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "schema.ovsschema")
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// dropColumn takes a column out of a table and its indexes.
func dropColumn(table map[string]any, column string) {
	delete(table["columns"].(map[string]any), column)
	indexes, _ := table["indexes"].([]any)
	for i, index := range indexes {
		var left []any
		for _, c := range index.([]any) {
			if c != column {
				left = append(left, c)
			}
		}
		indexes[i] = left
	}
}
