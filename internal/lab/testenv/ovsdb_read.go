package testenv

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"testing"
)

// Row is a row as OVSDB writes it in JSON (RFC 7047 section 5.1): a set is
// ["set", [...]], a reference ["uuid", "..."]. It has "_uuid", and "_version",
// which changes with every change to the row.
type Row = map[string]any

// Tables has the rows of a database by table, then by UUID.
type Tables map[string]map[string]Row

// Dump gives all of the database as text, for people.
func (o *OVSDB) Dump(t testing.TB) string {
	t.Helper()
	out, err := o.client("dump", o.Unix, "hardware_vtep")
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Rows gives the rows of one table.
func (o *OVSDB) Rows(t testing.TB, table string) []Row {
	t.Helper()
	return o.Transact(t, Row{"op": "select", "table": table, "where": []any{}})[0].Rows
}

// Tables gives all of the database.
func (o *OVSDB) Tables(t testing.TB) Tables {
	t.Helper()
	names := o.tableNames(t)
	ops := make([]any, len(names))
	for i, name := range names {
		ops[i] = Row{"op": "select", "table": name, "where": []any{}}
	}
	out := Tables{}
	for i, result := range o.Transact(t, ops...) {
		out[names[i]] = map[string]Row{}
		for _, row := range result.Rows {
			out[names[i]][UUID(row["_uuid"])] = row
		}
	}
	return out
}

// UUID gives the UUID of a reference ["uuid", "..."]; "" of anything else.
func UUID(v any) string {
	if pair, ok := v.([]any); ok && len(pair) == 2 && pair[0] == "uuid" {
		id, _ := pair[1].(string)
		return id
	}
	return ""
}

// Result is the answer to one operation of Transact.
type Result struct {
	UUID    any    `json:"uuid"` // of insert
	Rows    []Row  `json:"rows"` // of select
	Count   int    `json:"count"`
	Error   string `json:"error"`
	Details string `json:"details"`
}

// Transact carries out operations (RFC 7047 section 5.2) in one transaction,
// as another client of the database would. The test fails if one of them does.
func (o *OVSDB) Transact(t testing.TB, operations ...any) []Result {
	t.Helper()
	request, err := json.Marshal(append([]any{"hardware_vtep"}, operations...))
	if err != nil {
		t.Fatal(err)
	}
	out, err := o.client("transact", o.Unix, string(request))
	if err != nil {
		t.Fatal(err)
	}
	var results []Result
	if err := json.Unmarshal([]byte(out), &results); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	for _, r := range results {
		if r.Error != "" {
			t.Fatalf("transaction %s: %s: %s", request, r.Error, r.Details)
		}
	}
	return results
}

// VTEPCtl runs vtep-ctl on the database and gives what it prints.
func (o *OVSDB) VTEPCtl(t testing.TB, arguments ...string) string {
	t.Helper()
	args := append([]string{"--timeout=10", "--db=" + o.Unix}, arguments...)
	out, err := exec.Command("vtep-ctl", args...).CombinedOutput()
	if err != nil {
		t.Fatalf("vtep-ctl %q (Debian package openvswitch-vtep): %v: %s", args, err, out)
	}
	return string(out)
}

func (o *OVSDB) tableNames(t testing.TB) []string {
	t.Helper()
	out, err := o.client("list-tables", "-f", "json", o.Unix, "hardware_vtep")
	if err != nil {
		t.Fatal(err)
	}
	var listing struct{ Data [][]string }
	if err := json.Unmarshal([]byte(out), &listing); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	names := make([]string, len(listing.Data))
	for i, row := range listing.Data {
		names[i] = row[0]
	}
	return names
}

func (o *OVSDB) client(arguments ...string) (string, error) {
	out, err := exec.Command("ovsdb-client", append([]string{"--timeout=10", "-vconsole:off"}, arguments...)...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("ovsdb-client %q: %w: %s", arguments, err, out)
	}
	return string(out), nil
}
