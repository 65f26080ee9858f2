package oslomsg

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

// sample is a message as it went over the RabbitMQ of a real cloud. Its inner
// message was parsed when it was stored.
type sample struct {
	Exchange     string   `json:"exchange"`
	RoutingKeys  []string `json:"routing_keys"`
	RoutedQueues []string `json:"routed_queues"`
	Properties   struct {
		Expiration      string         `json:"expiration"`
		Priority        uint8          `json:"priority"`
		DeliveryMode    uint8          `json:"delivery_mode"`
		Headers         map[string]any `json:"headers"`
		ContentEncoding string         `json:"content_encoding"`
		ContentType     string         `json:"content_type"`
	} `json:"properties"`
	Body struct {
		Version string          `json:"oslo.version"`
		Message json.RawMessage `json:"oslo.message"`
	} `json:"body"`
}

// body is the body as it went over the wire.
func (s sample) body(t *testing.T) []byte {
	t.Helper()
	b, err := json.Marshal(map[string]string{"oslo.version": s.Body.Version, "oslo.message": string(s.Body.Message)})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func samples(t *testing.T) map[string]sample {
	t.Helper()
	files, err := filepath.Glob("testdata/samples/*.json")
	if err != nil || len(files) != 10 {
		t.Fatalf("%d samples: %v", len(files), err)
	}
	all := map[string]sample{}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var s sample
		if err := json.Unmarshal(b, &s); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		all[strings.TrimSuffix(filepath.Base(file), ".json")] = s
	}
	return all
}

// What a real cloud has sent is understood, and said again in the same words.
func TestCapturedMessages(t *testing.T) {
	for name, s := range samples(t) {
		t.Run(name, func(t *testing.T) {
			var again []byte
			if s.Exchange == "" {
				r, err := decodeReply(s.body(t))
				if err != nil || !r.ending || r.failure != nil {
					t.Fatalf("reply %+v: %v", r, err)
				}
				again, err = r.encode()
				if err != nil {
					t.Fatal(err)
				}
			} else {
				c, err := decodeCall(s.body(t))
				if err != nil {
					t.Fatal(err)
				}
				if c.context["is_admin"] != true {
					t.Errorf("context %v", c.context)
				}
				again, err = c.encode()
				if err != nil {
					t.Fatal(err)
				}
			}
			alike(t, again, s.body(t))
		})
	}
}

// alike compares bodies, and their inner messages, as JSON.
func alike(t *testing.T, got, want []byte) {
	t.Helper()
	g, w := parsed(t, got), parsed(t, want)
	if !reflect.DeepEqual(g, w) {
		t.Errorf("got  %v\nwant %v", g, w)
	}
}

func parsed(t *testing.T, body []byte) map[string]any {
	t.Helper()
	var outer, inner map[string]any
	if err := json.Unmarshal(body, &outer); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(outer["oslo.message"].(string)), &inner); err != nil {
		t.Fatal(err)
	}
	outer["oslo.message"] = inner
	return outer
}

// What a Client sends is addressed as a real cloud addresses it.
func TestAddressesAsCaptured(t *testing.T) {
	all := samples(t)
	cfg := Config{Exchange: "neutron"}.withDefaults()
	for name, m := range map[string]Message{
		"tunnel_sync_call":       {Topic: "q-plugin", Method: "tunnel_sync"},
		"report_state":           {Topic: "q-reports-plugin", Method: "report_state"},
		"add_fdb_entries_host":   {Topic: "q-agent-notifier-l2population-update", Host: "c2-a", Method: "add_fdb_entries"},
		"tunnel_update_fanout":   {Topic: "q-agent-notifier-tunnel-update", Method: "tunnel_update"},
		"tunnel_delete_fanout":   {Topic: "q-agent-notifier-tunnel-delete", Method: "tunnel_delete"},
		"add_fdb_entries_fanout": {Topic: "q-agent-notifier-l2population-update", Method: "add_fdb_entries"},
	} {
		t.Run(name, func(t *testing.T) {
			s := all[name]
			k, err := m.call()
			if err != nil {
				t.Fatal(err)
			}
			to, key := cfg.topicExchange(), m.key()
			if strings.HasSuffix(name, "_fanout") {
				to, key = fanoutExchange(m.Topic), ""
			}
			body, err := k.encode()
			if err != nil {
				t.Fatal(err)
			}
			x, err := cfg.publishing(to, key, body)
			if err != nil {
				t.Fatal(err)
			}
			if x.to.name != s.Exchange || x.key != s.RoutingKeys[0] {
				t.Errorf("to %q with key %q, want %q, %q", x.to.name, x.key, s.Exchange, s.RoutingKeys)
			}
			p := s.Properties
			want := amqp.Publishing{
				ContentType: p.ContentType, ContentEncoding: p.ContentEncoding, DeliveryMode: p.DeliveryMode,
				Priority: p.Priority, Body: body,
			}
			if !reflect.DeepEqual(x.message, want) || len(p.Headers) != 0 {
				t.Errorf("properties %+v, want %+v", x.message, want)
			}
		})
	}
	if got := expiration(in(t, 10*time.Second)); got != all["report_state"].Properties.Expiration {
		ms, err := strconv.Atoi(got)
		if err != nil || ms < 9000 || ms > 10000 {
			t.Errorf("expiration %s", got)
		}
	}
}

// Exchanges and queues are as the services of a real cloud have declared them:
// RabbitMQ would refuse others.
func TestExchangesAsCaptured(t *testing.T) {
	b, err := os.ReadFile("testdata/exchanges.txt")
	if err != nil {
		t.Fatal(err)
	}
	text := string(b)
	cfg := Config{Exchange: "neutron"}
	for _, e := range []exchange{
		cfg.topicExchange(), fanoutExchange("q-plugin"), fanoutExchange("q-agent-notifier-l2population-update"),
	} {
		line := strings.Join([]string{e.name, e.kind, strconv.FormatBool(e.durable), strconv.FormatBool(e.autoDelete), "[]"}, "\t")
		if !strings.Contains(text, "\n"+line+"\n") {
			t.Errorf("no such exchange: %q", line)
		}
	}
	captured := samples(t)["tunnel_update_fanout"]
	pattern := regexp.MustCompile("^" + captured.Exchange + "_[0-9a-f]{32}$")
	mine := fanoutQueue("q-agent-notifier-tunnel-update").name
	for _, name := range append(captured.RoutedQueues, mine) {
		if !pattern.MatchString(name) {
			t.Errorf("queue %s", name)
		}
	}
}
