package ovsdb

import (
	"crypto/x509"
	"errors"
	"fmt"
	"slices"

	"landbridge/internal/ovsdb/wire"
)

// mostGreeting bounds what a caller may send before it has said who it is: the
// schema has about 20 kB.
const mostGreeting = 1 << 20

// ask has the caller tell its schema and its switches.
func (c *Caller) ask() error {
	c.link = newLink(c.conn)
	c.link.intake.most = mostGreeting
	var err error
	if c.schema, err = c.link.askSchema(); err != nil {
		return fmt.Errorf("the caller has no database %s: %w", databaseName, err)
	}
	if err := c.askNames(); err != nil {
		return err
	}
	c.link.intake.most = 0
	return nil
}

// askNames reads the switches that Global has.
func (c *Caller) askNames() error {
	ops := []wire.Operation{
		{Op: wire.Select, Table: tableGlobal, Columns: []string{"switches"}},
		{Op: wire.Select, Table: tableSwitch, Columns: []string{"_uuid", "name"}},
	}
	var results [][]selected
	err := c.link.call(methodTransact, wire.Transaction(databaseName, ops), func(in *wire.Scanner) {
		d := newDecoder(in, nil)
		in.Array(func() { results = append(results, d.selected()) })
	})
	if err != nil {
		return fmt.Errorf("the caller does not tell its switches: %w", err)
	}
	if len(results) < len(ops) {
		return errors.New("the caller does not tell its switches")
	}
	for _, global := range results[0] {
		for _, row := range results[1] {
			if slices.Contains(global.switches, row.id) {
				c.Switches = append(c.Switches, row.name)
			}
		}
	}
	if len(c.Switches) == 0 {
		return errors.New("the caller has no switch yet: its database has no Physical_Switch")
	}
	slices.Sort(c.Switches)
	return nil
}

// selected is a row of Global, or of Physical_Switch.
type selected struct {
	id       wire.UUID
	name     string
	switches []wire.UUID
}

// selected reads the result of a select.
func (d *decoder) selected() (rows []selected) {
	if d.in.Null() {
		return nil
	}
	d.in.Object(func(member []byte) {
		if string(member) == "rows" {
			d.in.Array(func() { rows = append(rows, d.selectedRow()) })
		} else {
			d.in.Skip()
		}
	})
	return rows
}

func (d *decoder) selectedRow() (r selected) {
	d.in.Object(func(column []byte) {
		switch string(column) {
		case "_uuid":
			r.id = d.uuid()
		case "name":
			r.name = d.text()
		case "switches":
			r.switches = d.uuids()
		default:
			d.in.Skip()
		}
	})
	return r
}

// namesOf gives what a certificate is called, its common name, or else its whole
// subject, first.
func namesOf(c *x509.Certificate) []string {
	names := append([]string{c.Subject.CommonName, c.Subject.String()}, c.DNSNames...)
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	for _, u := range c.URIs {
		names = append(names, u.String())
	}
	names = append(names, c.EmailAddresses...)
	if names[0] == "" {
		names = names[1:]
	}
	return slices.DeleteFunc(names, func(s string) bool { return s == "" })
}
