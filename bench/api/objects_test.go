package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"landbridge/bench/load"
)

// kind is a kind of objects that are made, shown, listed and deleted.
type kind struct {
	name   string // of one, and its envelope
	plural string
	path   string
	// body gives the attributes of the object with a number.
	body func(n int) string
}

func (k kind) post(n int, see func([]byte) error) load.Request {
	return load.Request{Method: http.MethodPost, Path: k.path, Body: fmt.Appendf(nil, `{%q:%s}`, k.name, k.body(n)), See: see}
}

func (k kind) bulk(from, n int, see func([]byte) error) load.Request {
	all := make([]string, n)
	for i := range all {
		all[i] = k.body(from + i)
	}
	return load.Request{Method: http.MethodPost, Path: k.path, Body: fmt.Appendf(nil, `{%q:[%s]}`, k.plural, strings.Join(all, ",")), See: see}
}

func (k kind) at(method, id string) load.Request {
	return load.Request{Method: method, Path: k.path + "/" + id}
}

// id reads the ID of the one object in an answer.
func (k kind) id(body []byte) (string, error) {
	var answer map[string]struct{ ID string }
	if err := json.Unmarshal(body, &answer); err != nil {
		return "", err
	}
	if answer[k.name].ID == "" {
		return "", fmt.Errorf("an answer without %s.id: %s", k.name, body)
	}
	return answer[k.name].ID, nil
}

// ids reads the IDs of the objects in an answer.
func (k kind) ids(body []byte) ([]string, error) {
	var answer map[string][]struct{ ID string }
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, err
	}
	var out []string
	for _, v := range answer[k.plural] {
		out = append(out, v.ID)
	}
	if len(out) == 0 {
		return nil, errors.New("an answer without " + k.plural)
	}
	return out, nil
}

// made makes one object and gives its ID.
func made(b *testing.B, c *load.Client, k kind) (id string) {
	b.Helper()
	_, err := c.Do(b.Context(), k.post(0, func(body []byte) (err error) {
		id, err = k.id(body)
		return err
	}))
	if err != nil {
		b.Fatal(err)
	}
	return id
}

// remoteGateways have addresses of 10.0.0.0/8.
func remoteGateways() kind {
	return kind{"l2_remote_gateway", "l2_remote_gateways", "/v2.0/l2-remote-gateways", func(n int) string {
		return fmt.Sprintf(`{"name":"remote-%d","ipaddr":"10.%d.%d.%d"}`, n, n>>16, n>>8&255, n&255)
	}}
}

func gateways() kind {
	return kind{"l2_gateway", "l2_gateways", "/v2.0/l2-gateways", func(n int) string {
		return fmt.Sprintf(`{"name":"gateway-%d","devices":[{"device_name":"sw"}]}`, n)
	}}
}

// connections connect a network each to one gateway.
func connections(gateway string) kind {
	return kind{"l2_gateway_connection", "l2_gateway_connections", "/v2.0/l2-gateway-connections", func(n int) string {
		return fmt.Sprintf(`{"l2_gateway_id":%q,"network_id":%q}`, gateway, networkID(n))
	}}
}

func remoteConnections(gateway, remote string) kind {
	return kind{"l2_remote_gateway_connection", "l2_remote_gateway_connections", "/v2.0/l2-remote-gateway-connections", func(n int) string {
		return fmt.Sprintf(`{"l2_gateway_id":%q,"network_id":%q,"l2_remote_gateway_id":%q}`, gateway, networkID(n), remote)
	}}
}

func remoteMACs(connection string) kind {
	return kind{"l2_remote_mac", "l2_remote_macs", "/v2.0/l2-remote-macs", func(n int) string {
		a, b, c := n>>16&255, n>>8&255, n&255
		return fmt.Sprintf(`{"mac":"02:00:00:%02x:%02x:%02x","ipaddr":"10.%d.%d.%d","rgw_connection":%q}`, a, b, c, a, b, c, connection)
	}}
}

// networks are Neutron's.
func networks() kind {
	return kind{"network", "networks", "/v2.0/networks", func(n int) string {
		return fmt.Sprintf(`{"name":"network-%d"}`, n)
	}}
}
