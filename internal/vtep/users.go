package vtep

import (
	"fmt"
	"slices"
	"strings"

	"landbridge/internal/hwvtep"
	"landbridge/internal/vtep/underlay"
)

// users are those of a pair of underlay addresses.
type users struct {
	// fabric and wan have how many tunnels a network has there, by its number.
	// Very many networks may have some.
	fabric, wan map[uint32]uint32
	// faults are what there is to tell of the tunnels while they have that
	// problem; nil after a change of the tunnels.
	faults  []string
	problem string
}

func newUsers() *users { return &users{fabric: map[uint32]uint32{}, wan: map[uint32]uint32{}} }

func (u *users) on(wan bool) map[uint32]uint32 {
	if wan {
		return u.wan
	}
	return u.fabric
}

func (u *users) count(network uint32, wan bool, by int) {
	u.faults = nil
	tunnels := u.on(wan)
	if tunnels[network] += uint32(by); tunnels[network] == 0 {
		delete(tunnels, network)
	}
}

func (u *users) none() bool { return len(u.fabric)+len(u.wan) == 0 }

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
			if e := d.extent(u, wan); e.tunnels > 0 {
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

func (d *desired) extent(u *users, wan bool) (e extent) {
	for number, n := range u.on(wan) {
		name := d.numbers.names[number]
		e.tunnels += int(n)
		e.networks++
		if i, _ := slices.BinarySearch(e.first, name); i < mostNames {
			e.first = slices.Insert(e.first, i, name)
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
