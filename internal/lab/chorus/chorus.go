// Package chorus has hosts of one broadcast domain send numbered broadcast
// frames all the time, and accounts at each of them for every frame of the
// others: which came twice, which came back, how long it was silent.
package chorus

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"landbridge/internal/lab/netns"
	"landbridge/internal/lab/packet"
)

// Host is one that takes part.
type Host struct {
	Name string
	NS   *netns.Namespace
	Link string // in NS
}

// pair is what a host hears of another, or of itself.
type pair struct{ at, of string }

// heard is the account of a pair.
type heard struct {
	numbers map[uint64]int // how often each has come
	last    time.Time
	longest time.Duration // silence since Mark
}

// Chorus runs from Start to Stop.
type Chorus struct {
	names   []string
	sockets []*packet.Socket
	cancel  context.CancelFunc
	work    sync.WaitGroup

	mu      sync.Mutex
	heard   map[pair]*heard
	failure error
}

const (
	etherType = 0x88b5 // for local experiments (IEEE 802)
	frameSize = 60     // the smallest frame of Ethernet, without its checksum
	// receiveBuffer holds some seconds of frames, so that a busy machine misses
	// none.
	receiveBuffer = 4 << 20
)

// Start has each host send a broadcast frame in each interval. Hosts are known by
// their names.
func Start(interval time.Duration, hosts ...Host) (*Chorus, error) {
	ctx, cancel := context.WithCancel(context.Background())
	c := &Chorus{cancel: cancel, heard: map[pair]*heard{}}
	now := time.Now()
	for _, at := range hosts {
		s, err := open(at.NS, at.Link)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("host %s: %w", at.Name, err), c.Stop())
		}
		c.sockets, c.names = append(c.sockets, s), append(c.names, at.Name)
		for _, of := range hosts {
			c.heard[pair{at.Name, of.Name}] = &heard{numbers: map[uint64]int{}, last: now}
		}
	}
	for i := range hosts {
		c.work.Go(func() { c.sing(ctx, i, interval) })
		c.work.Go(func() { c.listen(ctx, i) })
	}
	return c, nil
}

func open(ns *netns.Namespace, link string) (s *packet.Socket, err error) {
	err = ns.Do(func() error {
		s, err = packet.Open(link, etherType, receiveBuffer)
		return err
	})
	return s, err
}

// sing sends until ctx ends. While the way out is missing, frames are left out.
func (c *Chorus) sing(ctx context.Context, i int, interval time.Duration) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	s := c.sockets[i]
	frame := make([]byte, frameSize)
	copy(frame, "\xff\xff\xff\xff\xff\xff")
	copy(frame[6:], s.Link.HardwareAddr)
	binary.BigEndian.PutUint16(frame[12:], etherType)
	binary.BigEndian.PutUint16(frame[14:], uint16(i))
	for number := uint64(0); ; number++ {
		binary.BigEndian.PutUint64(frame[16:], number)
		if err := s.Write(frame); err != nil && !isLeftOut(err) && ctx.Err() == nil {
			c.fail(fmt.Errorf("host %s: %w", c.names[i], err))
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

// isLeftOut tells of an error whether the link has just not taken the frame.
func isLeftOut(err error) bool { return errors.Is(err, unix.ENOBUFS) || errors.Is(err, unix.ENETDOWN) }

// listen takes in what arrives, until ctx ends and the socket is closed.
func (c *Chorus) listen(ctx context.Context, i int) {
	buf := make([]byte, frameSize)
	for {
		frame, err := c.sockets[i].Read(buf)
		switch {
		case ctx.Err() != nil:
			return
		case errors.Is(err, unix.ENETDOWN):
			continue
		case err != nil:
			c.fail(fmt.Errorf("host %s: %w", c.names[i], err))
			return
		case len(frame) < frameSize:
			continue
		}
		if of := int(binary.BigEndian.Uint16(frame[14:])); of < len(c.names) {
			c.take(pair{c.names[i], c.names[of]}, binary.BigEndian.Uint64(frame[16:]))
		}
	}
}

func (c *Chorus) take(p pair, number uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	h, now := c.heard[p], time.Now()
	h.numbers[number]++
	h.longest, h.last = max(h.longest, now.Sub(h.last)), now
}

func (c *Chorus) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.failure == nil {
		c.failure = err
	}
}

// Mark begins to measure silences anew.
func (c *Chorus) Mark() {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	for _, h := range c.heard {
		h.longest, h.last = 0, now
	}
}

// Silence is the longest time since Mark in which a host has heard nothing of
// another, one that lasts included.
func (c *Chorus) Silence(at, of string) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	h := c.heard[pair{at, of}]
	return max(h.longest, time.Since(h.last))
}

// Since is how long ago a host has heard another for the last time.
func (c *Chorus) Since(at, of string) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Since(c.heard[pair{at, of}].last)
}

// Wrong tells, by an error, of frames that came more than once, that came back
// to who had sent them, or that could not be sent.
func (c *Chorus) Wrong() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	errs := []error{c.failure}
	for p, h := range c.heard {
		if p.at == p.of && len(h.numbers) > 0 {
			errs = append(errs, fmt.Errorf("%d of its own frames came back to %s", len(h.numbers), p.at))
			continue
		}
		if n := h.doubles(); n > 0 {
			errs = append(errs, fmt.Errorf("%d of %d frames of %s came more than once to %s", n, len(h.numbers), p.of, p.at))
		}
	}
	return errors.Join(errs...)
}

func (h *heard) doubles() (n int) {
	for _, times := range h.numbers {
		if times > 1 {
			n++
		}
	}
	return n
}

// Missing is how many of the frames between the first and the last that a host
// has heard of another have not come.
func (c *Chorus) Missing(at, of string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	h := c.heard[pair{at, of}]
	if len(h.numbers) == 0 {
		return 0
	}
	first, last := ^uint64(0), uint64(0)
	for n := range h.numbers {
		first, last = min(first, n), max(last, n)
	}
	return int(last-first) + 1 - len(h.numbers)
}

// Stop ends it. After that the account stays to be asked for.
func (c *Chorus) Stop() error {
	c.cancel()
	var errs []error
	for _, s := range c.sockets {
		errs = append(errs, s.Close())
	}
	c.work.Wait()
	return errors.Join(errs...)
}
