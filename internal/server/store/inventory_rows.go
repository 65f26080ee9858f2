package store

import (
	"database/sql"

	"github.com/uptrace/bun"
)

// The rows of an inventory. They are comparable, so that what has changed of a
// table is found without knowing the table.

type databaseRow struct {
	bun.BaseModel  `bun:"table:hardware_vteps"`
	Database       string `bun:"ovsdb_identifier,pk"`
	Error          string `bun:"error"`
	SchemaVersion  string `bun:"schema_version"`
	LocatorKeys    bool   `bun:"locator_keys"`
	Encapsulations string `bun:"encapsulations"` // JSON
	Replication    bool   `bun:"replication"`
	OtherConfig    bool   `bun:"other_config"`
	LogicalConfig  bool   `bun:"logical_config"`
}

type switchRow struct {
	bun.BaseModel `bun:"table:physical_switches"`
	Database      string `bun:"ovsdb_identifier,pk"`
	Position      int    `bun:"position,pk"`
	Name          string `bun:"name"`
	Description   string `bun:"description"`
	TunnelIPs     string `bun:"tunnel_ip"`           // JSON
	Faults        string `bun:"switch_fault_status"` // JSON
	OtherConfig   string `bun:"other_config"`        // JSON
}

type portRow struct {
	bun.BaseModel  `bun:"table:physical_ports"`
	Database       string `bun:"ovsdb_identifier,pk"`
	Position       int    `bun:"position,pk"`
	SwitchPosition int    `bun:"switch_position"`
	Name           string `bun:"name"`
	Description    string `bun:"description"`
	Faults         string `bun:"port_fault_status"` // JSON
}

type logicalRow struct {
	bun.BaseModel `bun:"table:logical_switches"`
	Database      string        `bun:"ovsdb_identifier,pk"`
	Position      int           `bun:"position,pk"`
	Name          string        `bun:"name"`
	Key           sql.NullInt64 `bun:"tunnel_key"`
	Confirmed     bool          `bun:"confirmed"`
	Error         string        `bun:"error"`
}

type locatorRow struct {
	bun.BaseModel `bun:"table:physical_locators"`
	Database      string        `bun:"ovsdb_identifier,pk"`
	Position      int           `bun:"position,pk"`
	Encapsulation string        `bun:"encapsulation_type"`
	Addr          string        `bun:"dst_ip"`
	Key           sql.NullInt64 `bun:"tunnel_key"`
}
