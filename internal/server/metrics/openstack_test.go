package metrics

import (
	"errors"
	"strings"
	"testing"
)

func TestOpenStackIsShown(t *testing.T) {
	w, _ := newWorld()
	down := errors.New("down")
	for name, c := range map[string]struct {
		tokens *Tokens
		cloud  *Cloud
		want   string // lines; "": none of these metrics
	}{
		"neither":          {},
		"tokens":           {tokens: &Tokens{Cached: 5, Valid: 4, Invalid: 3, Failed: 2}, want: `keystone_up 1|tokens_total{result="cached"} 5|tokens_total{result="valid"} 4|tokens_total{result="invalid"} 3|tokens_total{result="failed"} 2`},
		"without Keystone": {tokens: &Tokens{Fault: down}, want: `keystone_up 0`},
		"a cloud":          {cloud: &Cloud{Messages: 7, Repaired: 2}, want: `neutron_up 1|rabbitmq_up 1|rabbitmq_messages_total 7|cloud_repairs_total 2`},
		"a silent cloud":   {cloud: &Cloud{Fault: down, BusFault: down}, want: `neutron_up 0|rabbitmq_up 0`},
	} {
		cfg := Config{Core: func() Core { return w.core }, Store: w}
		if c.tokens != nil {
			cfg.Tokens = func() Tokens { return *c.tokens }
		}
		if c.cloud != nil {
			cfg.Cloud = func() Cloud { return *c.cloud }
		}
		_, text := get(t, New(cfg).Handler(), "GET", "/metrics")
		for line := range strings.SplitSeq(c.want, "|") {
			if line != "" && !strings.Contains(text, "\n"+prefix+line+"\n") {
				t.Errorf("%s: no %s", name, line)
			}
		}
		if c.tokens == nil && strings.Contains(text, "keystone") || c.cloud == nil && strings.Contains(text, "neutron") {
			t.Errorf("%s: shows what there is not", name)
		}
	}
}
