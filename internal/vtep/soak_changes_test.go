package vtep

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"time"

	"github.com/spf13/pflag"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"landbridge/internal/ethernet"
	"landbridge/internal/hwvtep"
	"landbridge/internal/lab/testenv"
	"landbridge/internal/vtep/datapath"
	"landbridge/internal/vtep/forwarding"
)

// plan is what the database is to hold, by logical switch.
type plan map[string]*hwvtep.LogicalSwitch

func (p plan) names() []string { return slices.Sorted(maps.Keys(p)) }

// stable is the network whose flows must lose nothing, soakNetworks how many
// others come and go.
const (
	stable       = "landbridge/one"
	soakNetworks = 6
)

// soak is a machine that changes all the time.
type soak struct {
	*metal
	random         *rand.Rand
	plan           plan
	changes, kills int
	restarts       int // of the database
	speaks         map[string]*net.UDPConn
}

// base is the stable network before and after all changes.
func base() *hwvtep.LogicalSwitch {
	ls := joined(stable)
	clear(ls.Ucast)
	ls.Ucast.Add(hwvtep.Ucast{MAC: soakMACs[soakNear], Locator: at("10.0.0.11")})
	ls.Ucast.Add(hwvtep.Ucast{MAC: soakMACs[soakFar], Locator: at("203.0.113.2", 456)})
	return ls
}

// config is vtepd's own, by its command line.
func (s *soak) config() Config {
	s.Helper()
	flags := pflag.NewFlagSet("vtepd", pflag.ContinueOnError)
	options := NewOptions(flags)
	if err := flags.Parse(s.arguments("--port", "p1=eth1", "--port", "eth2")); err != nil {
		s.Fatal(err)
	}
	cfg, err := options.Config()
	if err != nil {
		s.Fatal(err)
	}
	return cfg
}

// put makes the database hold a logical switch, nil for none.
func (s *soak) put(name string, ls *hwvtep.LogicalSwitch) {
	s.Helper()
	have := s.controller.LogicalSwitch(name)
	if delete(s.plan, name); ls != nil {
		s.plan[name] = ls
	} else if have == nil {
		return
	}
	s.apply(hwvtep.Diff(have, ls))
}

// churn changes this and that for a time; the database is killed now and then, and
// vtepd where that is asked for.
func (s *soak) churn(during time.Duration, kill bool) {
	s.Helper()
	changes := []func(){
		s.changeNetwork, s.changeNetwork, s.changeNetwork, s.changeStable, s.changeStable, s.changeAddresses, s.changePort, s.speak, s.speak,
	}
	pause := min(during/8, 10*time.Second)
	nextKill := time.Now().Add(pause)
	for end := time.Now().Add(during); time.Now().Before(end); s.changes++ {
		changes[s.random.IntN(len(changes))]()
		if time.Now().After(nextKill) {
			if kill && s.random.IntN(2) == 0 {
				s.restart()
				s.kills++
			} else {
				s.restartDatabase()
			}
			nextKill = time.Now().Add(pause)
		}
		if !kill && s.changes%16 == 0 { // let it follow
			s.eventuallyDone()
		}
	}
}

// restartDatabase kills the database's server and starts it again.
func (s *soak) restartDatabase() {
	s.Helper()
	s.db.Compact(s.T) // some thousand changes
	s.db.Kill(s.T)
	testenv.Eventually(s, within, "the controller has lost the database", func() error {
		if s.controller.Err() == nil {
			return errors.New("it has not")
		}
		return nil
	})
	s.db.Start(s.T)
	s.reconnected()
	s.restarts++
}

// restore brings back the base plan.
func (s *soak) restore() {
	s.Helper()
	s.put(stable, base())
	for _, name := range s.plan.names() {
		if name != stable {
			s.put(name, nil)
		}
	}
	s.servers["eth1"].Up("eth0")
	s.addresses(false)
}

// bindOnce has a network with a port for a moment. What vtepd then makes to segment
// packets stays.
func (s *soak) bindOnce() {
	s.Helper()
	ls := hwvtep.NewLogicalSwitch("landbridge/x0", hwvtep.NewKey(1000))
	ls.Replication = hwvtep.SourceNode
	ls.AddMcast(hwvtep.UnknownDst, at("10.0.0.11"))
	ls.Bindings.Add(hwvtep.Binding{Switch: "border-1", Port: "p1", VLAN: 100})
	s.put(ls.Name, ls)
	s.eventuallyDone()
	s.put(ls.Name, nil)
}

