package testenv

import (
	"net"
	"os"
	"testing"
	"time"
)

func TestNamespaceGoesAwayWithItsTest(t *testing.T) {
	var name string
	t.Run("inner", func(t *testing.T) {
		n := NewNetNS(t, "gone")
		name = n.Name
		if _, err := os.Stat("/run/netns/" + name); err != nil {
			t.Fatal(err)
		}
	})
	if _, err := os.Stat("/run/netns/" + name); !os.IsNotExist(err) {
		t.Fatalf("%s is still there: %v", name, err)
	}
}

func TestVethCarriesBetweenNamespaces(t *testing.T) {
	a, b := NewNetNS(t, "a"), NewNetNS(t, "b")
	Veth(t, a, "toB", b, "toA")
	a.AddAddr("toB", "192.0.2.1/24")
	b.AddAddr("toA", "192.0.2.2/24")
	b.AddAddr("lo", "198.51.100.1/32")
	a.AddRoute("198.51.100.1/32", "192.0.2.2")

	var server net.PacketConn
	b.Do(func() {
		var err error
		server, err = net.ListenPacket("udp", "198.51.100.1:9")
		must(t, err, "listen")
	})
	defer func() { _ = server.Close() }()
	a.Do(func() {
		c, err := net.Dial("udp", "198.51.100.1:9")
		must(t, err, "dial")
		defer func() { _ = c.Close() }()
		_, err = c.Write([]byte("hello"))
		must(t, err, "write")
	})
	must(t, server.SetReadDeadline(time.Now().Add(5*time.Second)), "set deadline")
	buf := make([]byte, 16)
	n, _, err := server.ReadFrom(buf)
	if err != nil || string(buf[:n]) != "hello" {
		t.Fatalf("got %q, %v", buf[:n], err)
	}
}

func TestDoReturnsToWhereItWas(t *testing.T) {
	a, b := NewNetNS(t, "a"), NewNetNS(t, "b")
	Veth(t, a, "inA", b, "inB")
	has := func(link string) bool {
		_, err := net.InterfaceByName(link)
		return err == nil
	}
	a.Do(func() {
		b.Do(func() {
			if !has("inB") || has("inA") {
				t.Error("not in b")
			}
		})
		if !has("inA") || has("inB") {
			t.Error("not back in a")
		}
	})
	if has("inA") || has("inB") {
		t.Error("not back in the first namespace")
	}
}

func TestBPFFSIsUnmounted(t *testing.T) {
	var dir string
	t.Run("inner", func(t *testing.T) { dir = BPFFS(t) })
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Fatalf("%s is still there: %v", dir, err)
	}
}
