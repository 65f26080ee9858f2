package server

import (
	"context"
	"slices"
	"time"

	"landbridge/internal/hwvtep"
	"landbridge/internal/l2gw"
	"landbridge/internal/server/planner"
)

// replan computes what one network needs from what is asked and what else is
// there now. An error says that it has to be done again; whatever could be found
// out is done all the same.
func (l *loop) replan(ctx context.Context, id string, asked l2gw.Asked) error {
	if len(asked.Connections) == 0 && len(asked.RemoteConnections) == 0 {
		l.drop(id)
		return nil
	}
	n := l.networks[id]
	if n == nil {
		n = &network{}
		l.networks[id] = n
	}
	site, cloudErr := l.askCloud(ctx, id, n)
	l.use(id, n, devicesOf(asked))
	in := planner.Input{
		Owner: l.cfg.Owner, NetworkID: id, Site: site, Asked: asked,
		CloudError: l.doubt(cloudErr), Switches: l.inventory(id, n),
	}
	if site == nil && cloudErr == nil {
		in.CloudError = "" // the network is gone for sure
	}
	n.statuses = statusesOf(asked)
	l.adopt(id, n, planner.Plan(in))
	return cloudErr
}

// inventory gives the planner's view of the switches of a network.
func (l *loop) inventory(id string, n *network) map[string]planner.Switch {
	l.watchWAN(id, n, l.reports.seen(l.cfg.Owner.Name(id), n.devices), time.Now())
	out := l.reports.inventory(l.cfg.Owner.Name(id), n.devices)
	for name, sw := range out {
		sw.Lost, sw.Ill = l.health.lost(sw.Database), l.health.ill(place{name, id})
		if t := n.wan[name]; t != nil {
			sw.WAN = t.locators
		}
		out[name] = sw
	}
	return out
}

// askCloud gives what the cloud says of a network, and keeps it. A cloud that
// cannot be asked is an error, and what it said last is given; one that knows the
// network no more is not an error.
func (l *loop) askCloud(ctx context.Context, id string, n *network) (*l2gw.Site, error) {
	site, err := l.cfg.Cloud.Site(ctx, id)
	switch {
	case err == nil:
		n.site, n.answered = packSite(site), true
		return &site, nil
	case l2gw.CodeOf(err) == l2gw.NotFound:
		n.site, n.answered = nil, true
		return nil, nil
	}
	return n.site.unpack(), err
}

// doubt is why the cloud's answer may be out of date, "" where it is not.
func (l *loop) doubt(err error) string {
	if err == nil {
		err = l.cfg.Cloud.Health()
	}
	if err == nil {
		return ""
	}
	return err.Error()
}

// adopt takes over what was computed. As long as the cloud has never answered
// it does not reach the agents: they leave the network as it is.
func (l *loop) adopt(id string, n *network, out planner.Output) {
	if !slices.EqualFunc(n.out.Services, out.Services, l2gw.Service.Equal) {
		l.unsaid = true
	}
	n.keep(out)
	if n.answered {
		for device, t := range n.wan {
			t.give(keyed(out.Switches[device]), time.Now())
		}
		l.set(id, out.Name, n.plans)
	}
}

// keep keeps what was computed.
func (n *network) keep(out planner.Output) {
	n.plans = make(map[string]hwvtep.Packed, len(out.Switches))
	for device, ls := range out.Switches {
		n.plans[device] = hwvtep.Pack(ls)
	}
	n.out, n.out.Switches = out, nil
}

// whole gives what was computed, with all that the switches must hold.
func (n *network) whole() planner.Output {
	out := n.out
	out.Switches = make(map[string]*hwvtep.LogicalSwitch, len(n.plans))
	for device, ls := range n.plans {
		out.Switches[device] = ls.Unpack()
	}
	return out
}

// drop forgets a network that has no connections any more.
func (l *loop) drop(id string) {
	if n := l.networks[id]; n != nil {
		l.unsaid = l.unsaid || len(n.out.Services) > 0
		l.use(id, n, nil)
		l.health.forget(id)
		delete(l.networks, id)
	}
	l.set(id, l.cfg.Owner.Name(id), nil)
}

// use keeps l.users in step with the devices of a network.
func (l *loop) use(id string, n *network, devices []string) {
	for _, d := range n.devices {
		delete(l.users[d], id)
		if len(l.users[d]) == 0 {
			delete(l.users, d)
		}
	}
	for _, d := range devices {
		if l.users[d] == nil {
			l.users[d] = hwvtep.Set[string]{}
		}
		l.users[d].Add(id)
	}
	n.devices = devices
}

func devicesOf(asked l2gw.Asked) []string {
	names := hwvtep.Set[string]{}
	for _, gw := range asked.Gateways {
		for _, d := range gw.Devices {
			names.Add(d.Name)
		}
	}
	return keys(names)
}

func statusesOf(asked l2gw.Asked) map[string]l2gw.Status {
	out := map[string]l2gw.Status{}
	for _, c := range asked.Connections {
		out[c.ID] = c.Status
	}
	for _, c := range asked.RemoteConnections {
		out[c.ID] = c.Status
	}
	return out
}
