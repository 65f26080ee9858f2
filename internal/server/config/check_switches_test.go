package config

import (
	"fmt"
	"strings"
	"testing"
)

const tlsFiles = "tls: {ca: ca.pem, certificate: c.pem, private_key: k.pem}\n"

func TestSwitches(t *testing.T) {
	cfg, err := load(t, aCloud+tlsFiles+`
switches: ['unix:/a', 'pssl:6640:0.0.0.0', 'tcp:[::1]:1', 'pssl:6641:[::]']
switch_certificates:
  - {certificate: gw-1.example.org, switches: [border-1, border-2]}
  - {certificate: 'CN=gw-2,O=us', switches: [border-3]}
`, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(cfg.Switches, cfg.DialIn); got != "[unix:/a tcp:[::1]:1] [pssl:6640:0.0.0.0 pssl:6641:[::]]" {
		t.Errorf("%s", got)
	}
	if got := fmt.Sprint(cfg.SwitchNames); got != "map[CN=gw-2,O=us:[border-3] gw-1.example.org:[border-1 border-2]]" {
		t.Errorf("%s", got)
	}
	cfg, err = load(t, "", map[string][]string{"cloud-file": {"c"}, "switch": {"ptcp:6640"}})
	if err != nil || len(cfg.DialIn) != 1 || cfg.SwitchNames != nil {
		t.Errorf("%+v, %v", cfg, err)
	}
}

func TestBadSwitches(t *testing.T) {
	for text, want := range map[string]string{
		"switches: ['ptcp:6640:host']\n":       `f.yaml:2: switches[0]: "ptcp:6640:host"`,
		"switches: ['ptcp:1', 'ptcp:1']\n":     `switches[1]: "ptcp:1": is given twice`,
		"switches: ['pssl:1']\n":               `switch pssl:1: a pssl: address needs`,
		"switches: ['pssl:1']\ntls: {ca: a}\n": `--tls-certificate`,
		"switches: ['pssl:1', 'ptcp:2']\n" + tlsFiles + "switch_certificates: [{certificate: a, switches: [b]}]\n":                        `and none that do by ptcp:`,
		"switches: ['tcp:1.2.3.4:5']\nswitch_certificates: [{certificate: a, switches: [b]}]\n":                                           `f.yaml:3: switch_certificates[0].certificate: "a": needs switches that dial in`,
		"switches: ['pssl:1']\n" + tlsFiles + "switch_certificates: [{switches: [b]}]\n":                                                  `must be a name of the certificate`,
		"switches: ['pssl:1']\n" + tlsFiles + "switch_certificates: [{certificate: a}]\n":                                                 `is for no switch`,
		"switches: ['pssl:1']\n" + tlsFiles + "switch_certificates: [{certificate: a, switches: [b]}, {certificate: a, switches: [c]}]\n": `switch_certificates[1].certificate: "a": is given twice`,
	} {
		if _, err := load(t, aCloud+text, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s%v, want %q", text, err, want)
		}
	}
}
