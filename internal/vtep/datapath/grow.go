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

// put writes an entry of a map that takes memory as it grows.
func put(m *ebpf.Map, key, value any) error {
	return whileShort(func() error { return m.Put(key, value) })
}

// whileShort writes to a map until the kernel has the memory, for 0.2 s. It keeps a
// small store for that, which it fills in the background: where many entries come
// at once the store is empty for a moment, and the update fails. Nothing tells when
// it is filled.
func whileShort(write func() error) error {
	for tries := 0; ; tries++ {
		err := write()
		if !errors.Is(err, unix.ENOMEM) || tries == growTries {
			return err
		}
		time.Sleep(growPause)
	}
}
