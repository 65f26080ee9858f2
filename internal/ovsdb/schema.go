package ovsdb

import (
	"encoding/json"
	"slices"

	"landbridge/internal/hwvtep"
)

// databaseName is the database that a Client follows.
const databaseName = "hardware_vtep"

// dbSchema is what is used of an answer to get_schema (RFC 7047 section 3.2).
type dbSchema struct {
	Version string `json:"version"`
	Tables  map[string]struct {
		Columns map[string]struct {
			Type json.RawMessage `json:"type"`
		} `json:"columns"`
	} `json:"tables"`
}

func (s *dbSchema) has(table, column string) bool { return has(s.Tables[table].Columns, column) }

// detect reads from a server's schema what it offers beyond the oldest one.
func (s *dbSchema) detect() hwvtep.Schema {
	replication := s.has(tableLogical, "replication_mode")
	return hwvtep.Schema{
		Version:        s.Version,
		LocatorKeys:    s.has(tableLocator, "tunnel_key"),
		Replication:    replication,
		OtherConfig:    s.has(tableGlobal, "other_config") && s.has(tableSwitch, "other_config"),
		LogicalConfig:  replication && s.has(tableLogical, "other_config"), // which came later
		Encapsulations: s.encapsulations(),
	}
}

// encapsulations gives the values of the enum, sorted. A schema of another kind
// gives none.
func (s *dbSchema) encapsulations() []hwvtep.Encapsulation {
	var kind struct {
		Key struct {
			Enum json.RawMessage `json:"enum"`
		} `json:"key"`
	}
	column := s.Tables[tableLocator].Columns["encapsulation_type"]
	if json.Unmarshal(column.Type, &kind) != nil {
		return nil
	}
	out := enum(kind.Key.Enum)
	slices.Sort(out)
	return out
}

// enum reads ["set", [values]], or a single value.
func enum(text json.RawMessage) []hwvtep.Encapsulation {
	var one hwvtep.Encapsulation
	if json.Unmarshal(text, &one) == nil {
		return []hwvtep.Encapsulation{one}
	}
	var set [2]json.RawMessage
	var values []hwvtep.Encapsulation
	if json.Unmarshal(text, &set) != nil || json.Unmarshal(set[1], &values) != nil {
		return nil
	}
	return values
}
