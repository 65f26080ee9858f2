package oslomsg

import (
	"fmt"
	"log/slog"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestParseURL(t *testing.T) {
	for text, want := range map[string]Config{
		"rabbit://u:p@h:1/v":  {Hosts: []Host{{"h", 1, "u", "p"}}, VHost: "v"},
		"amqp://u:p@h":        {Hosts: []Host{{"h", 5672, "u", "p"}}},
		"rabbit://u:p@h//":    {Hosts: []Host{{"h", 5672, "u", "p"}}, VHost: "/"},
		"rabbit://u:p@h/%2Fa": {Hosts: []Host{{"h", 5672, "u", "p"}}, VHost: "/a"},
		"rabbit://h1,h2:7/":   {Hosts: []Host{{"h1", 5672, "guest", "guest"}, {"h2", 7, "guest", "guest"}}},
		"rabbit://u:p@[::1]:7,u%40x:p%2C%2F@[2001:db8::1],u:@h3:/v?ssl=1&ssl_ca_file=/ca.pem": {
			Hosts: []Host{{"::1", 7, "u", "p"}, {"2001:db8::1", 5672, "u@x", "p,/"}, {"h3", 5672, "u", ""}},
			VHost: "v", TLS: &TLS{CA: "/ca.pem"},
		},
		"rabbit://u:p@h/?ssl=yes&ssl_cert_file=c&ssl_key_file=k&amqp_durable_queues=True&heartbeat_timeout_threshold=60": {
			Hosts: []Host{{"h", 5672, "u", "p"}}, TLS: &TLS{Certificate: "c", PrivateKey: "k"},
			Queues: Queues{Durable: true}, Heartbeat: time.Minute,
		},
		"rabbit://u:p@h/?ssl=0&ssl_ca_file=c&amqp_auto_delete=on&rabbit_quorum_queue=off": {
			Hosts: []Host{{"h", 5672, "u", "p"}}, Queues: Queues{AutoDelete: true},
		},
	} {
		if got, err := ParseURL(text); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, want %+v: %v", text, got, want, err)
		}
	}
}

func TestBadURLs(t *testing.T) {
	for text, want := range map[string]string{
		"":                          "transport_url: must begin with rabbit://",
		"kafka://h":                 "transport_url: must begin with rabbit://",
		"rabbit://":                 "transport_url: host 1: name: is missing",
		"rabbit://u:p@h:0":          "transport_url: host 1: port: must be a number from 1 to 65535",
		"rabbit://u:p@h,u:p@h:http": "transport_url: host 2: port: must be a number from 1 to 65535",
		"rabbit://u:p@[::1":         "transport_url: host 1: IPv6 address: must be [address] or [address]:port",
		"rabbit://u:%zz@h":          "transport_url: host 1: user and password: must be there, percent-encoded",
		"rabbit://:p@h":             "transport_url: host 1: user and password: must be there, percent-encoded",
		"rabbit://u:p@h1,h2":        "transport_url: hosts: all of them need a user and a password, or none",
		"rabbit://h/%zz":            "transport_url: virtual host: must be percent-encoded",
		"rabbit://h/?ssl=perhaps":   `transport_url: query: ssl: "perhaps": must be true or false`,
		"rabbit://h/?ssl_version=3": "transport_url: query: ssl_version: is not known; known are ssl,",
		"rabbit://h/?heartbeat_timeout_threshold=0": `transport_url: query: heartbeat_timeout_threshold: "0": must be a number`,
	} {
		if _, err := ParseURL(text); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: error %v, want %s", text, err, want)
		}
	}
}

// A password is read as it was quoted. One that lacks its quoting is not shown
// by the error, wherever the URL breaks.
func TestPasswords(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		password := rapid.StringOfN(rapid.RuneFrom([]rune("aB1:@/?#,%[]&= ü")), 1, 20, -1).Draw(t, "password")
		quoted := strings.ReplaceAll(url.QueryEscape(password), "+", "%20")
		cfg, err := ParseURL("rabbit://u:" + quoted + "@h:5672/v?ssl=0")
		if err != nil || cfg.Hosts[0].Password != password {
			t.Fatalf("%q: %+v: %v", password, cfg, err)
		}
		secret := "s3cr3t" + password + "s3cr3t"
		if _, err := ParseURL("rabbit://u:" + secret + "@h:5672/v?ssl=0"); err != nil && strings.Contains(err.Error(), "s3cr3t") {
			t.Fatalf("%q: %v", secret, err)
		}
	})
}

