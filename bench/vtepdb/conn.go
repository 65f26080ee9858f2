package vtepdb

import (
	"encoding/json"
	"fmt"
	"net"
	"strings"
)

const database = "hardware_vtep"

// message is one of JSON-RPC, as OVSDB has it (RFC 7047, section 4).
type message struct {
	ID     any             `json:"id"`
	Method string          `json:"method,omitempty"`
	Params json.RawMessage `json:"params,omitempty"`
	Result json.RawMessage `json:"result,omitempty"`
	Error  any             `json:"error"`
}

// conn is a connection. One goroutine at a time uses it.
type conn struct {
	net.Conn
	in *json.Decoder
}

// dial connects to an address as "unix:/path".
func dial(address string) (*conn, error) {
	network, at, _ := strings.Cut(address, ":")
	c, err := net.Dial(network, at)
	if err != nil {
		return nil, err
	}
	return &conn{c, json.NewDecoder(c)}, nil
}

// send asks for something; the answer is the next message but for notifications.
func (c *conn) send(method string, params ...any) error {
	return json.NewEncoder(c).Encode(map[string]any{"id": method, "method": method, "params": params})
}

// next gives the next message. What only asks whether we live is answered.
func (c *conn) next() (message, error) {
	for {
		var m message
		if err := c.in.Decode(&m); err != nil {
			return m, err
		}
		if m.Method != "echo" {
			return m, nil
		}
		if err := json.NewEncoder(c).Encode(map[string]any{"id": m.ID, "result": m.Params, "error": nil}); err != nil {
			return m, err
		}
	}
}

// answer gives the result of what was sent last.
func (c *conn) answer() (json.RawMessage, error) {
	m, err := c.next()
	if err == nil && m.Error != nil {
		err = fmt.Errorf("ovsdb-server: %v", m.Error)
	}
	return m.Result, err
}
