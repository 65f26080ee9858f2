package server

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

const (
	// lostAfter is how long a database may be out of use before its switches are
	// held to be lost; backAfter how long it has to be in use again before they
	// are not.
	lostAfter = 2 * time.Second
	backAfter = 10 * time.Second
	// One that is lost again within steadyAfter is waited for twice as long, until
	// backMost: whoever receives frames of hosts that move too often believes none
	// of it any more.
	backMost    = 10 * time.Minute
	steadyAfter = time.Hour
	// illAfter is how long the WAN side of a network may have a fault on a switch
	// before it goes elsewhere. There the fault is not seen any more: the switch
	// is tried again after illFirst, and after twice as long each time, until
	// illMost.
	illAfter = 2 * time.Second
	illFirst = time.Minute
	illMost  = time.Hour
)

// health says, by the time that has passed, which switches are not to carry the
// WAN side of networks. It belongs to the loop.
type health struct {
	databases map[string]*standing // by address
	spells    map[place]*spell
}

// standing is that of one database.
type standing struct {
	failing bool
	since   time.Time // of failing
	reason  string    // why it is held to be lost; ""
	// back is how long it has to be in use before it is held to be back; it was so
	// last at returned.
	back     time.Duration
	returned time.Time
}

// place is the WAN side of a network on a switch.
type place struct{ device, network string }

// spell is what is known against a place.
type spell struct {
	fault string        // that it has now; ""
	since time.Time     // of fault
	until time.Time     // it is held to be ill; zero while it is not
	last  string        // the fault because of which it is
	next  time.Duration // for how long the next time
}

func newHealth() *health {
	return &health{databases: map[string]*standing{}, spells: map[place]*spell{}}
}

// lost tells why the switches of a database cannot be reached, "" where they can.
func (h *health) lost(address string) string {
	if s := h.databases[address]; s != nil {
		return s.reason
	}
	return ""
}

// ill tells what is against a place, "" for nothing.
func (h *health) ill(p place) string {
	if s := h.spells[p]; s != nil && !s.until.IsZero() {
		return s.last
	}
	return ""
}

// observe takes in why databases cannot be used, by address, and gives those
// whose switches are lost from now on, or back. One that is first seen out of
// use may only be starting, as this server is.
func (h *health) observe(errors map[string]string, now time.Time) (turned []string) {
	maps.DeleteFunc(h.databases, func(address string, _ *standing) bool {
		_, known := errors[address]
		return !known
	})
	for address, err := range errors {
		s := h.databases[address]
		if s == nil {
			s = &standing{since: now, returned: now}
			h.databases[address] = s
		}
		if failing := err != ""; failing != s.failing {
			s.failing, s.since = failing, now
		}
		switch held := s.reason != ""; {
		case s.failing && !held && now.Sub(s.since) >= lostAfter:
			s.reason = fmt.Sprintf("its database %s cannot be used: %s", address, err)
			if s.back = min(2*s.back, backMost); s.back == 0 || now.Sub(s.returned) >= steadyAfter {
				s.back = backAfter
			}
		case !s.failing && held && now.Sub(s.since) >= s.back:
			s.reason, s.returned = "", now
		default:
			continue
		}
		turned = append(turned, address)
	}
	slices.Sort(turned)
	return turned
}

// fault takes in what a place has against it now, "" for nothing.
func (h *health) fault(p place, fault string, now time.Time) {
	s := h.spells[p]
	switch {
	case s == nil && fault == "":
		return
	case s == nil:
		s = &spell{next: illFirst}
		h.spells[p] = s
	}
	if (fault == "") != (s.fault == "") {
		s.since = now
	}
	s.fault = fault
}

// forget takes a network out.
func (h *health) forget(network string) {
	maps.DeleteFunc(h.spells, func(p place, _ *spell) bool { return p.network == network })
}

// turns gives the networks of which a place is ill from now on, or not any more.
func (h *health) turns(now time.Time) (networks []string) {
	for p, s := range h.spells {
		switch lasting := s.fault != "" && now.Sub(s.since) >= illAfter; {
		case lasting && s.until.IsZero():
			s.until, s.last, s.next = now.Add(s.next), s.fault, min(2*s.next, illMost)
			networks = append(networks, p.network)
		case lasting && now.After(s.until): // there is no better place
			s.until = now.Add(s.next)
		case !s.until.IsZero() && now.After(s.until):
			s.until = time.Time{}
			networks = append(networks, p.network)
		case s.until.IsZero() && s.fault == "" && now.Sub(s.since) > s.next:
			delete(h.spells, p)
		}
	}
	return networks
}
