package packet

import (
	"bytes"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"landbridge/internal/lab/testenv"
)

const experiment = 0x88b5 // for local experiments (IEEE 802)

// loop gives a socket on a loopback link that is up.
func loop(t *testing.T) *Socket {
	t.Helper()
	ns := testenv.Namespace(t, "packet")
	if err := ns.Up("lo"); err != nil {
		t.Fatal(err)
	}
	var s *Socket
	if err := ns.Do(func() (err error) {
		s, err = Open("lo", experiment, 1<<20)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestFramesComeAsTheyWereSent(t *testing.T) {
	s := loop(t)
	defer func() { _ = s.Close() }()
	frame := append([]byte("\x02\x00\x00\x00\x00\x01\x02\x00\x00\x00\x00\x02\x88\xb5"), "a frame"...)
	if err := s.Write(frame); err != nil {
		t.Fatal(err)
	}
	got, err := s.Read(make([]byte, 100))
	if err != nil || !bytes.Equal(got, frame) {
		t.Errorf("read %q, %v", got, err)
	}
	if packets, missed, err := s.Stats(); err != nil || packets == 0 || missed != 0 {
		t.Errorf("%d packets, %d missed, %v", packets, missed, err)
	}
}

func TestCloseEndsRead(t *testing.T) {
	s := loop(t)
	ended := make(chan error, 1)
	go func() {
		_, err := s.Read(make([]byte, 100))
		ended <- err
	}()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	select {
	case err := <-ended:
		if err == nil {
			t.Error("it has read something")
		}
	case <-time.After(10 * time.Second):
		t.Error("it waits on")
	}
}

func TestALinkThatIsNotThere(t *testing.T) {
	if _, err := Open("lb-none", unix.ETH_P_ALL, 1<<20); err == nil {
		t.Error("it is open")
	}
}
