package datapath

import (
	"errors"
	"time"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"
)

const (
	growTries = 200
	growPause = time.Millisecond
)

// put writes an entry of a map that takes memory as it grows. The kernel keeps a
// small store for that, which it fills in the background: where many entries come
// at once the store is empty for a moment, and the update fails.
func put(m *ebpf.Map, key, value any) error {
	for tries := 0; ; tries++ {
		err := m.Put(key, value)
		if !errors.Is(err, unix.ENOMEM) || tries == growTries {
			return err
		}
		time.Sleep(growPause)
	}
}
