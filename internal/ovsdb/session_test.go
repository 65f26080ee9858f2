package ovsdb

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"landbridge/internal/hwvtep"
	"landbridge/internal/lab/testenv"
)

// server listens for a test on a unix socket, and serves each client by itself until
// the client hangs up or the test ends.
func server(t *testing.T, serve func(conn net.Conn)) (address string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			serve(conn)
			_ = conn.Close()
		}
	}()
	t.Cleanup(func() { _ = l.Close(); <-ended })
	return "unix:" + path
}

// A server that is older than monitor_cond has what RFC 7047 has.
func TestAServerOfRFC7047AloneIsFollowed(t *testing.T) {
	db := testenv.StartOVSDB(t)
	db.VTEPCtl(t, "add-ps", "sw0", "--", "add-port", "sw0", "p0", "--", "add-port", "sw0", "p1")
	address := server(t, func(conn net.Conn) {
		inside, err := net.Dial("unix", strings.TrimPrefix(db.Unix, "unix:"))
		if err != nil {
			return
		}
		back := make(chan struct{})
		go func() { defer close(back); _, _ = io.Copy(conn, inside); _ = conn.Close() }()
		in := make([]byte, 1<<16)
		for n, err := conn.Read(in); err == nil; n, err = conn.Read(in) {
			_, _ = inside.Write(bytes.ReplaceAll(in[:n], []byte(`"method":"monitor_cond"`), []byte(`"method":"monitor_none"`)))
		}
		_ = inside.Close()
		<-back
	})
	writer, c := connected(t, db), start(t, Config{Address: address})
	testenv.Eventually(t, soon, "connected", c.Err)
	want := blue()
	for _, change := range []func(){
		func() { want.Bindings.Add(hwvtep.Binding{Switch: "sw0", Port: "p0", VLAN: 5}) },
		func() {
			want.Bindings = hwvtep.SetOf(hwvtep.Binding{Switch: "sw0", Port: "p0", VLAN: 6}, hwvtep.Binding{Switch: "sw0", Port: "p1", VLAN: 6})
		},
		func() { want.Ucast.Add(hwvtep.Ucast{MAC: mac(9), Locator: node2}) },
		func() { delete(want.Mcast, hwvtep.AcceptOnly); want.Key = hwvtep.NewKey(9) },
		func() { want.Gateways = nil },
	} {
		change()
		reach(t, writer, want)
		shows(t, c, want)
	}
	own := blue()
	own.Name = "landbridge/own"
	reach(t, c, own)
	db.VTEPCtl(t, "del-ps", "sw0")
	testenv.Eventually(t, soon, "all is gone", func() error {
		if n := len(c.PhysicalSwitches()); n > 0 {
			return fmt.Errorf("%d switches", n)
		}
		return nil
	})
	if log := db.Log(t); strings.Contains(log, "error") {
		t.Error(log)
	}
}

// script is a server that says what a test wants once its contents have been asked for.
type script struct {
	schema, contents string
	says             string                               // behind the contents
	answers          func(method string) (string, string) // result and error
	heard            chan string
}

// run serves one client. It answers what the client asks, and writes down what the
// client answers.
func (s *script) run(conn net.Conn) {
	for in := json.NewDecoder(conn); ; {
		var m struct {
			ID                    json.RawMessage
			Method                string
			Params, Result, Error json.RawMessage
		}
		if in.Decode(&m) != nil {
			return
		}
		result, failure, more := "[]", "null", ""
		switch m.Method {
		case "":
			s.heard <- fmt.Sprintf("%s %s %s", m.ID, m.Result, m.Error)
			continue
		case methodSchema:
			result = s.schema
		case methodMonitorCond:
			result, more = s.contents, s.says
		default:
			if s.answers != nil {
				result, failure = s.answers(m.Method)
			}
		}
		_, _ = fmt.Fprintf(conn, `{"id":%s,"result":%s,"error":%s}%s`, m.ID, result, failure, more)
	}
}

