// Package peers keeps two devices of one gateway from carrying the WAN side of a
// network at once, also while no controller reaches one of them: who carries it
// claims it before its peers, and who hears of a newer claim gives it up.
package peers

import (
	"crypto/sha256"
	"net/netip"
	"time"
)

const (
	// claimEvery is how often a claim is repeated.
	claimEvery = time.Second
	// yieldWithin is how long a peer is given to give up what it has claimed, and
	// hurryEvery how often it is told meanwhile.
	yieldWithin = 300 * time.Millisecond
	hurryEvery  = 100 * time.Millisecond
	// silentFor is how long a claim counts that is not repeated; at the start
	// peers are listened to for listenFor.
	silentFor = 10 * time.Second
	listenFor = claimEvery + 500*time.Millisecond
	// TickEvery is how often Tick wants to be called.
	TickEvery = hurryEvery
)

// ID is that of a network: a hash of its name.
type ID [16]byte

// Of gives the ID of a network by the name of its logical switch.
func Of(name string) ID {
	sum := sha256.Sum256([]byte(name))
	return ID(sum[:16])
}

// Claim says that the sender carries the WAN side of a network. The higher number
// is the newer claim; 0 takes back what was claimed.
type Claim struct {
	Network ID
	Number  uint64
}

// The lowest numbers: of what may be of the past, and of what is new where nobody
// has claimed it.
const (
	old uint64 = iota + 1
	fresh
)

// Claims is what this device and its peers claim. It has no clock and no locks.
type Claims struct {
	own     netip.Addr
	began   time.Time
	mine    map[string]*mine
	names   map[ID]string // of mine
	heard   map[ID]heard  // the newest of others
	due     time.Time     // claims are to be repeated
	waiting int
	say     []Claim // to be sent now
}

// mine is a network whose WAN side this device is to carry.
type mine struct {
	id     ID
	number uint64
	// from is when it may begin, where peers have to hear of it first.
	from    time.Time
	waits   bool
	yielded netip.Addr // the peer it was given up to; the zero Addr: it was not
}

type heard struct {
	number uint64
	from   netip.Addr
	at     time.Time
}

// New begins with nothing; own is the address that peers know this device by.
func New(own netip.Addr, now time.Time) *Claims {
	return &Claims{own: own, began: now, mine: map[string]*mine{}, names: map[ID]string{}, heard: map[ID]heard{}}
}

// Want says that this device is to carry the WAN side of a network; pinned: it
// does so already, since before its start. What is wanted so soon after the start
// that peers were not heard yet is no newer than what they claim.
func (c *Claims) Want(name string, pinned bool, now time.Time) {
	if c.mine[name] != nil {
		return
	}
	m := &mine{id: Of(name), number: old}
	c.mine[name], c.names[m.id] = m, name
	other, claimed := c.heard[m.id]
	switch listened := c.began.Add(listenFor); {
	case pinned:
	case now.Before(listened):
		m.waits, m.from = true, listened
	case claimed:
		m.number, m.waits, m.from = other.number+1, true, now.Add(yieldWithin)
		c.say = append(c.say, Claim{m.id, m.number})
	default:
		m.number = fresh
	}
	if m.waits {
		c.waiting++
	}
	c.due = time.Time{}
}

// Drop says that this device is to carry the WAN side of a network no more.
func (c *Claims) Drop(name string) {
	m := c.mine[name]
	if m == nil {
		return
	}
	if !m.yielded.IsValid() {
		c.say = append(c.say, Claim{m.id, 0})
	}
	c.start(m)
	delete(c.names, m.id)
	delete(c.mine, name)
}

func (c *Claims) start(m *mine) {
	if m.waits {
		m.waits = false
		c.waiting--
	}
}

// May tells whether the WAN side of a network may be carried now. Where a peer
// carries it instead, by is that one's address; else it may be before long.
func (c *Claims) May(name string) (ok bool, by netip.Addr) {
	m := c.mine[name]
	if m == nil {
		return true, by
	}
	return !m.waits && !m.yielded.IsValid(), m.yielded
}

// Hear takes in what a peer claims, and gives the networks of which May says
// something else than before.
func (c *Claims) Hear(from netip.Addr, claims []Claim, now time.Time) (turned []string) {
	for _, claim := range claims {
		if c.hear(from, claim, now) {
			turned = append(turned, c.names[claim.Network])
		}
	}
	return turned
}

func (c *Claims) hear(from netip.Addr, claim Claim, now time.Time) bool {
	known, was := c.heard[claim.Network]
	switch {
	case claim.Number == 0 && known.from == from:
		delete(c.heard, claim.Network)
		return false
	case claim.Number == 0:
		return false
	case !was || claim.Number >= known.number || known.from == from:
		c.heard[claim.Network] = heard{claim.Number, from, now}
	}
	m := c.mine[c.names[claim.Network]]
	if m == nil || m.yielded.IsValid() || claim.Number < m.number || claim.Number == m.number && c.own.Less(from) {
		return false
	}
	c.start(m)
	m.yielded = from
	return true
}

// Tick lets time pass, and gives the networks of which May says something else
// than before: one that peers had the time to give up, or of which nothing has
// been heard for long from who had claimed it.
func (c *Claims) Tick(now time.Time) (turned []string) {
	whole := !now.Before(c.due)
	if !whole && c.waiting == 0 {
		return nil
	}
	if whole {
		c.forget(now)
		c.due = now.Add(claimEvery)
	}
	for name, m := range c.mine {
		_, claimed := c.heard[m.id]
		switch {
		case m.waits && !now.Before(m.from):
			c.start(m)
			turned = append(turned, name)
		case m.yielded.IsValid() && !claimed:
			m.yielded = netip.Addr{}
			turned = append(turned, name)
		}
		if !m.yielded.IsValid() && (whole || m.waits) {
			c.say = append(c.say, Claim{m.id, m.number})
		}
	}
	return turned
}

func (c *Claims) forget(now time.Time) {
	for id, h := range c.heard {
		if now.Sub(h.at) > silentFor {
			delete(c.heard, id)
		}
	}
}

// Say gives what peers have to be told now.
func (c *Claims) Say() []Claim {
	say := c.say
	c.say = nil
	return say
}
