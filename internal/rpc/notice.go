package rpc

import (
	"maps"

	"landbridge/internal/hwvtep"
)

// Notice tells an agent that the plan has changed, so that it asks for the
// difference now. It may be lost, come twice or late: Orders say the same.
type Notice struct {
	Method    string   `json:"-"` // what has changed, one of the methods below
	NetworkID string   `json:"network_id"`
	Epoch     string   `json:"epoch"` // with Revision, the state of the plan
	Revision  Revision `json:"revision"`
}

// The methods of notices: those of the specification, from the plugin to agents.
const (
	CreateConnection    = "create_connection"
	DeleteConnection    = "delete_connection"
	CreateRemoteUnknown = "create_remote_unknown" // a remote gateway for unknown MACs
	DeleteRemoteUnknown = "delete_remote_unknown"
	CreateRemoteMAC     = "create_remote_mac"
	DeleteRemoteMAC     = "delete_remote_mac"
	PortChanged         = "port_changed" // anything else of the network
)

// Notices gives every method of a notice.
func Notices() []string {
	return []string{
		CreateConnection, DeleteConnection, CreateRemoteUnknown, DeleteRemoteUnknown,
		CreateRemoteMAC, DeleteRemoteMAC, PortChanged,
	}
}

// MethodOf names the change of a logical switch on a switch by what weighs most
// of it; nil stands for one that is not there.
func MethodOf(was, now *hwvtep.LogicalSwitch) string {
	switch {
	case was == nil:
		return CreateConnection
	case now == nil:
		return DeleteConnection
	}
	before, after := remotes(was), remotes(now)
	switch {
	case !within(after, before):
		return CreateRemoteUnknown
	case !within(before, after):
		return DeleteRemoteUnknown
	case !hostsWithin(now, was):
		return CreateRemoteMAC
	case !hostsWithin(was, now):
		return DeleteRemoteMAC
	}
	return PortChanged
}

// remotes gives the locators of remote gateways that traffic without a known
// receiver goes to, or is accepted from.
func remotes(ls *hwvtep.LogicalSwitch) hwvtep.Set[hwvtep.Locator] {
	out := hwvtep.Set[hwvtep.Locator]{}
	for _, mac := range []string{hwvtep.UnknownDst, hwvtep.AcceptOnly} {
		maps.Copy(out, ls.Mcast[mac])
	}
	maps.DeleteFunc(out, func(l hwvtep.Locator, _ struct{}) bool { return !l.WAN() })
	return out
}

func within(a, b hwvtep.Set[hwvtep.Locator]) bool {
	for l := range a {
		if !b.Has(l) {
			return false
		}
	}
	return true
}

// hostsWithin tells whether b has all hosts behind remote gateways that a has.
func hostsWithin(a, b *hwvtep.LogicalSwitch) bool {
	for u := range a.Ucast.All() {
		if u.Locator.WAN() && !b.Ucast.Has(u) {
			return false
		}
	}
	return true
}
