// Package capture listens on a link inside a network namespace and keeps what
// it sees in a form that tests can ask questions of.
package capture

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"landbridge/internal/lab/netns"
	"landbridge/internal/lab/packet"
)

const (
	// receiveBuffer holds some seconds of a lab's traffic, so that a busy
	// machine misses nothing.
	receiveBuffer = 16 << 20
	snapLength    = 256       // bytes of a packet: all headers, outer and inner
	maxLength     = 128 << 10 // bytes of a super-packet, whole
)

// settleWithin is how long the reader may take for what the kernel has already
// handed over.
const settleWithin = 10 * time.Second

// Capture keeps the packets of one link, both directions, from its start on.
type Capture struct {
	Where string // "link in namespace", for messages

	socket *packet.Socket
	done   chan struct{}

	mu      sync.Mutex
	packets []Packet
	whole   []record // where they are kept
	read    uint64   // packets read from the kernel
	handed  uint64   // packets that the kernel has counted for this socket
	missed  uint64   // packets that the kernel had no room for
	failure error
}

// Start listens on a link.
func Start(ns *netns.Namespace, link string) (*Capture, error) { return start(ns, link, false) }

// StartWhole is Start with whole packets kept, for WritePcap.
func StartWhole(ns *netns.Namespace, link string) (*Capture, error) { return start(ns, link, true) }

func start(ns *netns.Namespace, link string, whole bool) (*Capture, error) {
	c := &Capture{Where: link + " in " + ns.Name, done: make(chan struct{})}
	err := ns.Do(func() (err error) {
		c.socket, err = packet.Open(link, unix.ETH_P_ALL, receiveBuffer)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("capture on %s: %w", c.Where, err)
	}
	go c.run(whole)
	return c, nil
}

func (c *Capture) run(whole bool) {
	defer close(c.done)
	buf := make([]byte, snapLength)
	if whole {
		buf = make([]byte, maxLength)
	}
	for {
		data, err := c.socket.Read(buf)
		c.mu.Lock()
		if err != nil {
			c.failure = err
			c.mu.Unlock()
			return
		}
		c.read++
		c.packets = append(c.packets, Decode(data))
		if whole {
			c.whole = append(c.whole, record{time.Now(), append([]byte(nil), data...)})
		}
		c.mu.Unlock()
	}
}

// Packets gives all that has crossed the link until the call. It is an error
// if some of it was missed.
func (c *Capture) Packets() ([]Packet, error) {
	for deadline := time.Now().Add(settleWithin); ; time.Sleep(time.Millisecond) {
		settled, err := c.settled()
		if err != nil {
			return nil, fmt.Errorf("capture on %s: %w", c.Where, err)
		}
		if settled {
			break
		}
		if time.Now().After(deadline) {
			return nil, fmt.Errorf("capture on %s: the reader lags behind", c.Where)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]Packet(nil), c.packets...), nil
}

// settled tells whether all that the kernel has handed over has been read.
func (c *Capture) settled() (bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.failure != nil && !errors.Is(c.failure, os.ErrClosed) {
		return false, c.failure
	}
	packets, missed, err := c.socket.Stats()
	if err != nil {
		return false, err
	}
	c.handed += packets
	c.missed += missed
	if c.missed > 0 {
		return false, fmt.Errorf("%d packets missed", c.missed)
	}
	return c.read >= c.handed, nil
}

// Reset forgets what was seen so far.
func (c *Capture) Reset() error {
	if _, err := c.Packets(); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.packets, c.whole = nil, nil
	return nil
}

// Close ends the capture.
func (c *Capture) Close() error {
	err := c.socket.Close()
	<-c.done
	return err
}
