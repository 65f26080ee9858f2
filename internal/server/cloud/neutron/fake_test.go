package neutron

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/gophercloud/gophercloud/v2"

	"landbridge/internal/l2gw"
	"landbridge/internal/oslomsg"
)

const (
	net1 = "11111111-1111-4111-8111-111111111111"
	net2 = "22222222-2222-4222-8222-222222222222"
)

// fake is a Neutron in memory, with its RabbitMQ. The suite with OpenStack's
// packages has the real ones.
type fake struct {
	*testing.T
	*httptest.Server
	mu       sync.Mutex
	networks map[string]networkDocument
	subnets  map[string]subnetDocument
	ports    map[string]portDocument
	agents   map[string]agentDocument
	rules    map[string]ruleDocument
	made     int
	asked    []string // requests, and what compute nodes were told
	page     int      // entries of a list; 0: all
	bindings bool     // ports can be bound to hosts of agents
	broken   int      // a status that answers whatever is asked; 0: none
	mute     error    // of RabbitMQ
	led      error    // why the server may change nothing; nil: it may
	calls    []oslomsg.Message
	fanouts  []oslomsg.Message // of l2population
	// endpoints has Neutron's tunnel addresses by host, tunnels what compute nodes
	// were told of them.
	endpoints map[string]string
	tunnels   []string
	remembered
}

// remembered is a Memory that outlives what uses it.
type remembered struct {
	kept    map[place]l2gw.Told
	amnesia error // what it answers; nil: it works
}

func (r *remembered) Told(context.Context) ([]l2gw.Told, error) {
	return slices.Collect(maps.Values(r.kept)), r.amnesia
}

func (r *remembered) Remember(_ context.Context, t l2gw.Told) error {
	at := place{t.Gateway, t.NetworkID}
	hosts := append(slices.Clone(r.kept[at].Hosts), t.Hosts...)
	slices.SortFunc(hosts, l2gw.Host.Compare)
	r.keep(at, with(t, slices.Compact(hosts)))
	return r.amnesia
}

func (r *remembered) Forget(_ context.Context, t l2gw.Told) error {
	at := place{t.Gateway, t.NetworkID}
	r.keep(at, with(t, minus(r.kept[at].Hosts, t.Hosts)))
	return r.amnesia
}

func (r *remembered) keep(at place, t l2gw.Told) {
	if r.kept == nil {
		r.kept = map[place]l2gw.Told{}
	}
	if r.kept[at] = t; len(t.Hosts) == 0 {
		delete(r.kept, at)
	}
}

func newFake(t *testing.T) *fake {
	f := &fake{T: t, networks: map[string]networkDocument{}, subnets: map[string]subnetDocument{}, ports: map[string]portDocument{}, agents: map[string]agentDocument{}, rules: map[string]ruleDocument{}, bindings: true, endpoints: map[string]string{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v2.0/networks/{id}", func(w http.ResponseWriter, r *http.Request) {
		n, ok := f.networks[r.PathValue("id")]
		if !ok {
			f.fail(w, 404, "Network could not be found.")
			return
		}
		f.answer(w, 200, map[string]any{"network": n})
	})
	mux.HandleFunc("GET /v2.0/networks", func(w http.ResponseWriter, r *http.Request) { listed(f, w, r, "networks", f.networks) })
	mux.HandleFunc("GET /v2.0/subnets", func(w http.ResponseWriter, r *http.Request) { listed(f, w, r, "subnets", f.subnets) })
	mux.HandleFunc("GET /v2.0/ports", func(w http.ResponseWriter, r *http.Request) { listed(f, w, r, "ports", f.ports) })
	mux.HandleFunc("GET /v2.0/agents", func(w http.ResponseWriter, r *http.Request) { listed(f, w, r, "agents", f.agents) })
	mux.HandleFunc("GET /v2.0/security-group-rules", func(w http.ResponseWriter, r *http.Request) {
		listed(f, w, r, "security_group_rules", f.rules)
	})
	mux.HandleFunc("POST /v2.0/ports", f.create)
	mux.HandleFunc("DELETE /v2.0/ports/{id}", func(w http.ResponseWriter, r *http.Request) { removed(f, w, r, f.ports) })
	mux.HandleFunc("DELETE /v2.0/agents/{id}", func(w http.ResponseWriter, r *http.Request) { removed(f, w, r, f.agents) })
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.asked = append(f.asked, r.Method+" "+r.URL.Path)
		if f.broken != 0 {
			f.fail(w, f.broken, "It is broken.")
			return
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(f.Close)
	return f
}

func (f *fake) answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(body); err != nil {
		f.Error(err)
	}
}

func (f *fake) fail(w http.ResponseWriter, status int, message string) {
	f.answer(w, status, map[string]any{"NeutronError": map[string]string{"type": "X", "message": message}})
}

// listed answers a list as Neutron does: filtered by any attribute, page by page.
func listed[T any](f *fake, w http.ResponseWriter, r *http.Request, name string, all map[string]T) {
	q := r.URL.Query()
	q.Del("fields")
	marker := q.Get("marker")
	q.Del("marker")
	out := []map[string]any{}
	for _, id := range slices.Sorted(maps.Keys(all)) {
		members := membersOf(f.T, all[id])
		fits := id > marker
		for attribute, values := range q {
			fits = fits && slices.Contains(values, fmt.Sprint(members[attribute]))
		}
		if fits {
			out = append(out, members)
		}
	}
	body := map[string]any{name: out}
	if f.page > 0 && len(out) > f.page {
		out = out[:f.page]
		next := r.URL.Query()
		next.Set("marker", out[f.page-1]["id"].(string))
		body = map[string]any{name: out, name + "_links": []map[string]string{{"rel": "next", "href": f.URL + r.URL.Path + "?" + next.Encode()}}}
	}
	f.answer(w, 200, body)
}

