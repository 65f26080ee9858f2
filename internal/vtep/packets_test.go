package vtep

import (
	"encoding/binary"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"landbridge/internal/ethernet"
	"landbridge/internal/lab/testenv"
)

// vxlanPacket is a broadcast frame with a number, in VXLAN (RFC 7348 section 5).
func vxlanPacket(vni uint32, src ethernet.MAC, number uint64) []byte {
	p := binary.BigEndian.AppendUint32(nil, 0x08000000)
	p = binary.BigEndian.AppendUint32(p, vni<<8)
	p = append(p, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)
	p = append(p, src[:]...)
	p = append(p, 0x88, 0xb5) // for local experiments (IEEE 802)
	p = binary.BigEndian.AppendUint64(p, number)
	return append(p, make([]byte, 38)...)
}

// socket opens a UDP socket in a namespace.
func socket(t *testing.T, ns *testenv.NetNS, local string) *net.UDPConn {
	t.Helper()
	var c *net.UDPConn
	ns.Do(func() {
		a, err := net.ResolveUDPAddr("udp4", local)
		if err == nil {
			c, err = net.ListenUDP("udp4", a)
		}
		if err != nil {
			t.Fatal(err)
		}
	})
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// flow sends numbered frames from the compute node and collects what arrives at
// the remote gateway.
type flow struct {
	in, out *net.UDPConn
	sent    uint64
	got     chan uint64
}

func newFlow(m *machine) *flow {
	f := &flow{in: socket(m.T, m.node, "10.0.0.11:0"), out: socket(m.T, m.remote, "203.0.113.2:4789"), got: make(chan uint64, 1<<16)}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		buf := make([]byte, 2048)
		for {
			n, err := f.out.Read(buf)
			if err != nil {
				return
			}
			if n >= 30 && binary.BigEndian.Uint32(buf[4:])>>8 == 456 {
				f.got <- binary.BigEndian.Uint64(buf[22:])
			}
		}
	}()
	m.Cleanup(func() { _ = f.out.Close(); <-ended })
	return f
}

func (f *flow) send() error {
	to := &net.UDPAddr{IP: net.IPv4(10, 0, 0, 1), Port: 4789}
	_, err := f.in.WriteToUDP(vxlanPacket(123, vm, f.sent), to)
	f.sent++
	return err
}

// arrived takes what has arrived until nothing of what was sent is missing.
func (f *flow) arrived(within time.Duration) (missing []uint64) {
	left := map[uint64]bool{}
	for n := range f.sent {
		left[n] = true
	}
	deadline := time.After(within)
	for len(left) > 0 {
		select {
		case n := <-f.got:
			delete(left, n)
		case <-deadline:
			for n := range left {
				missing = append(missing, n)
			}
			slices.Sort(missing)
			return missing
		}
	}
	return nil
}

// A confirmed change forwards from the first packet on; killing and restarting
// the program loses none.
func TestPacketsFlowWhileItIsKilledAndStarted(t *testing.T) {
	m := newMachine(t)
	p := m.start()
	m.connect()
	m.eventuallySwitch()
	ls := joined("landbridge/one")
	clear(ls.Ucast)
	m.write(ls)
	m.eventuallyDone()

	f := newFlow(m)
	stop, stopped := make(chan struct{}), make(chan error)
	go func() {
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for {
			if err := f.send(); err != nil {
				stopped <- err
				return
			}
			select {
			case <-stop:
				stopped <- nil
				return
			case <-tick.C:
			}
		}
	}()
	for range 3 {
		p.end(syscall.SIGKILL)
		p = m.start()
		m.eventually("the database is read", func(s State) error {
			if !s.Database.Read {
				return fmt.Errorf("%+v", s.Database)
			}
			return nil
		})
	}
	close(stop)
	if err := <-stopped; err != nil {
		t.Fatal(err)
	}
	if missing := f.arrived(5 * time.Second); len(missing) > 0 {
		t.Errorf("%d of %d packets lost: %v", len(missing), f.sent, missing)
	}
	t.Logf("%d packets", f.sent)
}

func TestAddressesAreLearnedAndForgotten(t *testing.T) {
	m := newMachine(t)
	m.start("--ageing", "2s")
	m.connect()
	m.eventuallySwitch()
	ls := joined("landbridge/one")
	clear(ls.Ucast)
	m.write(ls)
	m.eventuallyDone()
	f := newFlow(m)
	if err := f.send(); err != nil {
		t.Fatal(err)
	}
	if missing := f.arrived(5 * time.Second); len(missing) > 0 {
		t.Fatal("the packet is lost")
	}
	s := m.state().Networks[0]
	if len(s.FDB) != 1 || s.FDB[0].MAC != vm || s.FDB[0].Static || s.FDB[0].Remote != addr("10.0.0.11") {
		t.Errorf("FDB: %+v", s.FDB)
	}
	if s.Tunnels[0].RxPackets != 1 || s.Tunnels[1].TxPackets != 1 {
		t.Errorf("counters: %+v", s.Tunnels)
	}
	m.eventually("it is forgotten", func(s State) error {
		if fdb := s.Networks[0].FDB; len(fdb) > 0 {
			return fmt.Errorf("%+v", fdb)
		}
		return nil
	})
}

func TestRemoveStopsPacketsAndLeavesNothing(t *testing.T) {
	m := newMachine(t)
	p := m.start()
	m.connect()
	m.eventuallySwitch()
	m.write(joined("landbridge/one"))
	m.eventuallyDone()
	remove := func() (string, int) {
		r := m.launch("remove", m.bpffs)
		<-r.exited
		return r.output.String(), r.cmd.ProcessState.ExitCode()
	}
	if out, code := remove(); code == 0 || !strings.Contains(out, "in use by another process") {
		t.Errorf("while vtepd runs: exit %d, %s", code, out)
	}
	p.end(syscall.SIGTERM)
	if out, code := remove(); code != 0 {
		t.Errorf("exit %d, %s", code, out)
	}
	if _, err := os.Stat(m.bpffs); !os.IsNotExist(err) {
		t.Errorf("the directory is still there: %v", err)
	}
	f := newFlow(m)
	if err := f.send(); err != nil {
		t.Fatal(err)
	}
	if missing := f.arrived(300 * time.Millisecond); len(missing) != 1 {
		t.Error("packets still flow")
	}
}
