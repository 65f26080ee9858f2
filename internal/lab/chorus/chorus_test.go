package chorus

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"landbridge/internal/lab/netns"
	"landbridge/internal/lab/testenv"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	soon  = 20 * time.Second
	often = 2 * time.Millisecond
)

// two starts a chorus of two hosts at one bridge.
func two(t *testing.T) (c *Chorus, fabric *netns.Namespace) {
	t.Helper()
	fabric = testenv.Namespace(t, "bridge")
	var hosts []Host
	err := fabric.AddBridge("br0")
	for _, name := range []string{"a", "b"} {
		ns := testenv.Namespace(t, name)
		err = errors.Join(err, netns.Veth(ns, "eth0", fabric, name), fabric.Enslave(name, "br0"))
		hosts = append(hosts, Host{name, ns, "eth0"})
	}
	if err != nil {
		t.Fatal(err)
	}
	if c, err = Start(often, hosts...); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Stop() }) // for the second time
	return c, fabric
}

// hears waits until a has heard b just now.
func hears(t *testing.T, c *Chorus) {
	t.Helper()
	testenv.Eventually(t, soon, "a hears b", func() error {
		if n := len(c.heardNow("a", "b")); n < 20 || c.Since("a", "b") > 100*time.Millisecond {
			return fmt.Errorf("%d frames, the last %s ago", n, c.Since("a", "b"))
		}
		return nil
	})
}

func (c *Chorus) heardNow(at, of string) map[uint64]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := map[uint64]int{}
	for n, times := range c.heard[pair{at, of}].numbers {
		out[n] = times
	}
	return out
}

func TestAFrameComesOnce(t *testing.T) {
	c, fabric := two(t)
	hears(t, c)
	if n := c.Missing("a", "b"); n > 0 {
		t.Errorf("%d frames are missing", n)
	}
	if err := fabric.Down("b"); err != nil {
		t.Fatal(err)
	}
	c.Mark()
	const pause = 300 * time.Millisecond
	testenv.Eventually(t, soon, "silence", func() error {
		if s := c.Since("a", "b"); s < pause {
			return fmt.Errorf("%s", s)
		}
		return nil
	})
	if err := fabric.Up("b"); err != nil {
		t.Fatal(err)
	}
	hears(t, c)
	if err := c.Stop(); err != nil {
		t.Error(err)
	}
	if s := c.Silence("a", "b"); s < pause {
		t.Errorf("b was silent for %s at most, want %s", s, pause)
	}
	if c.Missing("a", "b") == 0 {
		t.Error("no frame is missing after a break")
	}
	if err := c.Wrong(); err != nil {
		t.Error(err)
	}
}

// What is repeated into the bridge is told, at the others and at its sender.
func TestDoublesAndEchoesAreTold(t *testing.T) {
	c, fabric := two(t)
	hears(t, c)
	if err := netns.Veth(fabric, "one", fabric, "other"); err != nil {
		t.Fatal(err)
	}
	s, err := open(fabric, "other")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	if err := fabric.Enslave("one", "br0"); err != nil {
		t.Fatal(err)
	}
	testenv.Eventually(t, soon, "doubles and an echo", func() error {
		frame, err := s.Read(make([]byte, frameSize))
		if err != nil {
			return err
		}
		if err := s.Write(frame); err != nil {
			return err
		}
		wrong := fmt.Sprint(c.Wrong())
		for _, want := range []string{"frames of a came more than once to b", "came back to a", "came back to b"} {
			if !strings.Contains(wrong, want) {
				return fmt.Errorf("%q lacks %q", wrong, want)
			}
		}
		return nil
	})
}

func TestAHostWithoutTheLink(t *testing.T) {
	if _, err := Start(often, Host{"a", testenv.Namespace(t, "a"), "eth7"}); err == nil || !strings.Contains(err.Error(), "host a: ") ||
		!strings.Contains(err.Error(), "eth7") {
		t.Errorf("%v", err)
	}
}
