package datapath

import (
	"errors"
	"log/slog"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"landbridge/internal/lab/testenv"
)

func TestTakeOver(t *testing.T) {
	d := withRed(t)
	d.apply(t, changes{"blue": blue()})
	d.resolve(t)
	d.run(t, fromA.with(func(p *packet) { p.innerSrc = hostB }).build(t))
	before, err := d.Counters()
	if err != nil {
		t.Fatal(err)
	}
	fdb, maps := d.entries(t), d.census(t)
	closed(t, d)

	d = openAt(t, d.cfg.PinDir)
	if diff := cmp.Diff(networks(red(), blue()), d.Networks(), sameAddr, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("networks (-want +got)\n%s", diff)
	}
	wantEntries(t, d, fdb...)
	if got := d.census(t); got != maps {
		t.Errorf("the maps held %+v, now %+v", maps, got)
	}
	after, err := d.Counters()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, after, sameAddr); diff != "" {
		t.Errorf("counters (-before +after)\n%s", diff)
	}
	// Next hops are there without being set anew.
	_, out := d.run(t, fromA.build(t))
	if diff := cmp.Diff(fromA.leaving(toWAN, wanIP, remoteA, 456), decode(t, out), cmp.AllowUnexported(packet{})); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	// And what is made from here on does not collide.
	d.apply(t, changes{"green": model("green", tunnels{at(nodeB, 7): fabric(true), at(nodeA, 7): fabric(true)}, nil), "blue": nil})
	d.resolve(t)
	wantNetworks(t, d, networks(red(), model("green", tunnels{at(nodeB, 7): fabric(true), at(nodeA, 7): fabric(true)}, nil)))
}

// What a process leaves that is killed between two steps of an Apply.
func TestHalfDone(t *testing.T) {
	for name, test := range map[string]struct {
		spoil func(*Datapath, *tunnel) error
		left  bool // whether the tunnel is still whole
	}{
		"opening: slot written": {func(d *Datapath, n *tunnel) error {
			fresh := d.slot(n)
			fresh.Endpoint.Vni, fresh.FloodNext = 9, 0
			return d.kernel.Tunnels.Put(uint32(200), fresh)
		}, true},
		"opening: address written": {func(d *Datapath, _ *tunnel) error {
			return d.kernel.Addresses.Put(addressOf(addr("10.9.9.9")), kernelRoleROLE_REMOTE)
		}, true},
		"flooding: slot written, head not": {func(d *Datapath, n *tunnel) error {
			var f kernelFlood
			if err := d.kernel.Floods.Lookup(n.network.id, &f); err != nil {
				return err
			}
			f.Head[n.group] = 0
			n.network.flood[n.group] = nil
			n.flood = false
			return d.kernel.Floods.Put(n.network.id, f)
		}, true},
		"closing: no arrival": {func(d *Datapath, n *tunnel) error {
			return d.kernel.Arrivals.Delete(endpointOf(n.endpoint))
		}, false},
		"closing: unlinked": {func(d *Datapath, n *tunnel) error {
			return errors.Join(d.kernel.Arrivals.Delete(endpointOf(n.endpoint)), d.unlink(n.network, []*tunnel{n}))
		}, false},
		"closing: closed": {func(d *Datapath, n *tunnel) error { return d.closeTunnels([]*tunnel{n}) }, false},
		"closing: emptied": {func(d *Datapath, n *tunnel) error {
			return errors.Join(d.closeTunnels([]*tunnel{n}), d.scrub([]uint32{n.id}))
		}, false},
		"removing: no name": {func(d *Datapath, n *tunnel) error {
			return d.kernel.Networks.Delete(n.network.id)
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			d := withRed(t)
			d.apply(t, changes{"blue": blue()})
			d.resolve(t)
			d.run(t, fromA.with(func(p *packet) { p.vni, p.innerSrc = 789, hostB; p.innerSrc[5]++ }).build(t))
			n := d.owners[at(nodeA, 789)]
			if err := test.spoil(d, n); err != nil {
				t.Fatal(err)
			}
			closed(t, d)

			d = openAt(t, d.cfg.PinDir)
			d.resolve(t)
			if _, left := d.Networks()["blue"].Tunnels[n.endpoint]; left != test.left {
				t.Errorf("the tunnel is there: %t", left)
			}
			wantNetworks(t, d, d.Networks())
			if c := d.census(t); !test.left && c.Learned != 0 {
				t.Errorf("%d learned entries lead nowhere", c.Learned)
			}
			d.apply(t, changes{"red": red(), "blue": blue()})
			d.resolve(t)
			wantNetworks(t, d, networks(red(), blue()))
			d.apply(t, changes{"red": nil, "blue": nil})
			if c := d.census(t); c != (census{}) {
				t.Errorf("left over: %+v", c)
			}
		})
	}
}

func TestIncompatible(t *testing.T) {
	config := func(t *testing.T) Config {
		return Config{PinDir: filepath.Join(testenv.BPFFS(t), "gw"), Logger: slog.New(slog.DiscardHandler), Sizes: Sizes{Tunnels: 16}}
	}
	t.Run("sizes", func(t *testing.T) {
		cfg := config(t)
		closed(t, openWith(t, cfg))
		cfg.Sizes.Tunnels = 17
		if _, err := Open(cfg); !errors.Is(err, ErrIncompatible) {
			t.Errorf("got %v", err)
		}
		cfg.Sizes.Tunnels = 16
		closed(t, openWith(t, cfg))
	})
	t.Run("format", func(t *testing.T) {
		cfg := config(t)
		d := openWith(t, cfg)
		if err := d.kernel.State.Put(uint32(0), kernelState{Format: format + 1}); err != nil {
			t.Fatal(err)
		}
		closed(t, d)
		if _, err := Open(cfg); !errors.Is(err, ErrIncompatible) {
			t.Errorf("got %v", err)
		}
		if err := Remove(cfg.PinDir); err != nil {
			t.Error(err)
		}
		closed(t, openWith(t, cfg))
	})
}

func openWith(t testing.TB, cfg Config) *Datapath {
	t.Helper()
	d, err := Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestOneProcessAtATime(t *testing.T) {
	d := open(t)
	if _, err := Open(Config{PinDir: d.cfg.PinDir, Sizes: d.cfg.Sizes}); err == nil {
		t.Error("opened twice")
	}
}