func TestHostsDoNotShowPasswords(t *testing.T) {
	cfg := Config{Hosts: []Host{{"h", 1, "u", "s3cr3t"}}}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "host", cfg.Hosts[0], "config", cfg)
	for _, text := range []string{
		fmt.Sprint(cfg), fmt.Sprintf("%+v", cfg), fmt.Sprintf("%#v", cfg), fmt.Sprintf("%#v", cfg.Hosts[0]), log.String(),
	} {
		if strings.Contains(text, "s3cr3t") || !strings.Contains(text, "u@h:1") {
			t.Error(text)
		}
	}
}

func TestBadConfigs(t *testing.T) {
	good := Config{Hosts: []Host{{"h", 1, "u", "p"}}, Exchange: "e"}
	if err := good.check(); err != nil {
		t.Error(err)
	}
	for want, change := range map[string]func(*Config){
		"hosts: must have at least one":                                 func(c *Config) { c.Hosts = nil },
		"hosts[0].name: is missing":                                     func(c *Config) { c.Hosts = []Host{{Port: 1, User: "u"}} },
		"hosts[0].port: 0: must be from 1 to 65535":                     func(c *Config) { c.Hosts = []Host{{Name: "h", User: "u"}} },
		"hosts[0].user: is missing":                                     func(c *Config) { c.Hosts = []Host{{Name: "h", Port: 1}} },
		"exchange: is missing":                                          func(c *Config) { c.Exchange = "" },
		"heartbeat: 1ms: must be from 1s to 1h":                         func(c *Config) { c.Heartbeat = time.Millisecond },
		"timeout, maxMessage, maxCalls: must not be negative":           func(c *Config) { c.MaxCalls = -1 },
		"queues: quorum queues cannot be deleted automatically":         func(c *Config) { c.Queues = Queues{AutoDelete: true, Quorum: true} },
		"TLS: a certificate and its private key must be given together": func(c *Config) { c.TLS = &TLS{Certificate: "c"} },
		"TLS: read the authority's certificate:":                        func(c *Config) { c.TLS = &TLS{CA: "/nowhere"} },
	} {
		cfg := good
		change(&cfg)
		if _, err := New(cfg); err == nil || !strings.HasPrefix(err.Error(), "messaging: "+want) {
			t.Errorf("error %v, want %s", err, want)
		}
	}
	for want, service := range map[string]Service{
		"topics: must have at least one":                      {},
		"topics[0].name: is missing":                          {Topics: []Topic{{Shared: true}}},
		"topics[0]: must have one of host, shared and fanout": {Topics: []Topic{{Name: "t"}}},
		"topics[0]: name and host are too long":               {Topics: []Topic{{Name: strings.Repeat("t", 300), Shared: true}}},
		"concurrency, ahead, remember: must not be negative":  {Topics: []Topic{{Name: "t", Shared: true}}, Ahead: -1},
	} {
		if _, err := NewServer(good, service); err == nil || !strings.HasPrefix(err.Error(), "messaging: "+want) {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}

// What cannot be sent is refused before anything is sent.
func TestBadCalls(t *testing.T) {
	c, err := New(Config{Hosts: []Host{{"h", 1, "u", "p"}}, Exchange: "e", MaxMessage: 300})
	if err != nil {
		t.Fatal(err)
	}
	for want, m := range map[string]Message{
		"call m of : topic: is missing":                   {Method: "m"},
		"call  of t: method: is missing":                  {Topic: "t"},
		"call m of t: args: must be an object":            {Topic: "t", Method: "m", Args: 7},
		"call m of t: args: json: unsupported type: chan": {Topic: "t", Method: "m", Args: make(chan int)},
		"call m of t.h: the message has ":                 {Topic: "t", Host: "h", Method: "m", Args: map[string]string{"a": strings.Repeat("x", 300)}},
		"call m of " + strings.Repeat("t", 255):           {Topic: strings.Repeat("t", 255), Method: "m"},
	} {
		if err := c.Call(t.Context(), m, nil); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
		}
	}
	if err := c.Fanout(t.Context(), Message{Topic: "t", Host: "h", Method: "m"}); err == nil || !strings.Contains(err.Error(), "host: must be empty") {
		t.Errorf("fanout: %v", err)
	}
}
