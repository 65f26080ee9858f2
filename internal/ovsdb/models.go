package ovsdb

import (
	"maps"
	"slices"
	"unique"

	"github.com/ovn-kubernetes/libovsdb/model"
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

// A row type has the columns that every version of the schema has; libovsdb
// refuses a server that lacks one. Columns that came later are in a second type
// of the table, which usedModels takes where the server has them.

type globalRow struct {
	UUID     string   `ovsdb:"_uuid"`
	Switches []string `ovsdb:"switches"`
}

type globalConfigRow struct {
	UUID        string            `ovsdb:"_uuid"`
	Switches    []string          `ovsdb:"switches"`
	OtherConfig map[string]string `ovsdb:"other_config"`
}

type switchRow struct {
	UUID        string   `ovsdb:"_uuid"`
	Name        string   `ovsdb:"name"`
	Description string   `ovsdb:"description"`
	Ports       []string `ovsdb:"ports"`
	TunnelIPs   []string `ovsdb:"tunnel_ips"`
	Faults      []string `ovsdb:"switch_fault_status"`
}

type switchConfigRow struct {
	UUID        string            `ovsdb:"_uuid"`
	Name        string            `ovsdb:"name"`
	Description string            `ovsdb:"description"`
	Ports       []string          `ovsdb:"ports"`
	TunnelIPs   []string          `ovsdb:"tunnel_ips"`
	Faults      []string          `ovsdb:"switch_fault_status"`
	OtherConfig map[string]string `ovsdb:"other_config"`
}

type portRow struct {
	UUID        string         `ovsdb:"_uuid"`
	Name        string         `ovsdb:"name"`
	Description string         `ovsdb:"description"`
	Bindings    map[int]string `ovsdb:"vlan_bindings"`
	Stats       map[int]string `ovsdb:"vlan_stats"`
	Faults      []string       `ovsdb:"port_fault_status"`
}

type logicalRow struct {
	UUID        string `ovsdb:"_uuid"`
	Name        string `ovsdb:"name"`
	Description string `ovsdb:"description"`
	Key         *int   `ovsdb:"tunnel_key"`
}

type logicalReplicationRow struct {
	UUID        string  `ovsdb:"_uuid"`
	Name        string  `ovsdb:"name"`
	Description string  `ovsdb:"description"`
	Key         *int    `ovsdb:"tunnel_key"`
	Replication *string `ovsdb:"replication_mode"`
}

type logicalConfigRow struct {
	UUID        string            `ovsdb:"_uuid"`
	Name        string            `ovsdb:"name"`
	Description string            `ovsdb:"description"`
	Key         *int              `ovsdb:"tunnel_key"`
	Replication *string           `ovsdb:"replication_mode"`
	OtherConfig map[string]string `ovsdb:"other_config"`
}

type locatorRow struct {
	UUID          string `ovsdb:"_uuid"`
	Encapsulation string `ovsdb:"encapsulation_type"`
	DstIP         string `ovsdb:"dst_ip"`
}

type locatorKeyRow struct {
	UUID          string `ovsdb:"_uuid"`
	Encapsulation string `ovsdb:"encapsulation_type"`
	DstIP         string `ovsdb:"dst_ip"`
	Key           *int   `ovsdb:"tunnel_key"`
}

type locatorSetRow struct {
	UUID     string   `ovsdb:"_uuid"`
	Locators []string `ovsdb:"locators"`
}

type ucastRow struct {
	UUID          string `ovsdb:"_uuid"`
	MAC           string `ovsdb:"MAC"`
	LogicalSwitch string `ovsdb:"logical_switch"`
	Locator       string `ovsdb:"locator"`
	IPAddr        string `ovsdb:"ipaddr"`
}

type mcastRow struct {
	UUID          string `ovsdb:"_uuid"`
	MAC           string `ovsdb:"MAC"`
	LogicalSwitch string `ovsdb:"logical_switch"`
	LocatorSet    string `ovsdb:"locator_set"`
}

// ucastLocalRow and mcastLocalRow are rows that a switch writes. They keep their
// logical switch from being deleted. They are types of their own, since libovsdb
// tells tables apart by type.

type ucastLocalRow struct {
	UUID          string `ovsdb:"_uuid"`
	MAC           string `ovsdb:"MAC"`
	LogicalSwitch string `ovsdb:"logical_switch"`
	Locator       string `ovsdb:"locator"`
}

type mcastLocalRow struct {
	UUID          string `ovsdb:"_uuid"`
	MAC           string `ovsdb:"MAC"`
	LogicalSwitch string `ovsdb:"logical_switch"`
	LocatorSet    string `ovsdb:"locator_set"`
}

// CloneModel and CloneModelInto spare libovsdb a way through JSON for the rows
// that there are many of.

// CloneModel implements model.CloneableModel.
func (r *ucastRow) CloneModel() model.Model {
	c := *r
	c.LogicalSwitch, c.Locator = shared(r.LogicalSwitch), shared(r.Locator)
	return &c
}

// CloneModelInto implements model.CloneableModel.
func (r *ucastRow) CloneModelInto(m model.Model) { copyInto(m, r) }

// CloneModel implements model.CloneableModel.
func (r *mcastRow) CloneModel() model.Model { c := *r; return &c }

// CloneModelInto implements model.CloneableModel.
func (r *mcastRow) CloneModelInto(m model.Model) { copyInto(m, r) }

// CloneModel implements model.CloneableModel.
func (r *ucastLocalRow) CloneModel() model.Model { c := *r; return &c }

// CloneModelInto implements model.CloneableModel.
func (r *ucastLocalRow) CloneModelInto(m model.Model) { copyInto(m, r) }

// CloneModel implements model.CloneableModel.
func (r *locatorSetRow) CloneModel() model.Model {
	return &locatorSetRow{UUID: r.UUID, Locators: slices.Clone(r.Locators)}
}

// CloneModelInto implements model.CloneableModel.
func (r *locatorSetRow) CloneModelInto(m model.Model) { copyInto(m, r.CloneModel().(*locatorSetRow)) }

// CloneModel implements model.CloneableModel.
func (r *portRow) CloneModel() model.Model {
	c := *r
	c.Bindings, c.Stats, c.Faults = maps.Clone(r.Bindings), maps.Clone(r.Stats), slices.Clone(r.Faults)
	return &c
}

// CloneModelInto implements model.CloneableModel.
func (r *portRow) CloneModelInto(m model.Model) { copyInto(m, r.CloneModel().(*portRow)) }

// shared gives a string of the same text that all rows share: very many refer to
// few.
func shared(s string) string { return unique.Make(s).Value() }

func copyInto[T any](m model.Model, from *T) {
	if to, ok := m.(*T); ok {
		*to = *from
	}
}
