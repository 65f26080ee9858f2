package testenv

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestEventuallyLooksAgain(t *testing.T) {
	looks := 0
	Eventually(t, time.Second, "three looks", func() error {
		if looks++; looks < 3 {
			return errors.New("not yet")
		}
		return nil
	})
	if looks != 3 {
		t.Errorf("%d looks, want 3", looks)
	}
}

func TestOVSDBKeepsItsRowsUntilWiped(t *testing.T) {
	authority := NewAuthority(t)
	db := StartOVSDB(t, WithTLS(authority.Issue(t, "server")))
	db.VTEPCtl(t, "add-ps", "sw0")
	db.Transact(t, Row{"op": "insert", "table": "Logical_Switch", "row": Row{"name": "ls0"}})
	db.Compact(t)
	for _, end := range []func(testing.TB){db.Stop, db.Kill} {
		end(t)
		db.Start(t)
		if rows := db.Rows(t, "Logical_Switch"); len(rows) != 1 || rows[0]["name"] != "ls0" {
			t.Fatalf("after a restart: %v", rows)
		}
	}
	for _, address := range []string{db.Unix, db.TCP} {
		if out, err := db.client("list-dbs", address); err != nil || !strings.Contains(out, "hardware_vtep") {
			t.Errorf("%s: %q, %v", address, out, err)
		}
	}
	client := authority.Issue(t, "client")
	if _, err := db.client("-p", client.Key, "-c", client.Cert, "-C", client.CA, "list-dbs", db.SSL); err != nil {
		t.Error(err)
	}
	tables := db.Tables(t)
	if len(tables["Logical_Switch"]) != 1 || len(tables["Physical_Switch"]) != 1 || !strings.Contains(db.Dump(t), "ls0") {
		t.Errorf("tables: %v", tables)
	}
	db.Wipe(t)
	if rows := db.Rows(t, "Logical_Switch"); len(rows) != 0 {
		t.Errorf("after a wipe: %v", rows)
	}
}

// Databases that hold the same have the same contents, whatever the UUIDs are.
func TestOVSDBContents(t *testing.T) {
	fill := func(number int) *OVSDB {
		db := StartOVSDB(t)
		db.VTEPCtl(t, "add-ps", "sw0", "--", "add-port", "sw0", "p0", "--", "set", "Global", ".",
			fmt.Sprint("other_config:landbridge-wanted=", number))
		return db
	}
	one, other := fill(1), fill(2)
	if d := cmp.Diff(one.Contents(t), other.Contents(t)); d != "" {
		t.Errorf("equal databases differ:\n%s", d)
	}
	other.VTEPCtl(t, "add-port", "sw0", "p1")
	if d := cmp.Diff(one.Contents(t), other.Contents(t)); !strings.Contains(d, "p1") {
		t.Errorf("different databases do not differ:\n%s", d)
	}
}
