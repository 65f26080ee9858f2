package memory

import (
	"os"
	"testing"
)

func TestOf(t *testing.T) {
	before, err := Of(os.Getpid())
	if err != nil || before.Now <= 0 || before.Peak < before.Now {
		t.Fatalf("%+v, %v", before, err)
	}
	const more = 64 << 20
	touched := make([]byte, more)
	for i := 0; i < more; i += os.Getpagesize() {
		touched[i] = 1
	}
	after, err := Of(os.Getpid())
	if grown := after.Peak - before.Now; err != nil || grown < more/2 || touched[0] != 1 {
		t.Errorf("grown by %d, %v", grown, err)
	}
	if _, err := Of(-1); err == nil {
		t.Error("a process that is not there has memory")
	}
}

func TestParseStatus(t *testing.T) {
	m, err := parseStatus([]byte("Name:\tx\nVmHWM:\t   2048 kB\nVmRSS:\t   1024 kB\nThreads:\t1\n"))
	if err != nil || m != (Usage{Now: 1 << 20, Peak: 2 << 20}) {
		t.Errorf("%+v, %v", m, err)
	}
	for _, text := range []string{"", "VmRSS:\t1 kB\n", "VmRSS:\tx kB\nVmHWM:\t1 kB\n"} {
		if _, err := parseStatus([]byte(text)); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}
