package neutron

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net/netip"
	"slices"
	"sync"
	"time"

	"landbridge/internal/oslomsg"
)

// bus is RabbitMQ, as an oslomsg.Client is it.
type bus interface {
	Call(ctx context.Context, m oslomsg.Message, result any) error
	Fanout(ctx context.Context, m oslomsg.Message) error
}

// callWithin bounds one call of Neutron.
const callWithin = 15 * time.Second

// heartbeat is the time between two reports of an agent. Neutron takes one for
// dead after agent_down_time, 75 s by default.
const heartbeat = 10 * time.Second

// presence keeps the gateways in Neutron's list of agents.
type presence struct {
	bus    bus
	naming naming
	log    *slog.Logger
	told   func() // somebody has registered, or can not any more
	wake   chan struct{}

	// listing is held while a gateway is put into the list or taken out of it, so
	// that the two follow what is wanted then.
	listing sync.Mutex

	mu      sync.Mutex
	wanted  map[netip.Addr]bool
	since   map[netip.Addr]time.Time // when it was registered on this connection
	faults  map[netip.Addr]error
	started map[netip.Addr]bool // it has said once that it begins
}

func newPresence(b bus, n naming, log *slog.Logger, told func()) *presence {
	return &presence{
		bus: b, naming: n, log: log, told: told, wake: make(chan struct{}, 1),
		since: map[netip.Addr]time.Time{}, faults: map[netip.Addr]error{}, started: map[netip.Addr]bool{},
	}
}

// want replaces the gateways that are to be there.
func (p *presence) want(gateways map[netip.Addr]bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.wanted = gateways
	for addr := range p.since {
		if !gateways[addr] {
			delete(p.since, addr)
			delete(p.started, addr)
		}
	}
	p.hurry()
}

// renew has all register again: on another connection of RabbitMQ Neutron may
// be another one too.
func (p *presence) renew() {
	p.mu.Lock()
	defer p.mu.Unlock()
	clear(p.since)
	p.hurry()
}

func (p *presence) hurry() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// has tells whether a tunnel address is a gateway's.
func (p *presence) has(addr string) bool {
	gateway, err := netip.ParseAddr(addr)
	return err == nil && p.wants(gateway)
}

func (p *presence) wants(gateway netip.Addr) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.wanted[gateway]
}

// dismiss has a gateway removed from the list, unless it is wanted by now.
func (p *presence) dismiss(gateway netip.Addr, remove func() error) error {
	p.listing.Lock()
	defer p.listing.Unlock()
	if p.wants(gateway) {
		return nil
	}
	return remove()
}

// fault is nil where a gateway is registered, or why it is not.
func (p *presence) fault(gateway netip.Addr) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, ok := p.since[gateway]; ok {
		return nil
	}
	if err := p.faults[gateway]; err != nil {
		return err
	}
	return fmt.Errorf("it is about to register")
}

// run registers and reports until the context ends.
func (p *presence) run(ctx context.Context) error {
	tick := time.NewTicker(heartbeat)
	defer tick.Stop()
	for {
		p.report(ctx)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		case <-p.wake:
		}
	}
}

func (p *presence) report(ctx context.Context) {
	p.mu.Lock()
	gateways := slices.SortedFunc(maps.Keys(p.wanted), netip.Addr.Compare)
	p.mu.Unlock()
	for _, addr := range gateways {
		if ctx.Err() != nil {
			return
		}
		p.reportOne(ctx, addr)
	}
}

// reportOne says that a gateway lives. The first time on a connection it also
// tells its tunnel address.
func (p *presence) reportOne(ctx context.Context, addr netip.Addr) {
	p.listing.Lock()
	defer p.listing.Unlock()
	if !p.wants(addr) {
		return
	}
	p.mu.Lock()
	_, known := p.since[addr]
	begins := !p.started[addr]
	p.mu.Unlock()
	err := p.say(ctx, addr, begins)
	if err == nil && !known {
		err = p.sync(ctx, addr)
	}
	p.note(addr, known, err)
}

func (p *presence) note(addr netip.Addr, known bool, err error) {
	p.mu.Lock()
	was := p.faults[addr]
	p.faults[addr] = err
	switch {
	case !p.wanted[addr]:
	case err == nil:
		p.started[addr] = true
		if !known {
			p.since[addr] = time.Now()
		}
	default:
		delete(p.since, addr)
	}
	p.mu.Unlock()
	switch {
	case err != nil && (was == nil || was.Error() != err.Error()):
		p.log.Error("a gateway cannot register in Neutron; trying again", "gateway", addr, "host", p.naming.host(addr), "error", err)
	case err == nil && !known:
		p.log.Info("a gateway has registered in Neutron", "gateway", addr, "host", p.naming.host(addr))
	}
	if (err == nil) != known {
		p.told()
	}
}

// say is an agent's report. Neutron binds ports to hosts of agents of this kind
// alone.
func (p *presence) say(ctx context.Context, addr netip.Addr, begins bool) error {
	state := map[string]any{
		"binary": binary, "host": p.naming.host(addr), "topic": "N/A", "agent_type": "Open vSwitch agent",
		"configurations": map[string]any{
			"tunneling_ip": addr.String(), "tunnel_types": []string{"vxlan"}, "l2_population": true,
			"bridge_mappings": map[string]string{}, "integration_bridge": "", "datapath_type": "system",
			"arp_responder_enabled": false, "enable_distributed_routing": false, "in_distributed_mode": false,
			"devices": 0, "extensions": []string{}, "ovs_hybrid_plug": false, "log_agent_heartbeats": false,
			"ovs_capabilities": map[string][]string{"datapath_types": {}, "iface_types": {}},
		},
	}
	if begins {
		state["start_flag"] = true
	}
	return p.call(ctx, "q-reports-plugin", "1.2", "report_state", map[string]any{
		"agent_state": map[string]any{"agent_state": state}, "time": time.Now().UTC().Format("2006-01-02T15:04:05.000000"),
	})
}

// sync makes the tunnel address one of Neutron's endpoints, of which agents that
// do without l2population are told.
func (p *presence) sync(ctx context.Context, addr netip.Addr) error {
	return p.claim(ctx, p.naming.host(addr), addr)
}

// claim makes a tunnel address a host's.
func (p *presence) claim(ctx context.Context, host string, addr netip.Addr) error {
	return p.call(ctx, "q-plugin", "1.4", "tunnel_sync", map[string]any{
		"tunnel_ip": addr.String(), "tunnel_type": "vxlan", "host": host,
	})
}

// confirm says that ports are up at a gateway's host.
func (p *presence) confirm(ctx context.Context, host string, ports []string) error {
	return p.call(ctx, "q-plugin", "1.5", "update_device_list", map[string]any{
		"devices_up": ports, "devices_down": []string{}, "agent_id": "ovs-agent-" + host, "host": host, "refresh_tunnels": true,
	})
}

func (p *presence) call(ctx context.Context, topic, version, method string, args any) error {
	ctx, cancel := context.WithTimeout(ctx, callWithin)
	defer cancel()
	return p.bus.Call(ctx, oslomsg.Message{Topic: topic, Version: version, Method: method, Args: args, Context: oslomsg.AdminContext()}, nil)
}
