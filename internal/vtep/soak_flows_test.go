package vtep

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vishvananda/netlink"

	"landbridge/internal/ethernet"
	"landbridge/internal/lab/testenv"
)

// The two hosts of the stable flows, each behind a vxlan device of the kernel.
const (
	soakNear, soakFar = "192.168.0.1", "192.168.0.2"
	soakPort          = 7777
	soakEvery         = 2 * time.Millisecond // a packet each way
)

var soakMACs = map[string]ethernet.MAC{soakNear: vm, soakFar: ethernet.MustParseMAC("fa:16:3e:00:00:02")}

// addEnd makes a vxlan device in a namespace, with a host's address, that knows
// the other host.
func addEnd(t *testing.T, ns *testenv.NetNS, vni int, from, to, host, other string) {
	t.Helper()
	mac := soakMACs[host]
	ns.Sysctl("net/ipv6/conf/default/disable_ipv6", "1")
	ns.AddLink(&netlink.Vxlan{
		LinkAttrs: netlink.LinkAttrs{Name: "vx", MTU: 1400, HardwareAddr: mac[:]},
		VxlanId:   vni, SrcAddr: net.ParseIP(from), Group: net.ParseIP(to), Port: 4789, Learning: false,
	})
	ns.AddAddr("vx", host+"/24")
	peer := soakMACs[other]
	if err := ns.Netlink().NeighSet(&netlink.Neigh{
		LinkIndex: ns.Link("vx").Attrs().Index, IP: net.ParseIP(other), HardwareAddr: peer[:], State: netlink.NUD_PERMANENT,
	}); err != nil {
		t.Fatal(err)
	}
}

// startFlows sends both ways between the hosts until end is called.
func (s *soak) startFlows() []*numbered {
	s.Helper()
	near := socket(s.T, s.node, fmt.Sprintf("%s:%d", soakNear, soakPort))
	far := socket(s.T, s.remote, fmt.Sprintf("%s:%d", soakFar, soakPort))
	return []*numbered{startNumbered(s.T, near, far, soakFar), startNumbered(s.T, far, near, soakNear)}
}

// numbered is a flow of numbered packets.
type numbered struct {
	sent    uint64
	failed  error
	stop    chan struct{}
	work    sync.WaitGroup
	mu      sync.Mutex
	missing map[uint64]struct{}
	strange atomic.Uint64 // packets that were not sent, or came twice
}

func startNumbered(t *testing.T, from, at *net.UDPConn, to string) *numbered {
	t.Helper()
	if err := at.SetReadBuffer(8 << 20); err != nil {
		t.Fatal(err)
	}
	f := &numbered{stop: make(chan struct{}), missing: map[uint64]struct{}{}}
	reading, sending := sync.WaitGroup{}, &f.work
	reading.Go(func() { f.read(at) })
	sending.Go(func() { f.send(from, netip.AddrPortFrom(addr(to), soakPort)) })
	t.Cleanup(func() {
		f.halt()
		_ = at.SetReadDeadline(time.Now())
		reading.Wait()
	})
	return f
}

func (f *numbered) send(from *net.UDPConn, to netip.AddrPort) {
	tick := time.NewTicker(soakEvery)
	defer tick.Stop()
	for {
		select {
		case <-f.stop:
			return
		case <-tick.C:
		}
		f.mu.Lock()
		f.missing[f.sent] = struct{}{}
		f.mu.Unlock()
		if _, err := from.WriteToUDPAddrPort(binary.BigEndian.AppendUint64(nil, f.sent), to); err != nil {
			f.failed = errors.Join(f.failed, err)
			return
		}
		f.sent++
	}
}

func (f *numbered) read(at *net.UDPConn) {
	buf := make([]byte, 64)
	for {
		n, err := at.Read(buf)
		if errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil || n != 8 {
			f.strange.Add(1)
			continue
		}
		f.mu.Lock()
		number := binary.BigEndian.Uint64(buf)
		if _, was := f.missing[number]; !was {
			f.strange.Add(1)
		}
		delete(f.missing, number)
		f.mu.Unlock()
	}
}

func (f *numbered) halt() {
	select {
	case <-f.stop:
	default:
		close(f.stop)
	}
	f.work.Wait()
}

// backlogDrops gives what the kernel has dropped since the machine is up because a
// CPU did not get to its packets (Documentation/networking/scaling.rst: the second
// word of each line). Its queues are those of all namespaces.
func backlogDrops(t *testing.T) (n int) {
	t.Helper()
	text, err := os.ReadFile("/proc/net/softnet_stat")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		dropped, err := strconv.ParseUint(strings.Fields(line)[1], 16, 32)
		if err != nil {
			t.Fatal(err)
		}
		n += int(dropped)
	}
	return n
}

// end stops the flow and checks that every packet has come, once, but for as many as
// the machine has dropped, whosoever they were.
func (f *numbered) end(t *testing.T, dropped int) {
	t.Helper()
	f.halt()
	if f.failed != nil || f.sent == 0 {
		t.Errorf("%d packets sent: %v", f.sent, f.failed)
	}
	testenv.Eventually(t, within, "every packet has come", func() error {
		f.mu.Lock()
		defer f.mu.Unlock()
		if len(f.missing) > dropped {
			return fmt.Errorf("%d of %d are missing, the machine has dropped %d: %v", len(f.missing), f.sent, dropped, slices.Sorted(maps.Keys(f.missing)))
		}
		return nil
	})
	if n := len(f.missing); n > 0 {
		t.Logf("%d of %d packets are missing; the machine has dropped %d of all its packets meanwhile", n, f.sent, dropped)
	}
	if n := f.strange.Load(); n > 0 {
		t.Errorf("%d packets came that were not expected", n)
	}
}