func membersOf(t *testing.T, v any) map[string]any {
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]any{}
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func removed[T any](f *fake, w http.ResponseWriter, r *http.Request, all map[string]T) {
	id := r.PathValue("id")
	if _, ok := all[id]; !ok {
		f.fail(w, 404, "It could not be found.")
		return
	}
	delete(all, id)
	w.WriteHeader(http.StatusNoContent)
}

func (f *fake) create(w http.ResponseWriter, r *http.Request) {
	var body struct{ Port portDocument }
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		f.Error(err)
	}
	f.made++
	p := body.Port
	p.ID, p.MAC, p.Status, p.CreatedAt = "port"+strconv.Itoa(f.made), "fa:16:3e:ff:00:01", down, fmt.Sprintf("2026-01-01T00:00:%02dZ", f.made)
	p.VIF = "binding_failed"
	for _, a := range f.agents {
		if f.bindings && a.Host == p.Host {
			p.VIF = "ovs"
		}
	}
	f.ports[p.ID] = p
	f.answer(w, 201, map[string]any{"port": p})
}

// Call is what Neutron does for agents.
func (f *fake) Call(_ context.Context, m oslomsg.Message, _ any) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.mute != nil {
		return f.mute
	}
	f.calls = append(f.calls, m)
	args := membersOf(f.T, m.Args)
	switch m.Method {
	case "report_state":
		state := args["agent_state"].(map[string]any)["agent_state"].(map[string]any)
		host := state["host"].(string)
		a := agentDocument{ID: "agent of " + host, Host: host, Binary: state["binary"].(string), Alive: true}
		a.Configurations.TunnelingIP = state["configurations"].(map[string]any)["tunneling_ip"].(string)
		f.agents[a.ID] = a
	case "update_device_list":
		for _, id := range args["devices_up"].([]any) {
			if p, ok := f.ports[id.(string)]; ok {
				p.Status = active
				f.ports[p.ID] = p
			}
		}
	case "tunnel_sync":
		f.claim(args["host"].(string), args["tunnel_ip"].(string))
	default:
		return errors.New("no such method")
	}
	return nil
}

// claim is what Neutron does about a tunnel address.
func (f *fake) claim(host, addr string) {
	for other, has := range f.endpoints {
		if has == addr && other != host {
			delete(f.endpoints, other)
		}
	}
	f.endpoints[host] = addr
	f.tunnels = append(f.tunnels, "update "+addr)
}

// Fanout reaches the compute nodes.
func (f *fake) Fanout(_ context.Context, m oslomsg.Message) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, m.Method)
	verb, tunnel := strings.CutPrefix(m.Method, "tunnel_") // tunnel_delete, tunnel_update
	switch {
	case f.mute != nil:
	case tunnel:
		f.tunnels = append(f.tunnels, verb+" "+membersOf(f.T, m.Args)["tunnel_ip"].(string))
	default:
		f.fanouts = append(f.fanouts, m)
	}
	return f.mute
}

// with changes the fake while nobody is answered.
func (f *fake) with(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

func (f *fake) rest() rest {
	return rest{func(context.Context) (*gophercloud.ServiceClient, error) {
		return &gophercloud.ServiceClient{ProviderClient: &gophercloud.ProviderClient{}, Endpoint: f.URL + "/v2.0/"}, nil
	}, f.may}
}

func (f *fake) may() error { return f.led }

// addNetwork, addPort and addHost make what a cloud has.
func (f *fake) addNetwork(id string, vni uint32) {
	f.with(func() {
		f.networks[id] = networkDocument{ID: id, ProjectID: "p", Name: "n", Type: "vxlan", SegmentID: &vni}
	})
}

func (f *fake) addPort(id, network, mac, host string) {
	f.with(func() {
		f.ports[id] = portDocument{ID: id, NetworkID: network, MAC: mac, Host: host, VIF: "ovs", Status: active, DeviceOwner: "compute:nova"}
	})
}

func (f *fake) addHost(host, addr string) {
	f.with(func() {
		a := agentDocument{ID: "agent of " + host, Host: host, Binary: "neutron-openvswitch-agent", Alive: true}
		a.Configurations.TunnelingIP = addr
		f.agents[a.ID] = a
	})
}

// gatewayPorts gives the networks in which gateways have ports, with their
// hosts and status.
func (f *fake) gatewayPorts() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []string
	for _, p := range f.ports {
		if p.DeviceOwner == gatewayOwner {
			out = append(out, strings.Join([]string{p.NetworkID[:1], p.Host, p.Status}, " "))
		}
	}
	slices.Sort(out)
	return out
}

// said gives what compute nodes were told since it was asked last: "add MAC IP
// at ADDR".
func (f *fake) said() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []string
	for _, m := range f.fanouts {
		verb, _, _ := strings.Cut(m.Method, "_")
		for network, e := range membersOf(f.T, m.Args)["fdb_entries"].(map[string]any) {
			for at, list := range e.(map[string]any)["ports"].(map[string]any) {
				for _, entry := range list.([]any) {
					pair := entry.([]any)
					out = append(out, fmt.Sprint(verb, " ", network[:1], " ", pair[0], " ", pair[1], " at ", at))
				}
			}
		}
	}
	f.fanouts = nil
	slices.Sort(out)
	return out
}

func addr(text string) netip.Addr { return netip.MustParseAddr(text) }

func host(last byte, ip string) l2gw.Host {
	h := l2gw.Host{MAC: l2gw.MAC{2, 0, 0, 0, 0, last}}
	if ip != "" {
		h.Addr = addr(ip)
	}
	return h
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }
