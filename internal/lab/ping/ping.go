// Package ping sends ICMP echo requests from inside a network namespace and
// accounts for every answer.
package ping

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/net/icmp"
	"golang.org/x/sys/unix"

	"landbridge/internal/lab/netns"
)

const (
	// stragglers is how long an answer may come after the last request.
	stragglers = time.Second
	// receiveBuffer holds the answers of some seconds at 1 ms, so that a busy
	// machine loses none between kernel and pinger.
	receiveBuffer = 4 << 20
	// seqSize is the sequence number in the payload, not cut to ICMP's 16 bits.
	seqSize = 8
)

// Result is the account of a ping.
type Result struct {
	Sent, Received, Duplicates int
	RTT                        time.Duration // mean of the answers; 0 without any
	// SendError is why a request could not be sent, the last one; nil.
	SendError error
}

// Lost is the number of requests without an answer.
func (r Result) Lost() int { return r.Sent - r.Received }

func (r Result) String() string {
	s := fmt.Sprintf("%d sent, %d received, %d lost, %d duplicates", r.Sent, r.Received, r.Lost(), r.Duplicates)
	if r.SendError != nil {
		s += ": " + r.SendError.Error()
	}
	return s
}

// Pinger sends requests until it is stopped.
type Pinger struct {
	dst    netip.Addr
	icmp   version
	size   int // of the payload
	id     uint16
	conn   *net.IPConn
	cancel context.CancelFunc
	done   sync.WaitGroup

	mu      sync.Mutex
	answers []int       // per request, how often it was answered
	sentAt  []time.Time // per request
	rtt     time.Duration
	result  Result
	news    chan struct{} // has a token after an answer
}

// Start pings an address from inside a namespace, once in each interval, until
// Stop.
func Start(ns *netns.Namespace, dst netip.Addr, interval time.Duration) (*Pinger, error) {
	p, err := open(ns, dst, 0)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	p.cancel = cancel
	p.done.Go(func() { p.sendUntil(ctx, interval) })
	return p, nil
}

// Count sends n requests, one in each interval, and waits for their answers.
// It ends early, with what it has, when ctx does.
func Count(ctx context.Context, ns *netns.Namespace, dst netip.Addr, n int, interval time.Duration) (Result, error) {
	return CountSized(ctx, ns, dst, 0, n, interval)
}

// CountSized is Count with IP packets of a size in bytes, headers included, that
// nobody on the way may cut; 0: short ones.
func CountSized(ctx context.Context, ns *netns.Namespace, dst netip.Addr, size, n int, interval time.Duration) (Result, error) {
	p, err := open(ns, dst, size)
	if err != nil {
		return Result{}, err
	}
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for range n {
		p.send()
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return p.finish(), nil
		}
	}
	return p.finish(), nil
}

// Until pings until the first answer. Where none has come when ctx ends, it
// gives ctx's error.
func Until(ctx context.Context, ns *netns.Namespace, dst netip.Addr, interval time.Duration) error {
	p, err := Start(ns, dst, interval)
	if err != nil {
		return err
	}
	defer p.Abandon()
	select {
	case <-p.news:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("no answer from %s to %s: %w", dst, ns.Name, ctx.Err())
	}
}

// Stop ends the requests, waits for the last answers, and gives the account.
func (p *Pinger) Stop() Result {
	p.cancel()
	return p.finish()
}

// Now gives the account so far; requests on their way count as sent.
func (p *Pinger) Now() Result {
	p.mu.Lock()
	defer p.mu.Unlock()
	r := p.result
	if r.Received > 0 {
		r.RTT = p.rtt / time.Duration(r.Received)
	}
	return r
}

func open(ns *netns.Namespace, dst netip.Addr, size int) (*Pinger, error) {
	v := versionOf(dst)
	p := &Pinger{
		dst: dst, icmp: v, size: max(seqSize, size-v.headers), id: uint16(rand.Uint32()),
		cancel: func() {}, news: make(chan struct{}, 1),
	}
	err := ns.Do(func() error {
		conn, err := net.ListenPacket(p.icmp.network, p.icmp.any)
		if err != nil {
			return err
		}
		p.conn = conn.(*net.IPConn)
		return prepare(p.conn, p.icmp)
	})
	if err != nil {
		return nil, fmt.Errorf("open a socket to ping from %s: %w", ns.Name, err)
	}
	go p.receive()
	return p, nil
}

// prepare gives a socket its buffer, and keeps its packets whole.
func prepare(conn *net.IPConn, v version) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	var opt error
	err = raw.Control(func(fd uintptr) {
		opt = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, receiveBuffer)
		for _, option := range v.whole {
			opt = errors.Join(opt, unix.SetsockoptInt(int(fd), v.level, option.name, option.value))
		}
	})
	return errors.Join(err, opt)
}

func (p *Pinger) sendUntil(ctx context.Context, interval time.Duration) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		p.send()
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

func (p *Pinger) send() {
	p.mu.Lock()
	seq := len(p.answers)
	p.answers, p.sentAt = append(p.answers, 0), append(p.sentAt, time.Now())
	p.result.Sent++
	p.mu.Unlock()

	data := make([]byte, p.size)
	binary.BigEndian.PutUint64(data, uint64(seq))
	echo := &icmp.Echo{ID: int(p.id), Seq: seq & 0xffff, Data: data}
	b, err := (&icmp.Message{Type: p.icmp.request, Body: echo}).Marshal(nil)
	if err == nil {
		_, err = p.conn.WriteTo(b, &net.IPAddr{IP: p.dst.AsSlice()})
	}
	if err != nil {
		p.mu.Lock()
		p.result.SendError = err
		p.mu.Unlock()
	}
}

func (p *Pinger) receive() {
	buf := make([]byte, 1<<16)
	for {
		n, from, err := p.conn.ReadFrom(buf)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // an ICMP error for a request of ours: it stays without an answer
		}
		if seq, ok := p.parse(buf[:n], from); ok {
			p.answered(seq)
		}
	}
}

func (p *Pinger) parse(b []byte, from net.Addr) (seq uint64, ok bool) {
	addr, isIP := from.(*net.IPAddr)
	msg, err := icmp.ParseMessage(p.icmp.protocol, b)
	if err != nil || !isIP || msg.Type != p.icmp.reply {
		return 0, false
	}
	a, _ := netip.AddrFromSlice(addr.IP)
	echo, isEcho := msg.Body.(*icmp.Echo)
	if !isEcho || a.Unmap() != p.dst || echo.ID != int(p.id) || len(echo.Data) != p.size {
		return 0, false
	}
	return binary.BigEndian.Uint64(echo.Data), true
}

func (p *Pinger) answered(seq uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if seq >= uint64(len(p.answers)) {
		return
	}
	if p.answers[seq]++; p.answers[seq] > 1 {
		p.result.Duplicates++
		return
	}
	p.result.Received++
	p.rtt += time.Since(p.sentAt[seq])
	select {
	case p.news <- struct{}{}:
	default:
	}
}

// finish waits until all requests are answered, or it is too late for them.
func (p *Pinger) finish() Result {
	defer p.Abandon()
	p.done.Wait()
	late := time.NewTimer(stragglers)
	defer late.Stop()
	for p.Now().Lost() > 0 {
		select {
		case <-p.news:
		case <-late.C:
			return p.Now()
		}
	}
	return p.Now()
}

// Abandon ends the ping without an account. After Stop it does nothing.
func (p *Pinger) Abandon() {
	p.cancel()
	p.done.Wait()
	_ = p.conn.Close() // nothing is lost: every answer that counts is in
}
