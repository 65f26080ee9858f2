package store_test

import (
	"strings"
	"testing"

	"landbridge/internal/server/store"
)

// holdWriteLock keeps all other writers out until the test ends.
func (on suite) holdWriteLock(t *testing.T, p store.Place) {
	t.Helper()
	tx, err := p.Raw(t).Begin()
	must(t, tx, err)
	_, err = tx.Exec(on.Lock)
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

func (on suite) TestTables(t *testing.T) {
	p := on.New(t)
	open(t, p.DSN)
	db := p.Raw(t)
	for table, columns := range map[string][]string{
		"l2gateways":                 {"id", "name"},
		"l2gatewaydevices":           {"device_name", "l2_gateway_id"},
		"l2gatewayinterfaces":        {"interface_name", "device_id", "segmentation_id"},
		"l2gatewayconnections":       {"l2_gateway_id", "network_id", "segmentation_id"},
		"l2remotegateways":           {"ipaddr"},
		"l2remotegatewayconnections": {"l2_gateway_id", "network_id", "l2_remote_gateway_id", "segmentation_id", "flood", "filter"},
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
