package ovsdb

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/ovn-kubernetes/libovsdb/model"
	"github.com/ovn-kubernetes/libovsdb/ovsdb"

	"landbridge/internal/hwvtep"
)

// databaseName is the database that a Client follows.
const databaseName = "hardware_vtep"

// detect reads from a server's schema what it offers beyond the oldest one.
func detect(s ovsdb.DatabaseSchema) hwvtep.Schema {
	replication := hasColumn(s, tableLogical, "replication_mode")
	return hwvtep.Schema{
		Version:        s.Version,
		LocatorKeys:    hasColumn(s, tableLocator, "tunnel_key"),
		Replication:    replication,
		OtherConfig:    hasColumn(s, tableGlobal, "other_config") && hasColumn(s, tableSwitch, "other_config"),
		LogicalConfig:  replication && hasColumn(s, tableLogical, "other_config"), // which came later
		Encapsulations: encapsulations(s),
	}
}

func hasColumn(s ovsdb.DatabaseSchema, table, column string) bool {
	t := s.Table(table)
	return t != nil && t.Column(column) != nil
}

// encapsulations gives the values of the enum, sorted. A schema of another kind
// gives none.
func encapsulations(s ovsdb.DatabaseSchema) []hwvtep.Encapsulation {
	t := s.Table(tableLocator)
	if t == nil {
		return nil
	}
	c := t.Column("encapsulation_type")
	if c == nil || c.TypeObj == nil || c.TypeObj.Key == nil {
		return nil
	}
	var out []hwvtep.Encapsulation
	for _, v := range c.TypeObj.Key.Enum {
		out = append(out, hwvtep.Encapsulation(fmt.Sprint(v)))
	}
	slices.Sort(out)
	return out
}

// probeModels ask a server for no more than being a hardware_vtep database.
func probeModels() map[string]model.Model {
	return map[string]model.Model{tableLogical: &logicalRow{}}
}

// usedModels are the row types to use with a server.
func usedModels(s hwvtep.Schema) map[string]model.Model {
	return map[string]model.Model{
		tableGlobal:     either[model.Model](s.OtherConfig, &globalConfigRow{}, &globalRow{}),
		tableSwitch:     either[model.Model](s.OtherConfig, &switchConfigRow{}, &switchRow{}),
		tablePort:       &portRow{},
		tableLogical:    logicalModel(s),
		tableLocator:    either[model.Model](s.LocatorKeys, &locatorKeyRow{}, &locatorRow{}),
		tableLocatorSet: &locatorSetRow{},
		tableUcast:      &ucastRow{},
		tableMcast:      &mcastRow{},
		tableUcastLocal: &ucastLocalRow{},
		tableMcastLocal: &mcastLocalRow{},
	}
}

func logicalModel(s hwvtep.Schema) model.Model {
	if s.LogicalConfig {
		return &logicalConfigRow{}
	}
	return either[model.Model](s.Replication, &logicalReplicationRow{}, &logicalRow{})
}

func either[T any](first bool, a, b T) T {
	if first {
		return a
	}
	return b
}

// columns gives the columns of a row type, without _uuid.
func columns(m model.Model) []string {
	t := reflect.TypeOf(m).Elem()
	var out []string
	for i := range t.NumField() {
		if c := t.Field(i).Tag.Get("ovsdb"); c != "_uuid" {
			out = append(out, c)
		}
	}
	return out
}