// speaks runs a client of a server that says that.
func speaks(t *testing.T, s *script) *Client {
	t.Helper()
	schema, err := os.ReadFile(testenv.VTEPSchema)
	if err != nil {
		t.Fatal(err)
	}
	if s.heard = make(chan string, 10); s.schema == "" {
		s.schema = string(schema)
	}
	if s.contents == "" {
		s.contents = "{}"
	}
	return start(t, Config{Address: server(t, s.run)})
}

func TestRequestsOfAServerAreAnswered(t *testing.T) {
	s := &script{says: `{"id":5,"method":"echo","params":["a",{"b":1}]}{"id":"x","method":"steal","params":[]}` +
		`{"id":null,"method":"locked","params":["y"]}{"id":99,"result":[],"error":null}{"id":6,"method":"echo","params":[]}`}
	c := speaks(t, s)
	testenv.Eventually(t, soon, "connected", c.Err)
	for _, want := range []string{`5 ["a",{"b":1}] null`, `"x" null "unknown method`, `6 [] null`} {
		if got := <-s.heard; !strings.HasPrefix(got, want) {
			t.Errorf("the answer is %s, want %s", got, want)
		}
	}
	if err := c.Err(); err != nil {
		t.Error(err)
	}
}

func TestWhatIsNoOVSDBEndsTheConnection(t *testing.T) {
	const id = "0f5e5ba9-43c5-4d62-9e1c-000000000001"
	update := func(text string) string { return `{"id":null,"method":"update2","params":[null,` + text + `]}` }
	for what, c := range map[string]struct {
		script
		want string
	}{
		"no schema":            {script{schema: `["x"]`}, "the schema:"},
		"a schema too large":   {script{schema: `"` + strings.Repeat("x", mostSchema) + `"`}, "a value of more than"},
		"contents of no form":  {script{contents: `[]`}, "invalid character"},
		"a change at first":    {script{contents: `{"Ucast_Macs_Remote":{"` + id + `":{"modify":{}}}}`}, "could not be followed"},
		"no JSON":              {script{says: "GET / HTTP/1.1"}, "invalid character 'G'"},
		"an unknown row":       {script{says: update(`{"Ucast_Macs_Remote":{"` + id + `":{"modify":{}}}}`)}, "the row " + id + " of Ucast_Macs_Remote"},
		"a MAC that is none":   {script{says: update(`{"Ucast_Macs_Remote":{"` + id + `":{"insert":{"MAC":5}}}}`)}, "invalid character '5'"},
		"a locator of text":    {script{says: update(`{"Ucast_Macs_Remote":{"` + id + `":{"insert":{"locator":"x"}}}}`)}, "a string in place of a UUID"},
		"a VLAN of text":       {script{says: update(`{"Physical_Port":{"` + id + `":{"insert":{"vlan_bindings":["map",[["x","y"]]]}}}}`)}, "a string in place of a integer"},
		"a config of numbers":  {script{says: update(`{"Global":{"` + id + `":{"insert":{"other_config":["map",[[1,2]]]}}}}`)}, "a integer in place of a string"},
		"the database removed": {script{says: `{"id":null,"method":"monitor_canceled","params":[null]}`}, "does not have the database hardware_vtep any more"},
	} {
		client := speaks(t, &c.script)
		testenv.Eventually(t, soon, what, func() error { return errorIs(client.Err(), c.want) })
	}
}

func TestTransactionsThatAreNotUnderstood(t *testing.T) {
	for _, c := range []struct{ result, failure, want string }{
		{"null", `"who are you"`, `it answers "who are you"`},
		{"[]", "null", "0 answers to 1 operations"},
		{`[{"error":"not supported","details":"x"}]`, "null", "refuses the change: not supported: x (insert Logical_Switch)"},
	} {
		client := speaks(t, &script{answers: func(method string) (string, string) {
			if method == methodTransact {
				return c.result, c.failure
			}
			return "[]", "null"
		}})
		testenv.Eventually(t, soon, "connected", client.Err)
		ls := hwvtep.NewLogicalSwitch("x", hwvtep.NewKey(1))
		if err := errorIs(client.Apply(context.Background(), []hwvtep.Delta{hwvtep.Diff(nil, ls)})["x"], c.want); err != nil {
			t.Error(err)
		}
	}
}
