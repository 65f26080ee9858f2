package config

import (
	"net"
	"net/url"
	"time"

	"landbridge/internal/strictyaml"
)

// metrics may be reached from outside where somebody says so: they can be read
// only, and hold no secrets.
func (c checker) metrics(v strictyaml.Value, api string) (string, error) {
	const key = "metrics_listen"
	text := v.Or(defaultMetrics)
	if text == noMetrics {
		return "", nil
	}
	_, port, err := net.SplitHostPort(text)
	if err != nil {
		return "", c.bad(key, v, "is not host:port; write for example %s, or %s", defaultMetrics, noMetrics)
	}
	if !isPort(port) {
		return "", c.bad(key, v, "has a port outside 0-65535")
	}
	if text == api && port != "0" {
		return "", c.bad(key, v, "is the address of the API; write another port")
	}
	return text, nil
}

func (c checker) neutron(r rawNeutron, api string) (Neutron, error) {
	timeout, err := time.ParseDuration(r.Timeout.Or(defaultNeutronTimeout))
	if err != nil || timeout < time.Second || timeout > time.Hour {
		return Neutron{}, c.bad("neutron.timeout", r.Timeout, "must be a time from 1s to 1h, as 30s or 5m")
	}
	n := Neutron{CA: r.CA.Text, Timeout: timeout}
	if r.URL.Text == "" {
		if n.CA != "" {
			return Neutron{}, c.bad("neutron.ca", r.CA, "is of no use without the URL of Neutron: give --neutron-url, or neutron.url")
		}
		return n, nil
	}
	n.URL, err = c.neutronURL(r.URL, api)
	if err == nil && n.CA != "" && n.URL.Scheme != "https" {
		err = c.bad("neutron.ca", r.CA, "is of no use where the URL of Neutron is not https")
	}
	return n, err
}

func (c checker) neutronURL(v strictyaml.Value, api string) (*url.URL, error) {
	u, err := c.url("neutron.url", v, "http://controller:9797")
	if err == nil && u.Host == api {
		err = c.bad("neutron.url", v, "is the address of this server; Neutron needs one of its own")
	}
	return u, err
}
