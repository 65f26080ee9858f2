package config

import (
	"strings"
	"testing"
	"time"
)

const cloudOnly = "cloud: {file: c.yaml}\n"

func TestControl(t *testing.T) {
	cfg, err := load(t, cloudOnly, nil)
	if err != nil || cfg.Control != nil {
		t.Errorf("without any: %+v, %v", cfg.Control, err)
	}
	cfg, err = load(t, cloudOnly+"control: {transport_url: 'rabbit://a:b@h1,a:b@h2:5673/lb', agent_down_time: 5s}\n", nil)
	if err != nil {
		t.Fatal(err)
	}
	if c := cfg.Control; c.Down != 5*time.Second || c.Bus.VHost != "lb" || len(c.Bus.Hosts) != 2 || c.Bus.Hosts[1].Port != 5673 {
		t.Errorf("control %+v", cfg.Control)
	}
	if cfg, err = load(t, cloudOnly+"control: {transport_url: 'rabbit://a:b@h'}\n", nil); err != nil || cfg.Control.Down != 2*time.Second {
		t.Errorf("control %+v, %v", cfg.Control, err)
	}
	for text, says := range map[string]string{
		"control: {transport_url: 'rabbit://h', agent_down_time: 1ms}":             "must be a time from 1s to 1m",
		"control: {transport_url: 'http://secret@h'}":                              "must begin with rabbit://",
		"control: {transport_url: 'rabbit://h'}\nswitches: ['tcp:192.0.2.1:6640']": "name them in the configuration of landbridge-agent",
	} {
		_, err := load(t, cloudOnly+text+"\n", nil)
		if err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", text, err)
		}
	}
}
