package config

import (
	"strings"
	"testing"
	"time"
)

func TestNeutron(t *testing.T) {
	cfg, err := load(t, "cloud: {file: c.yaml}\nneutron: {url: 'https://controller:9697/networking', ca: ca.pem, timeout: 90s}\nmetrics_listen: '[::]:1'\n", nil)
	if err != nil {
		t.Fatal(err)
	}
	if n := cfg.Neutron; n.URL.String() != "https://controller:9697/networking" || n.CA != "ca.pem" || n.Timeout != 90*time.Second {
		t.Errorf("%+v", n)
	}
	if cfg.MetricsListen != "[::]:1" {
		t.Errorf("metrics on %s", cfg.MetricsListen)
	}
	cfg, err = load(t, "", map[string][]string{"cloud-file": {"c.yaml"}, "metrics-listen": {"none"}, "neutron-url": {""}})
	if err != nil || cfg.MetricsListen != "" || cfg.Neutron.URL != nil {
		t.Errorf("%+v, %v", cfg, err)
	}
}

func TestBadNeutronAndMetrics(t *testing.T) {
	const cloud = "cloud: {file: c.yaml}\n"
	for _, c := range []struct{ name, file, flag, value, want string }{
		{name: "no scheme", flag: "neutron-url", value: "controller:9696", want: `--neutron-url "controller:9696": must begin with http:// or https://`},
		{name: "another scheme", flag: "neutron-url", value: "ftp://controller", want: "must begin with http://"},
		{name: "no host", flag: "neutron-url", value: "http://:9696", want: "have a host"},
		{name: "no URL", flag: "neutron-url", value: "http://a b", want: "is not a URL"},
		{name: "a password", flag: "neutron-url", value: "http://user:secret@controller", want: "nothing but a host"},
		{name: "a query", flag: "neutron-url", value: "http://controller?a=b", want: "nothing but a host"},
		{name: "a port", flag: "neutron-url", value: "http://controller:70000", want: "outside 0-65535"},
		{name: "ourselves", flag: "neutron-url", value: "http://127.0.0.1:9696", want: "is the address of this server"},
		{name: "by file", file: cloud + "neutron:\n  url: x\n", want: `f.yaml:3: neutron.url: "x": must begin`},
		{name: "an authority for nobody", flag: "neutron-ca", value: "ca.pem", want: `--neutron-ca "ca.pem": is of no use without the URL`},
		{name: "an authority for http", file: cloud + "neutron: {url: 'http://c', ca: x}\n", want: "is not https"},
		{name: "a timeout", flag: "neutron-timeout", value: "5", want: `--neutron-timeout "5": must be a time`},
		{name: "a short timeout", flag: "neutron-timeout", value: "10ms", want: "from 1s to 1h"},
		{name: "an unknown key", file: cloud + "neutron: {uri: x}\n", want: `unknown field "uri"`},
		{name: "metrics", flag: "metrics-listen", value: "9796", want: `--metrics-listen "9796": is not host:port`},
		{name: "metrics at a bad port", flag: "metrics-listen", value: ":x", want: "outside 0-65535"},
		{name: "metrics in the API's place", flag: "metrics-listen", value: "127.0.0.1:9696", want: "is the address of the API"},
	} {
		t.Run(c.name, func(t *testing.T) {
			given := map[string][]string{"cloud-file": {"c.yaml"}}
			if c.flag != "" {
				given[c.flag] = []string{c.value}
			}
			_, err := load(t, c.file, given)
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %v, want %q in one line", err, c.want)
			}
		})
	}
}
