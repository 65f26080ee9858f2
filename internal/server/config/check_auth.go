package config

import (
	"errors"
	"net"
	"net/netip"

	"landbridge/internal/strictyaml"
)

// Auth says who may use the API.
type Auth struct {
	Tokens         bool   // everybody needs a token of Keystone; otherwise nobody is asked who they are
	NoauthAnywhere bool   // even so, the API may listen on any address
	PolicyFile     string // "": the default policy
}

// Pair names the PEM files of a certificate and its key; "": none.
type Pair struct{ Certificate, PrivateKey string }

type rawAuth struct {
	Strategy strictyaml.Value `yaml:"strategy"`
	Anywhere strictyaml.Value `yaml:"noauth_anywhere"`
	Policy   strictyaml.Value `yaml:"policy_file"`
}

type rawPair struct {
	Certificate strictyaml.Value `yaml:"certificate"`
	PrivateKey  strictyaml.Value `yaml:"private_key"`
}

// The strategies, by Neutron's names.
const (
	noauth   = "noauth"
	keystone = "keystone"
)

func (c checker) auth(all raw, keystoneIsKnown bool) (a Auth, err error) {
	r := all.Auth
	switch r.Anywhere.Or("false") {
	case "true":
		a.NoauthAnywhere = true
	case "false":
	default:
		return a, c.bad("auth.noauth_anywhere", r.Anywhere, "must be true or false")
	}
	a.PolicyFile = r.Policy.Text
	switch r.Strategy.Or(noauth) {
	case keystone:
		a.Tokens = true
		if a.NoauthAnywhere {
			return a, c.bad("auth.noauth_anywhere", r.Anywhere, "contradicts auth.strategy keystone")
		}
		if !keystoneIsKnown {
			return a, errors.New("auth.strategy keystone needs to know where Keystone is: give --keystone-url, or keystone.url in the configuration")
		}
		return a, nil
	case noauth:
		if a.PolicyFile != "" {
			return a, c.bad("auth.policy_file", r.Policy, "is of no use without auth.strategy keystone: nobody is asked who they are")
		}
		if keystoneIsKnown && all.Cloud.Driver.Text != neutron { // whoever writes it believes that the API is guarded
			return a, c.bad("keystone.url", all.Keystone.URL, "is of no use without auth.strategy keystone: nobody is asked who they are")
		}
		return a, nil
	}
	return a, c.bad("auth.strategy", r.Strategy, "must be %s or %s", noauth, keystone)
}

// reachable refuses addresses that strangers reach, where nobody asks who they
// are.
func (c checker) reachable(v strictyaml.Value, host string, a Auth) error {
	addr, err := netip.ParseAddr(host)
	if a.Tokens || a.NoauthAnywhere || host == "localhost" || err == nil && addr.Unmap().IsLoopback() {
		return nil
	}
	return c.bad("listen", v, "is not a loopback address, and without auth.strategy keystone whoever reaches the API may change everything; "+
		"write 127.0.0.1:PORT, [::1]:PORT or localhost:PORT, or set auth.strategy")
}

func (c checker) apiTLS(r rawPair) (Pair, error) {
	if (r.Certificate.Text == "") != (r.PrivateKey.Text == "") {
		return Pair{}, errors.New("a certificate of the API needs its private key: give both --api-tls-certificate and --api-tls-private-key, or api_tls.certificate and api_tls.private_key")
	}
	return Pair{r.Certificate.Text, r.PrivateKey.Text}, nil
}

// listen gives the address of the API.
func (c checker) listen(v strictyaml.Value, a Auth) (string, error) {
	text := v.Or(defaultListen)
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		return "", c.bad("listen", v, "is not host:port; write for example %s", defaultListen)
	}
	if !isPort(port) {
		return "", c.bad("listen", v, "has a port outside 0-65535")
	}
	return text, c.reachable(v, host, a)
}
