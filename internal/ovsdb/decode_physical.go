package ovsdb

func (d *decoder) global(r row) change {
	c := &globalRow{row: r}
	d.columns(r, func(column []byte) {
		switch string(column) {
		case "switches":
			c.switches.set(d.uuids())
		case "other_config":
			c.config.set(d.textMap())
		default:
			d.in.Skip()
		}
	})
	return c
}

func (d *decoder) logical(r row) change {
	c := &logicalRow{row: r}
	d.columns(r, func(column []byte) {
		switch string(column) {
		case "name":
			c.name.set(d.text())
		case "description":
			c.description.set(d.text())
		case "tunnel_key":
			c.key.set(d.optionalInt())
		case "replication_mode":
			c.replication.set(d.optionalText())
		case "other_config":
			c.config.set(d.textMap())
		default:
			d.in.Skip()
		}
	})
	return c
}

func (d *decoder) physical(r row) change {
	c := &switchRow{row: r}
	d.columns(r, func(column []byte) {
		switch string(column) {
		case "name":
			c.name.set(d.text())
		case "description":
			c.description.set(d.text())
		case "ports":
			c.ports.set(d.uuids())
		case "tunnel_ips":
			c.tunnelIPs.set(d.texts())
		case "switch_fault_status":
			c.faults.set(d.texts())
		case "other_config":
			c.config.set(d.textMap())
		default:
			d.in.Skip()
		}
	})
	return c
}

func (d *decoder) port(r row) change {
	c := &portRow{row: r}
	d.columns(r, func(column []byte) {
		switch string(column) {
		case "name":
			c.name.set(d.text())
		case "description":
			c.description.set(d.text())
		case "vlan_bindings":
			c.bindings.set(d.vlans())
		case "vlan_stats":
			c.stats.set(d.vlans())
		case "port_fault_status":
			c.faults.set(d.texts())
		default:
			d.in.Skip()
		}
	})
	return c
}
