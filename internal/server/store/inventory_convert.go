package store

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"landbridge/internal/hwvtep"
)

// spread turns the inventory of one database into rows.
func spread(inv hwvtep.Inventory) (r inventoryRows, err error) {
	var j jsonColumns
	r.databases = []databaseRow{{
		Database: inv.Database, Error: inv.Error, SchemaVersion: inv.Schema.Version,
		LocatorKeys: inv.Schema.LocatorKeys, Encapsulations: j.write(inv.Schema.Encapsulations),
		Replication: inv.Schema.Replication, OtherConfig: inv.Schema.OtherConfig, LogicalConfig: inv.Schema.LogicalConfig,
	}}
	for i, s := range inv.Switches {
		r.switches = append(r.switches, switchRow{
			Database: inv.Database, Position: i, Name: s.Name, Description: s.Description,
			TunnelIPs: j.write(s.TunnelIPs), Faults: j.write(s.Faults), OtherConfig: j.write(s.OtherConfig),
		})
		for _, p := range s.Ports {
			r.ports = append(r.ports, portRow{
				Database: inv.Database, Position: len(r.ports), SwitchPosition: i,
				Name: p.Name, Description: p.Description, Faults: j.write(p.Faults),
			})
		}
	}
	for i, l := range inv.Logical {
		r.logical = append(r.logical, logicalRow{
			Database: inv.Database, Position: i, Name: l.Name, Key: keyColumn(l.Key), Confirmed: l.Confirmed, Error: l.Error,
		})
	}
	for i, l := range inv.Locators {
		r.locators = append(r.locators, locatorRow{
			Database: inv.Database, Position: i, Encapsulation: string(l.Encapsulation),
			Addr: addrText(l.Addr), Key: keyColumn(l.Key),
		})
	}
	return r, j.err
}

// gather turns rows back into inventories.
func (r inventoryRows) gather() ([]hwvtep.Inventory, error) {
	var j jsonColumns
	out := make([]hwvtep.Inventory, len(r.databases))
	at := map[string]*hwvtep.Inventory{}
	for i, d := range r.databases {
		out[i] = hwvtep.Inventory{Database: d.Database, Error: d.Error, Schema: hwvtep.Schema{
			Version: d.SchemaVersion, LocatorKeys: d.LocatorKeys, Replication: d.Replication, OtherConfig: d.OtherConfig,
			LogicalConfig: d.LogicalConfig,
		}}
		j.read(d.Encapsulations, &out[i].Schema.Encapsulations)
		at[d.Database] = &out[i]
	}
	for _, s := range r.switches {
		v := hwvtep.PhysicalSwitch{Name: s.Name, Description: s.Description}
		j.read(s.TunnelIPs, &v.TunnelIPs)
		j.read(s.Faults, &v.Faults)
		j.read(s.OtherConfig, &v.OtherConfig)
		at[s.Database].Switches = append(at[s.Database].Switches, v)
	}
	for _, p := range r.ports {
		v := hwvtep.PhysicalPort{Name: p.Name, Description: p.Description}
		j.read(p.Faults, &v.Faults)
		s := &at[p.Database].Switches[p.SwitchPosition]
		s.Ports = append(s.Ports, v)
	}
	for _, l := range r.logical {
		at[l.Database].Logical = append(at[l.Database].Logical, hwvtep.LogicalRow{
			Name: l.Name, Key: key(l.Key), Confirmed: l.Confirmed, Error: l.Error,
		})
	}
	return out, errors.Join(j.err, gatherLocators(at, r.locators))
}

func gatherLocators(at map[string]*hwvtep.Inventory, rows []locatorRow) error {
	for _, l := range rows {
		addr, err := parseAddr(l.Addr)
		if err != nil {
			return fmt.Errorf("physical_locators.dst_ip of %s: %w", l.Database, err)
		}
		at[l.Database].Locators = append(at[l.Database].Locators, hwvtep.Locator{
			Encapsulation: hwvtep.Encapsulation(l.Encapsulation), Addr: addr, Key: key(l.Key),
		})
	}
	return nil
}

func keyColumn(k hwvtep.Key) sql.NullInt64 {
	vni, ok := k.Get()
	return sql.NullInt64{Int64: int64(vni), Valid: ok}
}

func key(n sql.NullInt64) hwvtep.Key {
	if !n.Valid {
		return hwvtep.Key{}
	}
	return hwvtep.NewKey(uint32(n.Int64))
}

// jsonColumns writes and reads lists and maps in columns, and keeps the first
// error.
type jsonColumns struct{ err error }

func (j *jsonColumns) write(v any) string {
	text, err := json.Marshal(v)
	if err != nil && j.err == nil {
		j.err = fmt.Errorf("write %v as JSON: %w", v, err)
	}
	return string(text)
}

func (j *jsonColumns) read(text string, v any) {
	if err := json.Unmarshal([]byte(text), v); err != nil && j.err == nil {
		j.err = fmt.Errorf("read %q as JSON: %w", text, err)
	}
}
