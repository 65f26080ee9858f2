//go:build openstack

package openstack

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"testing"

	"landbridge/internal/ethernet"
	"landbridge/internal/lab"
	"landbridge/internal/lab/logfile"
	"landbridge/internal/lab/openstack"
	"landbridge/internal/lab/testenv"
	"landbridge/internal/vtep"
)

// labCloud is a cloud of the lab: the kernel's tunnels, the static driver.
type labCloud struct {
	*lab.GatewayNode
	lab    *lab.Lab
	border lab.Gateway
}

// newLabCloud makes a cloud of the lab behind a router of the WAN, whose way back
// the others are told.
func newLabCloud(t *testing.T, wan *openstack.WAN, others ...*site) *labCloud {
	t.Helper()
	spec := lab.TwoClouds(fmt.Sprint("lbo", os.Getpid(), "c"))
	spec.Clouds = spec.Clouds[1:] // the one with a single compute node
	c := &spec.Clouds[0]
	c.Name, c.Gateway.Name = "c", "gw-c"
	c.VMs[0].Name, c.VMs[0].MAC = "vm-c1", ethernet.MustParseMAC("fa:16:3e:00:00:c1")
	c.VMs[0].Addr = netip.MustParsePrefix("192.168.50.240/24")
	options := lab.Options{Programs: testenv.Programs()}
	_, err := lab.RemoveAbandoned(options)
	must(t, err)
	l, err := lab.New(spec, options)
	must(t, err)
	t.Cleanup(func() {
		if t.Failed() {
			for _, file := range l.Logs() {
				t.Logf("the end of %s:\n%s", file, logfile.Tail(file))
			}
		}
		must(t, l.Remove())
	})
	must(t, l.Run(t.Context()))
	router, err := l.Node("wan")
	must(t, err)
	at := onWAN(254)
	must(t, wan.Join(router, "to-wan", "lab-c", at))
	for _, s := range others {
		must(t, s.border.Namespace.AddRoute(c.Gateway.WAN.Masked(), at.Addr()))
	}
	for node, link := range map[string]string{c.VMs[0].Name: "eth0", c.Computes[0].Name: "fab0"} {
		ns, err := l.Node(node)
		must(t, err)
		must(t, openstack.NoOffload(ns, link))
	}
	return &labCloud{l.Gateways["c"], l, c.Gateway}
}

// vm is the VM of the cloud, as the others are seen.
func (c *labCloud) vm() *openstack.VM {
	vm := c.lab.Spec.Clouds[0].VMs[0]
	ns, err := c.lab.Node(vm.Name)
	if err != nil {
		panic(err) // the lab has been built
	}
	return &openstack.VM{Name: vm.Name, Namespace: ns, MAC: vm.MAC, V4: vm.Addr.Addr(), Network: &openstack.Network{Name: "blue"}}
}

// state is what its gateway's datapath holds.
func (c *labCloud) state(t *testing.T) (state vtep.State) {
	t.Helper()
	text, err := c.VTEPD(t.Context(), "/state")
	must(t, err)
	must(t, json.Unmarshal(text, &state))
	return state
}

// connect stretches the cloud's network to the gateways of others, by a key
// each.
func (c *labCloud) connect(t *testing.T, links map[*site]uint32) (out []lab.Connected) {
	t.Helper()
	var first lab.Connected
	for s, key := range links {
		ask := lab.Ask{Network: lab.Blue, Remote: s.border.WAN, Key: key}
		var made lab.Connected
		var err error
		if first.Gateway == "" {
			made, err = c.Connect(t.Context(), ask, nil)
			first = made
		} else {
			made, err = c.Widen(t.Context(), ask, first)
		}
		must(t, err)
		out = append(out, made)
	}
	return out
}

func (c *labCloud) active(t *testing.T, made []lab.Connected) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), stretchedWithin)
	defer cancel()
	for _, m := range made {
		must(t, c.AwaitActive(ctx, m))
	}
	must(t, c.lab.AwaitTunnels(ctx, lab.Blue))
}
