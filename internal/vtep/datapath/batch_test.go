package datapath

import (
	"errors"
	"testing"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"landbridge/internal/vtep/forwarding"
)

func newHash(t *testing.T, most uint32) *ebpf.Map {
	t.Helper()
	m, err := ebpf.NewMap(&ebpf.MapSpec{Type: ebpf.Hash, KeySize: 4, ValueSize: 4, MaxEntries: most})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close() })
	return m
}

// Where there is no room for all, the first ones are written, and counted.
func TestBatchThatIsTooLarge(t *testing.T) {
	m := newHash(t, 3)
	var b batch[uint32, uint32]
	for i := range uint32(5) {
		b.add(i, 10+i)
	}
	done, err := b.write(m)
	if done != 3 || !errors.Is(err, unix.E2BIG) {
		t.Fatalf("%d written, %v", done, err)
	}
	for i := range uint32(5) {
		var v uint32
		if err := m.Lookup(i, &v); (err == nil) != (i < 3) || err == nil && v != 10+i {
			t.Errorf("entry %d is %d, %v", i, v, err)
		}
	}
	if done, err := b.from(3).write(m); done != 0 || !errors.Is(err, unix.E2BIG) {
		t.Errorf("of the rest %d written, %v", done, err)
	}
}

func TestBatchOfNothing(t *testing.T) {
	m := newHash(t, 3)
	if done, err := (&batch[uint32, uint32]{}).write(m); done != 0 || err != nil {
		t.Errorf("%d written, %v", done, err)
	}
	if done, err := forgetAll[uint32](m, nil); done != 0 || err != nil {
		t.Errorf("%d forgotten, %v", done, err)
	}
}

// Entries that are gone already do not keep the others.
func TestForgetAll(t *testing.T) {
	m := newHash(t, 8)
	b := batch[uint32, uint32]{[]uint32{1, 3, 5, 7}, []uint32{1, 3, 5, 7}}
	if _, err := b.write(m); err != nil {
		t.Fatal(err)
	}
	if done, err := forgetAll(m, []uint32{0, 1, 2, 5, 6, 9}); done != 6 || err != nil {
		t.Errorf("%d seen to, %v", done, err)
	}
	left := map[uint32]bool{}
	if err := sweep(m, func(k, _ uint32) error { left[k] = true; return nil }); err != nil {
		t.Fatal(err)
	}
	if len(left) != 2 || !left[3] || !left[7] {
		t.Errorf("left are %v", left)
	}
}

// Tunnels of which some find no room: those that do are whole and flooded to, the
// others leave nothing, and come with the next change once there is room.
func TestOpenSomeOfManyTunnels(t *testing.T) {
	d := open(t)
	n := model("n", tunnels{at(remoteA, 9): wan(true)}, nil)
	for i := range uint32(20) {
		n.Tunnels[at(nodeA, 1+i)] = fabric(i%3 != 0)
	}
	strays := batch[kernelEndpoint, uint32]{}
	for i := range uint32(512 - 8) { // of 512
		strays.add(endpointOf(at(nodeB, 1+i)), 500)
	}
	if _, err := strays.write(d.kernel.Arrivals); err != nil {
		t.Fatal(err)
	}
	if err := d.Apply(changes{"n": n})["n"]; !errors.Is(err, unix.E2BIG) {
		t.Fatalf("error %v", err)
	}
	some := d.Networks()["n"]
	if len(some.Tunnels) != 8 {
		t.Errorf("%d tunnels", len(some.Tunnels))
	}
	for e, have := range some.Tunnels {
		if have != n.Tunnels[e] {
			t.Errorf("%s is %+v", e, have)
		}
	}
	if _, err := forgetAll(d.kernel.Arrivals, strays.keys); err != nil {
		t.Fatal(err)
	}
	d.resolve(t)
	wantNetworks(t, d, map[string]forwarding.Network{"n": some})
	d.apply(t, changes{"n": n})
	d.resolve(t)
	wantNetworks(t, d, networks(n))
	d.apply(t, changes{"n": nil})
	if c := d.census(t); c != (census{}) {
		t.Errorf("left over: %+v", c)
	}
}
