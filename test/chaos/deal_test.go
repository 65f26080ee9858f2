package chaos

import (
	"fmt"
	"math/rand/v2"
	"slices"
)

// What happens.
const (
	killServer      = "kill a server"
	killAgent       = "kill an agent"
	stopServer      = "stop a server"
	stopAgent       = "stop an agent"
	restartRabbit   = "restart RabbitMQ"
	restartDatabase = "restart the database"
	cutRabbit       = "cut RabbitMQ off"
	cutDatabase     = "cut the database off"
	cutSwitches     = "cut switches off"
	stopRabbit      = "stop RabbitMQ"
	stopSwitches    = "stop ovsdb-servers"
	killSwitches    = "kill ovsdb-servers"
	wipeSwitches    = "wipe ovsdb-servers"
)

// deck has what happens before anything happens again.
var deck = []string{
	killServer, killAgent, stopServer, stopAgent, stopAgent, restartRabbit, restartDatabase, stopRabbit, cutRabbit,
	cutDatabase, cutSwitches, cutSwitches, stopSwitches, killSwitches, wipeSwitches,
}

// fault is something that happens to a part of the world, and ends some steps
// later.
type fault struct {
	kind string
	// at has the servers, agents or switches concerned, by their kind's name and
	// number; RabbitMQ and the database are names of their own.
	at []string
	// who has the programs that are cut off from at.
	who []string
	// reject says that the cut answers; otherwise packets vanish.
	reject bool
	// gently lets RabbitMQ or the database end in good order.
	gently bool
	// steps is how many it outlives.
	steps int
}

func (f fault) String() string {
	text := fmt.Sprintf("%s %v", f.kind, f.at)
	if len(f.who) > 0 {
		text += fmt.Sprintf(" from %v, reject: %v", f.who, f.reject)
	}
	return fmt.Sprintf("%s for %d steps", text, f.steps)
}

const (
	rabbit    = "rabbit"
	dataStore = "database"
)

// names gives "server0", "server1" and so on.
func names(kind string, n int) (out []string) {
	for i := range n {
		out = append(out, fmt.Sprint(kind, i))
	}
	return out
}

// dealer deals faults. Nothing has two at a time, cuts aside.
type dealer struct {
	*rand.Rand
	cards []string
	now   int
	busy  map[string]int // the step after which it is whole again
}

func (d *dealer) next() fault {
	if d.busy == nil {
		d.busy = map[string]int{}
	}
	d.now++
	for {
		if len(d.cards) == 0 {
			d.cards = slices.Clone(deck)
			d.Shuffle(len(d.cards), func(i, j int) { d.cards[i], d.cards[j] = d.cards[j], d.cards[i] })
		}
		for i, card := range d.cards {
			if f, ok := d.deal(card); ok {
				d.cards = slices.Delete(d.cards, i, i+1)
				return f
			}
		}
		d.cards = nil // whatever is left cannot happen now
	}
}

// deal draws whom a fault meets; false where nothing whole is left.
func (d *dealer) deal(kind string) (fault, bool) {
	f := fault{kind: kind, steps: 1 + d.IntN(3), reject: d.IntN(2) == 0, gently: d.IntN(2) == 0}
	switch kind {
	case killServer, stopServer:
		f.at = d.draw(names("server", servers), 1)
	case killAgent, stopAgent:
		f.at = d.draw(names("agent", agents), 1)
	case restartRabbit, stopRabbit:
		f.at = d.draw([]string{rabbit}, 1)
	case restartDatabase:
		f.at = d.draw([]string{dataStore}, 1)
	case stopSwitches, killSwitches, wipeSwitches:
		f.at = d.draw(names("switch", switches), 1+d.IntN(4))
	default:
		d.cut(&f)
		return f, true
	}
	for _, name := range f.at {
		d.busy[name] = d.now + f.steps
	}
	return f, len(f.at) > 0
}

// cut draws who is cut off from whom.
func (d *dealer) cut(f *fault) {
	serving, keeping := names("server", servers), names("agent", agents)
	switch f.kind {
	case cutRabbit:
		f.at, f.who = []string{rabbit}, slices.Concat(serving, keeping)
	case cutDatabase:
		f.at, f.who = []string{dataStore}, serving
	case cutSwitches:
		all := names("switch", switches)
		f.at, f.who = pick(d.Rand, all, 1+d.IntN(4)), keeping
	}
	if d.IntN(3) > 0 {
		f.who = pick(d.Rand, f.who, 1)
	}
}

// draw draws some of those that are whole.
func (d *dealer) draw(from []string, n int) []string {
	return pick(d.Rand, slices.DeleteFunc(from, func(name string) bool { return d.busy[name] >= d.now }), n)
}

func pick(r *rand.Rand, from []string, n int) []string {
	r.Shuffle(len(from), func(i, j int) { from[i], from[j] = from[j], from[i] })
	return slices.Sorted(slices.Values(from[:min(n, len(from))]))
}
