package chaos

import (
	"math/rand/v2"
	"slices"
	"time"

	"landbridge/internal/lab/controlplane"
	"landbridge/internal/lab/rest"
)

// The size of the world.
const (
	servers, agents, switches = 2, 3, 10
	clients                   = 4
	opsEach                   = 4 // that a client has in each step
	calm                      = 8 // steps before the first fault
)

// script is a walk. Its seed alone decides it: what is done next never depends
// on how long something took, or on how it went.
type script struct {
	steps []step
	// mariadb says which database the servers have.
	mariadb bool
}

// step is some operations, which the clients do at once, while a fault begins;
// before the first one, none does.
type step struct {
	ops   [clients][]op
	fault fault
	// least is how long the step takes at least.
	least time.Duration
}

// verb is what is done to an object.
type verb string

const (
	create verb = "create"
	update verb = "update"
	remove verb = "delete"
	// keep makes an object where it is not there, since the request that was to
	// make it met a fault. So does update.
	keep verb = "keep"
)

// op is an operation of the API on a place: at most one object is there at a
// time. An object's operations are all of one client, one after the other.
type op struct {
	number int // unique in the walk
	verb   verb
	kind   rest.Kind
	place  int
	server int // whom it is sent to first
	value  int // drawn, for attributes
	// on has the places of what a new object stands on: of a connection its
	// gateway, of a remote connection its connection and its remote gateway, of
	// remote MACs their remote connection.
	on []int
	// network is that of a connection; many is how many remote MACs one POST
	// makes, 0 for one that is not in bulk.
	network, many int
	devices       []int // the switches of a gateway
}

// places is how many there are of each kind.
var places = map[rest.Kind]int{
	rest.Gateways: 12, rest.Connections: 32, rest.RemoteGateways: 8, rest.RemoteConnections: 24, rest.RemoteMACs: 96,
}

// kinds are drawn by their weight.
var kinds = []rest.Kind{
	rest.Gateways, rest.Gateways, rest.Connections, rest.Connections, rest.Connections,
	rest.RemoteGateways, rest.RemoteGateways,
	rest.RemoteConnections, rest.RemoteConnections, rest.RemoteConnections, rest.RemoteMACs, rest.RemoteMACs, rest.RemoteMACs,
}

// owner is the client whose place it is: of remote MACs that of their remote
// connection.
func owner(kind rest.Kind, place int) int {
	if kind == rest.RemoteMACs {
		return owner(rest.RemoteConnections, place%places[rest.RemoteConnections])
	}
	return place % clients
}

// author writes a script. It knows what there would be if everything went well.
type author struct {
	*rand.Rand
	number int
	there  map[rest.Kind]map[int]op // by place: the creation
	macs   int
	dealer dealer
}

// write gives the walk of a seed with some faults, after a few steps without.
func write(seed uint64, faults int) script {
	a := &author{Rand: rand.New(rand.NewPCG(seed, 0)), there: map[rest.Kind]map[int]op{}}
	a.dealer.Rand = a.Rand
	for kind := range places {
		a.there[kind] = map[int]op{}
	}
	s := script{mariadb: a.IntN(2) == 1}
	for i := range calm + faults {
		st := step{}
		if i >= calm {
			st.fault, st.least = a.dealer.next(), time.Duration(200+a.IntN(1300))*time.Millisecond
		}
		for range opsEach {
			for c := range clients {
				st.ops[c] = append(st.ops[c], a.next(c))
			}
		}
		s.steps = append(s.steps, st)
	}
	return s
}

// next draws what a client does next.
func (a *author) next(client int) op {
	for {
		kind := kinds[a.IntN(len(kinds))]
		place := a.IntN(places[kind])
		if owner(kind, place) != client {
			continue
		}
		o := op{kind: kind, place: place, server: a.IntN(servers), value: a.IntN(10)}
		if a.decide(&o) {
			a.number++
			o.number = a.number
			a.note(o)
			return o
		}
	}
}

// decide says what is done at a place, where there is anything to do.
func (a *author) decide(o *op) bool {
	made, there := a.there[o.kind][o.place]
	updatable := o.kind == rest.Gateways || o.kind == rest.RemoteGateways
	switch {
	case !there:
		o.verb = create
		return a.furnish(o)
	case made.many == 0 && a.IntN(4) == 0: // a bulk goes with its remote connection
		o.verb = remove
		return true
	}
	o.verb = keep
	if updatable {
		o.verb = update
	}
	o.on, o.network, o.many, o.devices = made.on, made.network, made.many, made.devices
	return true
}

// furnish draws what a new object stands on; false where there is nothing.
func (a *author) furnish(o *op) (ok bool) {
	switch o.kind {
	case rest.Gateways:
		o.devices = a.Perm(switches)[:1+a.IntN(2)]
	case rest.Connections:
		o.network = a.IntN(controlplane.Networks / 2)
		return a.on(o, rest.Gateways) && !a.twice(*o)
	case rest.RemoteConnections:
		return a.on(o, rest.Connections) && a.on(o, rest.RemoteGateways) && !a.twice(*o)
	case rest.RemoteMACs:
		connection := o.place % places[rest.RemoteConnections]
		if _, there := a.there[rest.RemoteConnections][connection]; !there {
			return false
		}
		o.on = []int{connection}
		if size := []int{0, 20, 400, 3000}[a.IntN(4)]; a.macs+size <= mostMACs {
			o.many = size
		}
	}
	return true
}

// mostMACs bounds what the clients make in bulk.
const mostMACs = 12000

// on draws an object of a kind for a new one to stand on.
func (a *author) on(o *op, kind rest.Kind) bool {
	if len(a.there[kind]) == 0 {
		return false
	}
	var all []int
	for place := range a.there[kind] {
		all = append(all, place)
	}
	slices.Sort(all)
	o.on = append(o.on, all[a.IntN(len(all))])
	return true
}

// twice tells whether there is one already that stands on the same.
func (a *author) twice(o op) bool {
	for _, other := range a.there[o.kind] {
		if slices.Equal(other.on, o.on) && other.network == o.network {
			return true
		}
	}
	return false
}

// note keeps what there is after an operation.
func (a *author) note(o op) {
	there := a.there[o.kind]
	switch o.verb {
	case create:
		there[o.place] = o
		a.macs += o.many
	case remove:
		if !a.used(o) {
			a.forget(o.kind, o.place)
		}
	}
}

// used tells whether something stands on an object, which keeps it from being
// deleted. Remote MACs go with their remote connection.
func (a *author) used(o op) bool {
	by := map[rest.Kind]rest.Kind{rest.Gateways: rest.Connections, rest.Connections: rest.RemoteConnections, rest.RemoteGateways: rest.RemoteConnections}[o.kind]
	at := 0
	if o.kind == rest.RemoteGateways {
		at = 1
	}
	for _, other := range a.there[by] {
		if other.on[at] == o.place {
			return true
		}
	}
	return false
}

func (a *author) forget(kind rest.Kind, place int) {
	a.macs -= a.there[kind][place].many
	delete(a.there[kind], place)
	if kind != rest.RemoteConnections {
		return
	}
	for mac := range places[rest.RemoteMACs] {
		if mac%places[kind] == place {
			a.forget(rest.RemoteMACs, mac)
		}
	}
}
