package neutron

import (
	"context"
	"errors"
	"maps"
	"reflect"
	"slices"
	"sync"
	"time"

	"landbridge/internal/l2gw"
)

// mirror holds what Neutron has of the networks that somebody asks about.
type mirror struct {
	rest   rest
	forget time.Duration // after which a network that nobody has asked about is dropped
	now    func() time.Time

	// reading is held while Neutron is asked and the answer taken over: what was
	// asked for later is newer.
	reading sync.Mutex

	mu       sync.Mutex
	networks map[string]*kept
	around   surroundings
}

// kept is one network of the mirror.
type kept struct {
	content
	gone  bool // Neutron has no such network
	asked time.Time
}

func newMirror(r rest, forget time.Duration) *mirror {
	return &mirror{rest: r, forget: forget, now: time.Now, networks: map[string]*kept{}}
}

// site gives what is known of a network, and asks Neutron where that is
// nothing.
func (m *mirror) site(ctx context.Context, id string) (l2gw.Site, error) {
	if site, known, err := m.look(id); known {
		return site, err
	}
	if _, err := m.refresh(ctx, []string{id}, nil, true); err != nil {
		return l2gw.Site{}, err
	}
	site, known, err := m.look(id)
	if !known {
		err = errors.New("the network was dropped while it was read") // nobody drops what was asked for just now
	}
	return site, err
}

// look gives what is known of a network, and whether that is anything.
func (m *mirror) look(id string) (site l2gw.Site, known bool, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	k := m.networks[id]
	switch {
	case k == nil || m.around.hosts == nil:
		return site, false, nil
	case k.gone:
		k.asked = m.now()
		return site, true, l2gw.ErrNetworkNotFound(id)
	}
	k.asked = m.now()
	return k.site(m.around), true, nil
}

// interesting gives the networks that somebody asks about, and drops those that
// nobody has asked about for long.
func (m *mirror) interesting() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	maps.DeleteFunc(m.networks, func(_ string, k *kept) bool { return m.now().Sub(k.asked) > m.forget })
	return slices.Sorted(maps.Keys(m.networks))
}

// has tells whether a network is interesting.
func (m *mirror) has(id string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.networks[id] != nil
}

// local tells whether a port of a network has a MAC.
func (m *mirror) local(network string, mac l2gw.MAC) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	k := m.networks[network]
	if k == nil {
		return false
	}
	for _, d := range k.ports {
		if p, ok := d.port(); ok && p.MAC == mac && d.carries() {
			return true
		}
	}
	return false
}

// networkOf gives the network of a port or subnet that is known.
func (m *mirror) networkOf(part string) (string, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for id, k := range m.networks {
		_, port := k.ports[part]
		if port || slices.ContainsFunc(k.subnets, func(s subnetDocument) bool { return s.ID == part }) {
			return id, true
		}
	}
	return "", false
}

// refresh asks Neutron for some networks whole and for single ports of others,
// and for the agents where they are wanted. It gives the networks of which it
// has learnt something.
func (m *mirror) refresh(ctx context.Context, networks, ports []string, agents bool) (changed []string, err error) {
	m.reading.Lock()
	defer m.reading.Unlock()
	var got answers
	if err := got.ask(ctx, m.rest, networks, ports, agents); err != nil {
		return nil, err
	}
	return m.take(networks, ports, got), nil
}

// answers are what Neutron has said.
type answers struct {
	networks []l2gw.Network
	subnets  []subnetDocument // of the networks
	of       []portDocument   // all of the networks
	ports    []portDocument   // the single ones
	agents   []agentDocument
	asked    bool            // for agents
	admits   map[string]bool // of the security groups of all these ports
}

func (a *answers) ask(ctx context.Context, r rest, networks, ports []string, agents bool) (err error) {
	if len(networks) > 0 {
		if a.networks, err = r.networks(ctx, networks); err != nil {
			return err
		}
		if a.subnets, err = r.subnets(ctx, networks); err != nil {
			return err
		}
		if a.of, err = r.portsBy(ctx, "network_id", networks); err != nil {
			return err
		}
	}
	if len(ports) > 0 {
		if a.ports, err = r.portsBy(ctx, "id", ports); err != nil {
			return err
		}
	}
	if agents {
		a.asked = true
		if a.agents, err = r.agents(ctx); err != nil {
			return err
		}
	}
	a.admits, err = r.admits(ctx, groupsOf(a.of, a.ports))
	return err
}

// groupsOf gives the security groups of ports, each once.
func groupsOf(lists ...[]portDocument) []string {
	var out []string
	for _, list := range lists {
		for _, p := range list {
			if p.DeviceOwner != gatewayOwner {
				out = append(out, p.SecurityGroups...)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// take takes answers over, and gives the networks that have changed.
func (m *mirror) take(networks, ports []string, got answers) []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	around := m.next(got)
	next := m.nextNetworks(networks, ports, got)
	var changed []string
	for id, was := range m.networks {
		now, read := next[id]
		if !read {
			now = *was
		}
		if was.gone != now.gone || (read || !around.equal(m.around)) && !reflect.DeepEqual(was.site(m.around), now.site(around)) {
			changed = append(changed, id)
		}
	}
	for id, n := range next {
		m.networks[id] = &n
	}
	m.around = around
	slices.Sort(changed)
	return changed
}

// next gives the surroundings, as they are now.
func (m *mirror) next(got answers) surroundings {
	out := surroundings{m.around.hosts, maps.Clone(m.around.admits)}
	if out.admits == nil {
		out.admits = map[string]bool{}
	}
	maps.Copy(out.admits, got.admits)
	if got.asked {
		out.hosts = hostsOf(got.agents)
	}
	return out
}

// nextNetworks gives the networks that answers are about, as they are now.
func (m *mirror) nextNetworks(networks, ports []string, got answers) map[string]kept {
	next := map[string]kept{}
	for _, id := range networks {
		k := kept{gone: true, asked: m.now()}
		if was := m.networks[id]; was != nil {
			k.asked = was.asked
		}
		next[id] = k
	}
	for _, n := range got.networks {
		if k, ok := next[n.ID]; ok {
			k.gone, k.content = false, content{n, map[string]portDocument{}, subnetsOf(got.subnets, n.ID)}
			next[n.ID] = k
		}
	}
	for _, p := range got.of {
		if k, ok := next[p.NetworkID]; ok && !k.gone {
			k.ports[p.ID] = p
		}
	}
	m.nextPorts(next, ports, got.ports)
	return next
}

func subnetsOf(all []subnetDocument, network string) []subnetDocument {
	var out []subnetDocument
	for _, s := range all {
		if s.NetworkID == network {
			out = append(out, s)
		}
	}
	return out
}

// nextPorts puts single ports into what is known of their networks; those that
// were asked for and are not there are gone.
func (m *mirror) nextPorts(next map[string]kept, ports []string, found []portDocument) {
	edit := func(id string) (map[string]portDocument, bool) {
		if k, ok := next[id]; ok {
			return k.ports, !k.gone
		}
		was := m.networks[id]
		if was == nil || was.gone {
			return nil, false
		}
		k := *was
		k.ports = maps.Clone(k.ports)
		next[id] = k
		return k.ports, true
	}
	for id, k := range m.networks {
		for _, port := range ports {
			if _, had := k.ports[port]; !had {
				continue
			}
			if of, ok := edit(id); ok {
				delete(of, port)
			}
		}
	}
	for _, p := range found {
		if of, ok := edit(p.NetworkID); ok {
			of[p.ID] = p
		}
	}
}
