package netns_test

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"landbridge/internal/ethernet"
	"landbridge/internal/lab/netns"
	"landbridge/internal/lab/testenv"
)

func prefix(s string) netip.Prefix { return netip.MustParsePrefix(s) }
func addr(s string) netip.Addr     { return netip.MustParseAddr(s) }

func TestDeleteOfNothing(t *testing.T) {
	if err := netns.Delete("lb-never-made"); err != nil {
		t.Error(err)
	}
}

func TestDeleteOfWhatWasNeverMounted(t *testing.T) {
	testenv.RequireRoot(t)
	name := fmt.Sprintf("lbns%dhalf", os.Getpid())
	if err := os.MkdirAll("/run/netns", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("/run/netns/"+name, nil, 0o444); err != nil {
		t.Fatal(err)
	}
	if err := netns.Delete(name); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat("/run/netns/" + name); !os.IsNotExist(err) {
		t.Errorf("it is still there: %v", err)
	}
}

func TestNamespacesExclude(t *testing.T) {
	ns := testenv.Namespace(t, "x")
	if _, err := netns.New(ns.Name); err == nil {
		t.Error("made two namespaces of one name")
	}
	if _, err := netns.Open("lb-never-made"); err == nil {
		t.Error("opened a namespace that is not there")
	}
}

func TestDoAndStartAreInside(t *testing.T) {
	ns := testenv.Namespace(t, "in")
	if err := ns.AddBridge("onlyhere"); err != nil {
		t.Fatal(err)
	}
	has := func() bool {
		_, err := net.InterfaceByName("onlyhere")
		return err == nil
	}
	if err := ns.Do(func() error {
		if !has() {
			t.Error("Do is not inside")
		}
		return os.ErrProcessDone
	}); !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("the error of the function came back as %v", err)
	}
	if has() {
		t.Error("the caller is inside afterwards")
	}
	var out strings.Builder
	cmd := exec.Command("cat", "/proc/net/dev")
	cmd.Stdout = &out
	if err := ns.Start(cmd); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil || !strings.Contains(out.String(), "onlyhere") {
		t.Errorf("%v: the command saw %s", err, out.String())
	}
}

func TestDoComesBackFromAGoroutineThatEnds(t *testing.T) {
	ns := testenv.Namespace(t, "exit")
	if err := ns.AddBridge("onlyhere"); err != nil {
		t.Fatal(err)
	}
	done := make(chan bool)
	go func() {
		defer func() {
			_, err := net.InterfaceByName("onlyhere")
			done <- err == nil
		}()
		_ = ns.Do(func() error {
			runtime.Goexit()
			return nil
		})
	}()
	if <-done {
		t.Error("the goroutine is still inside")
	}
}

func TestDialContextConnectsInside(t *testing.T) {
	ns := testenv.Namespace(t, "dial")
	var l net.Listener
	if err := ns.Do(func() (err error) {
		l, err = net.Listen("tcp", "127.0.0.1:0")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Handler: http.NotFoundHandler(), ReadHeaderTimeout: time.Second}
	go func() { _ = s.Serve(l) }()
	defer func() { _ = s.Close() }()
	client := &http.Client{Transport: &http.Transport{DialContext: ns.DialContext, DisableKeepAlives: true}}
	response, err := client.Get("http://" + l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if _, err := http.Get("http://" + l.Addr().String()); err == nil {
		t.Error("reached it from outside as well")
	}
}

func TestFloodIsSetWhole(t *testing.T) {
	ns := testenv.Namespace(t, "fdb")
	err := errors.Join(ns.AddBridge("under"), ns.AddAddr("under", prefix("10.9.0.1/24")),
		ns.AddVXLAN(netns.VXLAN{Name: "vx", VNI: 7, Local: addr("10.9.0.1"), Port: 4789}))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range [][]netip.Addr{
		{addr("10.9.0.2"), addr("10.9.0.3")},
		{addr("10.9.0.3"), addr("10.9.0.4")},
		{addr("10.9.0.3"), addr("10.9.0.4")},
		nil,
		{addr("10.9.0.2")},
	} {
		if err := ns.SetFlood("vx", want); err != nil {
			t.Fatal(err)
		}
		if got, err := ns.Flood("vx"); err != nil || !slices.Equal(got, want) {
			t.Errorf("floods to %v (%v), want %v", got, err, want)
		}
	}
	if err := ns.SetFlood("no-such-link", nil); err == nil || !strings.Contains(err.Error(), "no-such-link") {
		t.Errorf("a link that is not there: %v", err)
	}
}

func TestNeighbours(t *testing.T) {
	ns := testenv.Namespace(t, "nb")
	mac := ethernet.MustParseMAC("02:00:00:00:00:07")
	err := errors.Join(ns.AddBridge("eth0"), ns.AddAddr("eth0", prefix("192.0.2.1/24")), ns.AddNeighbour("eth0", addr("192.0.2.7"), mac))
	if err != nil {
		t.Fatal(err)
	}
	if got, ok, err := ns.Neighbour("eth0", addr("192.0.2.7")); err != nil || !ok || got != mac {
		t.Errorf("found %v %v %v", got, ok, err)
	}
	if _, ok, err := ns.Neighbour("eth0", addr("192.0.2.8")); err != nil || ok {
		t.Errorf("found one that nobody named: %v", err)
	}
	if err := ns.DeleteNeighbour("eth0", addr("192.0.2.7")); err != nil {
		t.Fatal(err)
	}
	if _, ok, err := ns.Neighbour("eth0", addr("192.0.2.7")); err != nil || ok {
		t.Errorf("found one that was deleted: %v", err)
	}
}

func TestLinksAreAsAsked(t *testing.T) {
	a, b := testenv.Namespace(t, "la"), testenv.Namespace(t, "lb")
	mac := ethernet.MustParseMAC("02:00:00:00:00:09")
	err := errors.Join(netns.Veth(a, "one", b, "two"), a.SetMAC("one", mac), a.SetMTU("one", 1450),
		a.AddAddr("one", prefix("192.0.2.1/24")), a.AddRoute(prefix("0.0.0.0/0"), addr("192.0.2.2")),
		b.AddBridge("br"), b.Enslave("two", "br"), b.Sysctl("net/ipv4/ip_forward", "1"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := a.MAC("one"); err != nil || got != mac {
		t.Errorf("MAC %v, %v", got, err)
	}
	if err := a.Do(func() error {
		l, err := net.InterfaceByName("one")
		if err == nil && (l.MTU != 1450 || l.Flags&net.FlagUp == 0) {
			t.Errorf("%+v", l)
		}
		return err
	}); err != nil {
		t.Error(err)
	}
}
