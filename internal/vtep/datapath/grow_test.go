package datapath

import (
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"

	"landbridge/internal/lab/testenv"
	"landbridge/internal/vtep/forwarding"
)

// Very many networks come at once, as at a start from nothing.
func TestManyNetworksAtOnce(t *testing.T) {
	d := openWith(t, Config{
		PinDir: filepath.Join(testenv.BPFFS(t), "gw"), Logger: slog.New(slog.DiscardHandler),
		Sizes: Sizes{Tunnels: 16, Networks: 8192, NextHops: 16, FDB: 16},
	})
	all := changes{}
	for i := range 4096 {
		name := fmt.Sprintf("n%04d", i)
		all[name] = &forwarding.Network{Name: name}
	}
	d.apply(t, all)
	if n := len(d.Networks()); n != 4096 {
		t.Errorf("%d networks", n)
	}
}
