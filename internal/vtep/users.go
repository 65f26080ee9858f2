package vtep

import (
	"fmt"
	"slices"
	"strings"

	"landbridge/internal/hwvtep"
	"landbridge/internal/vtep/underlay"
)

// user is a network with tunnels on a side.
type user struct {
	network string
	wan     bool
}

// users are those of a pair of underlay addresses.
type users struct {
	tunnels map[user]int // how many
	// faults are what there is to tell of the tunnels while they have that
	// problem; nil after a change of the tunnels.
	faults  []string
	problem string
}

func newUsers() *users { return &users{tunnels: map[user]int{}} }

func (u *users) count(who user, by int) {
	u.faults = nil
	if u.tunnels[who] += by; u.tunnels[who] == 0 {
		delete(u.tunnels, who)
	}
}

// unreachable gives the faults of a pair between which nothing can be sent: of a
// tunnel by its locator, of many on one side by their End, however many there
// are. It costs nothing while nothing has changed there.
func (d *desired) unreachable(pair underlay.Pair, problem string) []string {
	u := d.users[pair]
	if u == nil {
		return nil
	}
	if u.faults == nil || u.problem != problem {
		u.faults, u.problem = []string{}, problem
		for _, wan := range []bool{false, true} {
			if e := u.extent(wan); e.tunnels > 0 {
				u.faults = append(u.faults, d.faultOf(pair, wan, e).String())
			}
		}
	}
	return u.faults
}

func (d *desired) faultOf(pair underlay.Pair, wan bool, e extent) hwvtep.Fault {
	if e.tunnels == 1 {
		return hwvtep.Fault{LogicalSwitch: e.first[0], Part: d.locator(e.first[0], pair, wan).String(), Reason: d.users[pair].problem}
	}
	end := hwvtep.End{WAN: wan, Addr: pair.Remote}
	return hwvtep.Fault{LogicalSwitch: hwvtep.Everywhere, Part: end.String(), Reason: d.users[pair].problem, Extent: e.String()}
}

// locator gives that of a tunnel between a pair of addresses, on one side.
func (d *desired) locator(network string, pair underlay.Pair, wan bool) hwvtep.Locator {
	for e, t := range d.networks[network].Tunnels {
		if l := t.Locator(e); !e.IsPort() && pairOf(e, t) == pair && l.WAN() == wan {
			return l
		}
	}
	return hwvtep.Locator{}
}

// mostNames bounds how many logical switches a fault names.
const mostNames = 3

// extent says whose tunnels a fault is about.
type extent struct {
	tunnels, networks int
	first             []string // networks by name
}

func (u *users) extent(wan bool) (e extent) {
	for who, n := range u.tunnels {
		if who.wan != wan {
			continue
		}
		e.tunnels += n
		e.networks++
		if i, _ := slices.BinarySearch(e.first, who.network); i < mostNames {
			e.first = slices.Insert(e.first, i, who.network)
			e.first = e.first[:min(len(e.first), mostNames)]
		}
	}
	return e
}

// String is for the fault: "9 tunnels of a, b, c and 4 more".
func (e extent) String() string {
	text := fmt.Sprintf("%d tunnels of %s", e.tunnels, strings.Join(e.first, ", "))
	if more := e.networks - len(e.first); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}
