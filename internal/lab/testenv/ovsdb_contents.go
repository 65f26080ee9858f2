package testenv

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"landbridge/internal/hwvtep"
)

// Contents gives all of the database by table, each row as text, with what it
// refers to in place of UUIDs. Two databases that hold the same give the same.
func (o *OVSDB) Contents(t testing.TB) map[string][]string {
	t.Helper()
	tables := o.Tables(t)
	byID := map[string]Row{}
	for _, table := range tables {
		maps.Copy(byID, table)
	}
	out := map[string][]string{}
	for name, table := range tables {
		for _, row := range table {
			text, err := json.Marshal(resolve(row, byID, nil))
			if err != nil {
				t.Fatal(err)
			}
			out[name] = append(out[name], string(text))
		}
		slices.Sort(out[name])
	}
	return out
}

// resolve puts rows in place of references, and drops what differs between
// equal databases: UUIDs, versions, the numbers by which agent and switch
// confirm changes to each other, and who has the database.
func resolve(v any, byID map[string]Row, path []string) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for column, value := range v {
			if column != "_uuid" && column != "_version" {
				out[column] = resolve(value, byID, path)
			}
		}
		return out
	case []any:
		if id := UUID(v); id != "" {
			if slices.Contains(path, id) {
				return "above"
			}
			return resolve(map[string]any(byID[id]), byID, append(path[:len(path):len(path)], id))
		}
		return resolveList(v, byID, path)
	}
	return v
}

// passing are the keys of other_config that differ between equal databases.
var passing = []any{hwvtep.Wanted, hwvtep.Done, hwvtep.Epoch, hwvtep.Agent}

func resolveList(list []any, byID map[string]Row, path []string) any {
	out := []any{}
	for _, v := range list {
		if pair, ok := v.([]any); !ok || len(pair) != 2 || !slices.Contains(passing, pair[0]) {
			out = append(out, resolve(v, byID, path))
		}
	}
	// A set's order means nothing.
	slices.SortFunc(out, func(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	return out
}