// changeNetwork gives another network any tunnels, MACs and VLANs, or removes it.
func (s *soak) changeNetwork() {
	i := s.random.IntN(soakNetworks)
	name := fmt.Sprint("landbridge/x", i)
	if s.random.IntN(5) == 0 {
		s.put(name, nil)
		return
	}
	ls := hwvtep.NewLogicalSwitch(name, hwvtep.NewKey(uint32(1000+s.random.IntN(3)+10*i)))
	ls.Replication = hwvtep.SourceNode
	for range s.random.IntN(8) {
		ls.AddMcast(hwvtep.UnknownDst, s.anyLocator(2000+10*i))
	}
	for l := range ls.Mcast[hwvtep.UnknownDst] {
		if s.random.IntN(3) == 0 {
			ls.SetFilter(l, hwvtep.Filter(s.random.IntN(32)))
		}
	}
	ls.Gateways = hwvtep.Set[netip.Addr]{}
	for range s.random.IntN(3) {
		ls.Gateways.Add(addr(fmt.Sprint("192.168.77.", s.random.IntN(250))))
	}
	for range s.random.IntN(20) {
		ls.Ucast.Add(s.anyUcast(2000 + 10*i))
	}
	for range s.random.IntN(3) {
		ls.Bindings.Add(hwvtep.Binding{Switch: "border-1", Port: []string{"p1", "eth2"}[s.random.IntN(2)], VLAN: uint16(100 + 10*i + s.random.IntN(4))})
	}
	s.put(name, ls)
}

// changeStable changes what the stable flows do not need of their network.
func (s *soak) changeStable() {
	ls := base()
	for range s.random.IntN(4) {
		ls.AddMcast(hwvtep.UnknownDst, s.anyLocator(1900))
	}
	for range s.random.IntN(20) {
		ls.Ucast.Add(s.anyUcast(1900))
	}
	s.put(stable, ls)
}

// anyLocator is a compute node or a remote gateway, some of which nobody
// answers for; keys begin at that number.
func (s *soak) anyLocator(key int) hwvtep.Locator {
	if s.random.IntN(2) == 0 {
		return at(fmt.Sprint("10.0.0.", 11+s.random.IntN(8)))
	}
	return at(fmt.Sprint("203.0.113.", 2+s.random.IntN(6)), uint32(key+s.random.IntN(5)))
}

func (s *soak) anyUcast(key int) hwvtep.Ucast {
	n := byte(s.random.IntN(250))
	u := hwvtep.Ucast{MAC: ethernet.MAC{2, 0, 0, 0, 1, n}, Locator: s.anyLocator(key)}
	if s.random.IntN(2) == 0 {
		u.Addr = addr(fmt.Sprint("192.168.77.", n))
	}
	return u
}

// speak has hosts that nobody has named send broadcasts into networks that may be
// there, from both sides: they are learned, move, and are flooded.
func (s *soak) speak() {
	s.Helper()
	for range 20 {
		i, k := s.random.IntN(soakNetworks), s.random.IntN(3)
		from, key := "10.0.0.11:0", 1000+k+10*i
		if s.random.IntN(2) == 0 {
			from, key = "203.0.113.2:0", 2000+k+10*i
		}
		to := map[string]string{"10.0.0.11:0": "10.0.0.1:4789", "203.0.113.2:0": "203.0.113.1:4789"}[from]
		frame := vxlanPacket(uint32(key), ethernet.MAC{2, 0, 0, 0, 2, byte(s.random.IntN(4))}, 0)
		if _, err := s.speaks[from].WriteToUDPAddrPort(frame, netip.MustParseAddrPort(to)); err != nil {
			s.Fatal(err)
		}
	}
}

// changeAddresses gives the gateway further underlay addresses, or takes them.
func (s *soak) changeAddresses() { s.addresses(s.random.IntN(2) == 0) }

// addresses makes the further addresses be there or not.
func (s *soak) addresses(there bool) {
	for link, prefix := range map[string]string{"fabric0": "10.0.0.201/24", "wan0": "203.0.113.201/24"} {
		a, err := netlink.ParseAddr(prefix)
		if err != nil {
			s.Fatal(err)
		}
		nl := s.here.Netlink()
		if there {
			err = nl.AddrReplace(s.here.Link(link), a)
		} else if err = nl.AddrDel(s.here.Link(link), a); errors.Is(err, unix.EADDRNOTAVAIL) {
			err = nil
		}
		if err != nil {
			s.Fatalf("address %s of %s: %v", prefix, link, err)
		}
	}
}

// changePort takes the carrier from a port, or gives it back.
func (s *soak) changePort() {
	if s.random.IntN(2) == 0 {
		s.servers["eth1"].Down("eth0")
	} else {
		s.servers["eth1"].Up("eth0")
	}
}

// plannedState is what the datapath is to show of a network.
func plannedState(n forwarding.Network) NetworkState {
	state := networkState(n, datapath.Counters{}, nil)
	for _, mac := range slices.SortedFunc(maps.Keys(n.FDB), ethernet.MAC.Compare) {
		e := n.FDB[mac]
		state.FDB = append(state.FDB, FDBState{MAC: mac, Port: e.Port(), Remote: e.Remote(), VNI: e.VNI, Static: true})
	}
	return state
}
