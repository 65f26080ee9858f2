package config

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"landbridge/internal/l2gw"
)

func TestQuotas(t *testing.T) {
	for text, want := range map[string]l2gw.Quota{
		"":               {},
		"quotas:\n":      {},
		"quotas: {}\n":   {},
		"log_level:  \n": {},
		"quotas: {l2_gateway: 0, l2_gateway_connection: 1, l2_remote_gateway: -1, l2_remote_gateway_connection: 2147483647, l2_remote_mac: '5'}\n": {
			l2gw.KindGateway: 0, l2gw.KindConnection: 1, l2gw.KindRemoteConnection: l2gw.MaxLimit, l2gw.KindRemoteMAC: 5,
		},
		"quotas: {l2_remote_mac: }\n": {},
	} {
		cfg, err := load(t, aCloud+text, nil)
		if diff := cmp.Diff(want.With(nil), cfg.Quotas); err != nil || diff != "" {
			t.Errorf("%s%v\n%s", text, err, diff)
		}
	}
}

func TestBadQuotas(t *testing.T) {
	const rule = "must be a number of objects from 0 to 2147483647, or -1 for any number"
	for text, want := range map[string]string{
		"quotas:\n  l2_gateway: -2\n":           `f.yaml:3: quotas.l2_gateway: "-2": ` + rule,
		"quotas: {l2_remote_mac: 2147483648}\n": `f.yaml:2: quotas.l2_remote_mac: "2147483648": ` + rule,
		"quotas: {l2_remote_gateway: many}\n":   `quotas.l2_remote_gateway: "many": ` + rule,
		"quotas: {l2_gateway: 1.5}\n":           `quotas.l2_gateway: "1.5": ` + rule,
		"quotas: {l2_gateway: ''}\n":            rule,
		"quotas: {l2_gateway: true}\n":          rule,
		"quotas: {l2_gateway: [1]}\n":           `write one plain value`,
		"quotas: {network: 1}\n":                `f.yaml:2: unknown field "network"`,
		"quotas: {l2_gateway: 1e400}\n":         rule,
	} {
		if _, err := load(t, aCloud+text, nil); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s%v, want %q in one line", text, err, want)
		}
	}
}
