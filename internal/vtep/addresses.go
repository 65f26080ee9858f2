package vtep

import (
	"fmt"
	"maps"
	"slices"

	"landbridge/internal/ethernet"
	"landbridge/internal/vtep/datapath"
	"landbridge/internal/vtep/forwarding"
)

// age goes over the FDB, and tells the log and the database of what needs an
// operator.
func (l *loop) age() {
	s, err := l.dp.Sweep(l.cfg.Ageing)
	if err != nil {
		l.log.Error("cannot go over the addresses that are known", "error", err)
		return
	}
	if s.Aged > 0 {
		l.log.Debug("forgot addresses that were not heard of", "count", s.Aged)
	}
	if s.Full && !l.swept.Full {
		l.log.Error("the FDB is full: frames to addresses that found no room are flooded; raise --max-macs, or lower --mac-limit")
	}
	for name, now := range s.Networks {
		l.tellAddresses(name, l.swept.Networks[name], now)
	}
	// What is told after each change is of few networks.
	maps.DeleteFunc(s.Networks, func(_ string, a datapath.Addresses) bool { return !a.AtLimit() && len(a.Frozen) == 0 })
	l.swept = s
	l.tell()
}

// tellAddresses tells the log of what has changed with a network's addresses.
func (l *loop) tellAddresses(name string, was, now datapath.Addresses) {
	if now.AtLimit() && !was.AtLimit() {
		l.log.Warn("the network has learned as many addresses as it may: frames to others are flooded", "network", name, "limit", now.Limit)
	}
	for _, mac := range now.Frozen {
		if !slices.Contains(was.Frozen, mac) {
			l.log.Warn("an address moves too often and is frozen where it is: is it used twice, or is there a loop?", "network", name, "mac", mac)
		}
	}
	for _, mac := range was.Frozen {
		if !slices.Contains(now.Frozen, mac) {
			l.log.Info("the address is not frozen any longer", "network", name, "mac", mac)
		}
	}
}

// tableExhausted is the word of vtep(5) for a switch whose FDB is full.
const tableExhausted = "mac_table_exhaustion"

// addressProblems gives the networks that learn no more.
func addressProblems(s datapath.Swept) (out []forwarding.Problem) {
	for name, a := range s.Networks {
		if a.AtLimit() {
			out = append(out, forwarding.Problem{Network: name, Reason: fmt.Sprintf(
				"%d MACs are learned, as many as may be: frames to others are flooded; raise mac-limit, or find who uses so many", a.Limit)})
		}
	}
	return out
}

// thaw lets an address move again. It gives the networks where it was frozen.
func (l *loop) thaw(mac ethernet.MAC) ([]string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	names, err := l.dp.Thaw(mac)
	for _, name := range names {
		l.log.Info("thawed by command", "network", name, "mac", mac)
	}
	if err == nil && len(names) > 0 {
		l.age()
	}
	return names, err
}
