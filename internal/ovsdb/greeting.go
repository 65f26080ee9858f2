package ovsdb

import (
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/ovn-kubernetes/libovsdb/ovsdb"
)

// mostGreeting bounds what a caller may send before it has said who it is: the
// schema has about 20 kB.
const mostGreeting = 1 << 20

// message is a request, a notification or an answer of JSON-RPC 1.0.
type message struct {
	ID     json.RawMessage `json:"id"`
	Method string          `json:"method,omitempty"`
	Params json.RawMessage `json:"params,omitempty"`
	Result json.RawMessage `json:"result,omitempty"`
	Error  json.RawMessage `json:"error,omitempty"`
}

// greeting is the beginning of a connection, before libovsdb has it.
type greeting struct {
	in  *json.Decoder
	out io.Writer
}

// ask has the caller tell its schema and its switches.
func (c *Caller) ask() error {
	g := &greeting{json.NewDecoder(io.LimitReader(c.conn, mostGreeting)), c.conn}
	var schema ovsdb.DatabaseSchema
	if err := g.call(&schema, "get_schema", databaseName); err != nil {
		return fmt.Errorf("the caller has no database %s: %w", databaseName, err)
	}
	c.schema = detect(schema)
	if err := c.askNames(g); err != nil {
		return err
	}
	c.rest = io.MultiReader(g.in.Buffered(), c.conn)
	return nil
}

// askNames reads the switches that Global has.
func (c *Caller) askNames(g *greeting) error {
	var results []struct {
		Rows []struct {
			UUID     ovsdb.UUID   `json:"_uuid"`
			Name     string       `json:"name"`
			Switches ovsdb.OvsSet `json:"switches"`
		} `json:"rows"`
	}
	all := func(table string, columns ...string) ovsdb.Operation {
		return ovsdb.Operation{Op: ovsdb.OperationSelect, Table: table, Columns: columns}
	}
	if err := g.call(&results, "transact", databaseName, all(tableGlobal, "switches"), all(tableSwitch, "_uuid", "name")); err != nil {
		return fmt.Errorf("the caller does not tell its switches: %w", err)
	}
	if len(results) < 2 {
		return errors.New("the caller does not tell its switches")
	}
	for _, global := range results[0].Rows {
		for _, row := range results[1].Rows {
			if slices.Contains(global.Switches.GoSet, any(row.UUID)) {
				c.Switches = append(c.Switches, row.Name)
			}
		}
	}
	if len(c.Switches) == 0 {
		return errors.New("the caller has no switch yet: its database has no Physical_Switch")
	}
	slices.Sort(c.Switches)
	return nil
}

// call makes a request and waits for its answer. The caller's own requests are
// answered meanwhile: it may try whether the connection is alive.
func (g *greeting) call(result any, method string, params ...any) error {
	text, err := json.Marshal(params)
	if err != nil {
		return err
	}
	id := json.RawMessage(`"` + method + `"`)
	if err := g.send(message{ID: id, Method: method, Params: text}); err != nil {
		return err
	}
	for {
		var m message
		switch err := g.in.Decode(&m); {
		case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
			return fmt.Errorf("the connection ended, or more than %d bytes came", mostGreeting)
		case err != nil:
			return err
		case m.Method == "echo":
			if err := g.send(message{ID: m.ID, Result: m.Params, Error: json.RawMessage("null")}); err != nil {
				return err
			}
		case m.Method == "" && string(m.ID) == string(id):
			if m.Error != nil && string(m.Error) != "null" {
				return fmt.Errorf("it answers %s", m.Error)
			}
			return json.Unmarshal(m.Result, result)
		}
	}
}

func (g *greeting) send(m message) error {
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	_, err = g.out.Write(text)
	return err
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
