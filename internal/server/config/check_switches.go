package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"landbridge/internal/ovsdb"
	"landbridge/internal/strictyaml"
)

// rawSwitchCert says which switches a certificate is for.
type rawSwitchCert struct {
	Certificate strictyaml.Value   `yaml:"certificate"`
	Switches    []strictyaml.Value `yaml:"switches"`
}

// switches gives the addresses that we dial, and those that switches dial.
func (c checker) switches(values []strictyaml.Value) (dialled, dialIn []string, err error) {
	for i, v := range values {
		key := fmt.Sprintf("switches[%d]", i)
		check, out := ovsdb.ParseAddress, &dialled
		if ovsdb.IsListen(v.Text) {
			check, out = ovsdb.ParseListen, &dialIn
		}
		if err := check(v.Text); err != nil {
			return nil, nil, c.bad(key, v, "%v", err)
		}
		if slices.Contains(*out, v.Text) {
			return nil, nil, c.bad(key, v, "is given twice")
		}
		*out = append(*out, v.Text)
	}
	return dialled, dialIn, nil
}

func (c checker) tls(r rawTLS, switches []string) error {
	with := func(scheme string) int {
		return slices.IndexFunc(switches, func(s string) bool { return strings.HasPrefix(s, scheme) })
	}
	if i := with("ssl:"); i >= 0 && r.CA.Text == "" {
		return fmt.Errorf("switch %s: an ssl: address needs the authority of its certificate; give --tls-ca, or tls.ca in the configuration", switches[i])
	}
	if (r.Certificate.Text == "") != (r.PrivateKey.Text == "") {
		return errors.New("a certificate for ssl: needs its private key: give both --tls-certificate and --tls-private-key, or tls.certificate and tls.private_key")
	}
	if i := with("pssl:"); i >= 0 && (r.CA.Text == "" || r.Certificate.Text == "") {
		return fmt.Errorf("switch %s: a pssl: address needs the authority of the switches' certificates and one of our own; give --tls-ca, --tls-certificate and --tls-private-key, or tls in the configuration", switches[i])
	}
	return nil
}

func (c checker) switchCerts(values []rawSwitchCert, dialIn []string) (map[string][]string, error) {
	if len(values) == 0 {
		return nil, nil
	}
	if i := slices.IndexFunc(dialIn, func(s string) bool { return !strings.HasPrefix(s, "pssl:") }); i >= 0 || len(dialIn) == 0 {
		return nil, c.bad("switch_certificates[0].certificate", values[0].Certificate, "needs switches that dial in by pssl:, and none that do by ptcp:")
	}
	out := map[string][]string{}
	for i, v := range values {
		key := fmt.Sprintf("switch_certificates[%d]", i)
		name := v.Certificate.Text
		if name == "" {
			return nil, c.bad(key+".certificate", v.Certificate, "must be a name of the certificate: its subject, common name or a subject alternative name")
		}
		if _, twice := out[name]; twice {
			return nil, c.bad(key+".certificate", v.Certificate, "is given twice")
		}
		if len(v.Switches) == 0 {
			return nil, c.bad(key+".certificate", v.Certificate, "is for no switch: give switches")
		}
		for _, sw := range v.Switches {
			out[name] = append(out[name], sw.Text)
		}
	}
	return out, nil
}
