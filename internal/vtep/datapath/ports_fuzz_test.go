package datapath

import (
	"bytes"
	"log/slog"
	"path/filepath"
	"testing"

	"github.com/cilium/ebpf"

	"landbridge/internal/ethernet"
	"landbridge/internal/lab/testenv"
	"landbridge/internal/vtep/forwarding"
)

// FuzzPort gives arbitrary frames to the program of ports, as untagged ones of a
// port of red. What leaves is the same frame in a sound packet of a tunnel.
func FuzzPort(f *testing.F) {
	gw := testenv.Namespace(f, "gw")
	dir := filepath.Join(testenv.BPFFS(f), "gw")
	var d *Datapath
	err := gw.Do(func() error {
		d = openWith(f, Config{
			PinDir: dir, Ports: map[string]string{"p1": "lo"}, Logger: slog.New(slog.DiscardHandler),
			Sizes: Sizes{Tunnels: 16, Networks: 4, NextHops: 16, FDB: 1024},
		})
		n := red()
		n.Tunnels[forwarding.OnPort("p1", 0)] = onPort()
		d.apply(f, changes{"red": n})
		d.resolve(f)
		return nil
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { closed(f, d) })
	for _, b := range kinds(hostS1, hostX) {
		for _, n := range []int{len(b), 60, 34, 20, 14} {
			f.Add(b[:n])
		}
	}
	for _, b := range kinds(hostS1, broadcast) {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		if len(in) < 14 || len(in) > 1500 { // the kernel runs no others
			return
		}
		opts := &ebpf.RunOptions{Data: in, DataOut: make([]byte, len(in)+256), Context: skbuff{IfIndex: 1}}
		var verdict uint32
		err := gw.Do(func() (err error) {
			verdict, err = d.kernel.LandbridgePort.Run(opts)
			return err
		})
		if err != nil {
			return // the kernel makes no packet of it
		}
		switch verdict {
		case passed:
			if !ethernet.MAC(in[:6]).IsMulticast() || !bytes.Equal(in, opts.DataOut) {
				t.Errorf("passed: %x as %x", in, opts.DataOut)
			}
		case forwarded:
			checkWrapped(t, in, opts.DataOut)
		case dropped:
		default:
			t.Errorf("verdict %d", int32(verdict))
		}
	})
}

func checkWrapped(t *testing.T, in, out []byte) {
	t.Helper()
	if len(out) != len(in)+50 || !bytes.Equal(out[50:], in) {
		t.Fatalf("inside is\n%x, want\n%x", out[min(50, len(out)):], in)
	}
	if to, ok := red().Tunnels[at(ip(out, 30), vniOf(out))]; !ok || to.Local.String() != ip(out, 26) {
		t.Fatalf("left by no tunnel: %x", out)
	}
	if !valid(out) || int(out[16])<<8|int(out[17]) != len(in)+36 || int(out[38])<<8|int(out[39]) != len(in)+16 {
		t.Errorf("the outer header is not sound: %x", out[:50])
	}
}
