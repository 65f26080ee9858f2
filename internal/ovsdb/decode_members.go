package ovsdb

import (
	"fmt"
	"net/netip"

	"landbridge/internal/ethernet"
	"landbridge/internal/ovsdb/wire"
)

func (d *decoder) locator(r row) change {
	c := &locatorRow{row: r}
	d.columns(r, func(column []byte) {
		switch string(column) {
		case "encapsulation_type":
			c.encapsulation.set(d.word())
		case "dst_ip":
			c.addr.set(d.text())
		case "tunnel_key":
			c.key.set(d.optionalInt())
		default:
			d.in.Skip()
		}
	})
	return c
}

func (d *decoder) locatorSet(r row) change {
	c := &locatorSetRow{row: r}
	var ids []wire.UUID
	if d.again != nil {
		ids = d.again.locators[:0]
		defer func() { d.again.locators = c.locators.value }() // with the room that it has now
	}
	d.columns(r, func(column []byte) {
		if string(column) == "locators" {
			c.locators.set(d.appendUUIDs(ids))
		} else {
			d.in.Skip()
		}
	})
	return c
}

func (d *decoder) ucast(r row) change {
	c := &ucastRow{row: r}
	if d.again != nil {
		c = &d.again.ucast
		*c = ucastRow{row: r}
	}
	if r.what == wire.Whole {
		c.badMAC = noMAC
	}
	d.columns(r, func(column []byte) {
		switch string(column) {
		case "MAC":
			d.mac(c)
		case "ipaddr":
			d.addr(c)
		case "logical_switch":
			c.ls.set(d.uuid())
		case "locator":
			c.locator.set(d.uuid())
		default:
			d.in.Skip()
		}
	})
	return c
}

// mac reads the MAC of a unicast row; the schema takes any text.
func (d *decoder) mac(c *ucastRow) {
	text := d.in.Text()
	mac, err := ethernet.ParseMAC(string(text))
	c.mac.set(mac)
	c.badMAC = ""
	if err != nil {
		c.badMAC = badMAC(text)
	}
}

// noMAC is badMAC of a row that names none.
const noMAC = `MAC "" is not an address`

func badMAC(text []byte) string { return fmt.Sprintf("MAC %q is not an address", text) }

// addr reads the address of a unicast row; the schema takes any text.
func (d *decoder) addr(c *ucastRow) {
	text := d.in.Text()
	if len(text) == 0 {
		c.addr.set(netip.Addr{})
		return
	}
	addr, err := netip.ParseAddr(string(text))
	c.addr.set(addr)
	if err != nil || addr.Zone() != "" { // a zone says something on one machine alone
		c.badAddr = fmt.Sprintf("ipaddr %q is not an address", text)
	}
}

func (d *decoder) mcast(r row) change {
	c := &mcastRow{row: r}
	d.columns(r, func(column []byte) {
		switch string(column) {
		case "MAC":
			c.mac.set(d.word())
		case "logical_switch":
			c.ls.set(d.uuid())
		case "locator_set":
			c.set.set(d.uuid())
		default:
			d.in.Skip()
		}
	})
	return c
}

func (d *decoder) local(table string, r row) change {
	c := &localRow{row: r, table: table}
	d.columns(r, func(column []byte) {
		switch string(column) {
		case "MAC":
			c.mac.set(d.text())
		case "logical_switch":
			c.ls.set(d.uuid())
		case "locator", "locator_set":
			c.at.set(d.uuid())
		default:
			d.in.Skip()
		}
	})
	return c
}
