package ovsdb

import (
	"fmt"

	"landbridge/internal/hwvtep"
)

// The tables that a Client follows.
const (
	tableGlobal     = "Global"
	tableSwitch     = "Physical_Switch"
	tablePort       = "Physical_Port"
	tableLogical    = "Logical_Switch"
	tableLocator    = "Physical_Locator"
	tableLocatorSet = "Physical_Locator_Set"
	tableUcast      = "Ucast_Macs_Remote"
	tableMcast      = "Mcast_Macs_Remote"
	tableUcastLocal = "Ucast_Macs_Local"
	tableMcastLocal = "Mcast_Macs_Local"
)

// needed has the columns that every version of the schema has, by table. The tables
// of local MACs are a switch's own: their rows keep their logical switch from
// being deleted.
var needed = map[string][]string{
	tableGlobal:     {"switches"},
	tableSwitch:     {"name", "description", "ports", "tunnel_ips", "switch_fault_status"},
	tablePort:       {"name", "description", "vlan_bindings", "vlan_stats", "port_fault_status"},
	tableLogical:    {"name", "description", "tunnel_key"},
	tableLocator:    {"encapsulation_type", "dst_ip"},
	tableLocatorSet: {"locators"},
	tableUcast:      {"MAC", "logical_switch", "locator", "ipaddr"},
	tableMcast:      {"MAC", "logical_switch", "locator_set"},
	tableUcastLocal: {"MAC", "logical_switch", "locator"},
	tableMcastLocal: {"MAC", "logical_switch", "locator_set"},
}

// followed gives the columns to follow in a table, with those that came later where
// the server has them.
func followed(table string, s hwvtep.Schema) []string {
	out := append([]string(nil), needed[table]...)
	add := func(there bool, column string) {
		if there {
			out = append(out, column)
		}
	}
	switch table {
	case tableGlobal, tableSwitch:
		add(s.OtherConfig, "other_config")
	case tableLocator:
		add(s.LocatorKeys, "tunnel_key")
	case tableLogical:
		add(s.Replication, "replication_mode")
		add(s.LogicalConfig, "other_config")
	}
	return out
}

// lacking finds what is needed and a schema does not have.
func (s *dbSchema) lacking() error {
	for _, table := range order {
		for _, column := range needed[table] {
			if !s.has(table, column) {
				return fmt.Errorf("no column %s in table %s", column, table)
			}
		}
	}
	return nil
}
