package cpu_test

import (
	"os"
	"testing"
	"time"

	"landbridge/bench/cpu"
)

func TestOfThisProcess(t *testing.T) {
	before, err := cpu.Of(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	sum := 0
	for began := time.Now(); time.Since(began) < 50*time.Millisecond; sum++ {
	}
	after, err := cpu.Of(os.Getpid())
	if took := after - before; err != nil || took <= 0 || took > time.Minute {
		t.Errorf("%d rounds have taken %v, %v", sum, took, err)
	}
}

func TestOfNoProcess(t *testing.T) {
	if took, err := cpu.Of(1 << 30); err == nil {
		t.Errorf("a process that is not there has had %v", took)
	}
}
