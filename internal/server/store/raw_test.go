package store_test

import (
	"database/sql"
	"path/filepath"
	"strings"
	"testing"

	"landbridge/internal/server/store"
)

// raw opens a database file beside the store, as another program would.
func raw(t *testing.T, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?_txlock=immediate")
	must(t, db, err)
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// holdWriteLock keeps all other writers out until the test ends.
func holdWriteLock(t *testing.T, path string) {
	t.Helper()
	tx, err := raw(t, path).Begin()
	must(t, tx, err)
	t.Cleanup(func() {
		if err := tx.Rollback(); err != nil {
			t.Error(err)
		}
	})
}

func checkWords(t testing.TB, what string, err error, words ...string) {
	t.Helper()
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("%s: message %q does not say %q", what, err, word)
		}
	}
}

func TestNewerSchemaIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	s, err := store.Open(t.Context(), "sqlite:"+path)
	if err := must(t, s, err).Close(); err != nil {
		t.Fatal(err)
	}
	_, err = raw(t, path).Exec("INSERT INTO goose_db_version (version_id, is_applied) VALUES (900, TRUE)")
	must(t, 0, err)
	s, err = store.Open(t.Context(), "sqlite:"+path)
	if err == nil {
		t.Fatalf("opened %v", s)
	}
	checkWords(t, "newer schema", err, "newer schema", "900", "landbridge-server")
}

func TestTables(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	open(t, path)
	db := raw(t, path)
	for table, columns := range map[string][]string{
		"l2gateways":                 {"id", "name"},
		"l2gatewaydevices":           {"device_name", "l2_gateway_id"},
		"l2gatewayinterfaces":        {"interface_name", "device_id", "segmentation_id"},
		"l2gatewayconnections":       {"l2_gateway_id", "network_id", "segmentation_id"},
		"l2remotegateways":           {"ipaddr"},
		"l2remotegatewayconnections": {"l2_gateway_id", "network_id", "l2_remote_gateway_id", "segmentation_id", "flood"},
		"l2remotemacs":               {"mac", "ipaddr", "rgw_connection"},
		"physical_switches":          {"name", "tunnel_ip", "ovsdb_identifier", "switch_fault_status"},
		"physical_ports":             {"name", "port_fault_status"},
		"logical_switches":           {"name", "tunnel_key"},
		"physical_locators":          {"dst_ip", "tunnel_key", "encapsulation_type"},
	} {
		var n int
		row := db.QueryRow("SELECT COUNT(" + strings.Join(columns, ") + COUNT(") + ") FROM " + table)
		if err := row.Scan(&n); err != nil {
			t.Errorf("%s: %v", table, err)
		}
	}
}
