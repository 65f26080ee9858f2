package demo

import (
	"strings"
	"testing"

	"landbridge/internal/ethernet"
	"landbridge/internal/lab"
	"landbridge/internal/lab/capture"
	"landbridge/internal/lab/console"
	"landbridge/internal/lab/rest"
)

func TestTopologyNamesEverything(t *testing.T) {
	text := Topology(lab.TwoClouds("x"))
	for _, want := range []string{
		"VNI 123", "VNI 456", "VNI 789", "vm-a1 192.168.50.11", "192.168.50.21 vm-b1", "10.1.0.12", "gw-a: fabric 10.1.0.1, WAN 198.51.100.2",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("it lacks %q:\n%s", want, text)
		}
	}
}

func TestVerdict(t *testing.T) {
	var out strings.Builder
	d := New("x", lab.Options{}, &out)
	d.claim(true, "one is one", "%d", 1)
	if err := d.verdict(); err != nil {
		t.Error(err)
	}
	d.claim(false, "two is one", "%d", 2)
	err := d.verdict()
	if err == nil || err.Error() != "it does not hold that two is one: 2" {
		t.Errorf("got %v", err)
	}
	if !strings.Contains(out.String(), "two is one") {
		t.Errorf("not shown: %s", out.String())
	}
	if (d.results[0] != console.Result{Claim: "one is one", Seen: "1", Holds: true}) {
		t.Errorf("%+v", d.results)
	}
}

func TestUnderlayIsTheNodesOwnARP(t *testing.T) {
	d := &Demo{lab: &lab.Lab{Spec: lab.TwoClouds("x")}}
	fabric, vm := d.lab.Spec.Clouds[0].Gateway.Fabric.Addr(), d.addr("vm-a1")
	for _, c := range []struct {
		name   string
		packet capture.Packet
		want   bool
	}{
		{"ARP of a node", capture.Packet{Frame: capture.Frame{ARP: 1, From: fabric}}, true},
		{"ARP of a VM outside of a tunnel", capture.Packet{Frame: capture.Frame{ARP: 1, From: vm}}, false},
		{"ARP in a tunnel", capture.Packet{Tunnel: &capture.Tunnel{}, Frame: capture.Frame{ARP: 1, From: fabric}}, false},
		{"anything else", capture.Packet{Frame: capture.Frame{Src: ethernet.MAC{2}, EtherType: 0x86dd}}, false},
	} {
		if got := d.underlay(c.packet); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

func TestBrief(t *testing.T) {
	if got := brief(rest.Object{"b": 1, "a": []string{"x"}}); got != `{"a":["x"],"b":1}` {
		t.Errorf("got %s", got)
	}
	if got := orNowhere(nil); got != "no place" {
		t.Errorf("got %q", got)
	}
}
