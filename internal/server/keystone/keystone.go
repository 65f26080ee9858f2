package keystone

import (
	"context"
	"crypto/sha256"
	"errors"
	"log/slog"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/sync/semaphore"
	"golang.org/x/sync/singleflight"

	"landbridge/internal/server/identity"
)

// Config says how tokens are judged.
type Config struct {
	Session *Session      // as whom Keystone is asked
	Cache   time.Duration // for which an answer counts at most; 0: DefaultCache
	Logger  *slog.Logger  // nil: nothing is logged
}

// DefaultCache is Config.Cache where none is set. Keystone's middleware has the
// same.
const DefaultCache = 5 * time.Minute

// ErrInvalid is a token that nobody has, or that has ended.
var ErrInvalid = errors.New("the token is not valid")

// UnavailableError is why Keystone cannot be asked.
type UnavailableError struct{ Err error }

func (e *UnavailableError) Error() string { return "Keystone cannot be asked: " + e.Err.Error() }

func (e *UnavailableError) Unwrap() error { return e.Err }

// Bounds of what is remembered and of what is asked at once. Tokens that are
// not valid have a place of their own, so that whoever makes them up pushes
// nobody out.
const (
	mostValid   = 16384
	mostInvalid = 4096
	mostAsked   = 32
	// invalidFor is how long a refused token stays so without being asked for.
	invalidFor = 10 * time.Second
	// mostToken bounds a token, in bytes; Keystone's are shorter than 4 KiB.
	mostToken = 16 << 10
)

type digest = [sha256.Size]byte

// answer is what Keystone said of a token, and until when that counts.
type answer struct {
	who   identity.Identity
	until time.Time
}

// Keystone knows whose a token is. It remembers what Keystone has said for a
// bounded time. Its methods may be called from several goroutines.
type Keystone struct {
	cfg     Config
	valid   *lru.Cache[digest, answer]
	invalid *lru.Cache[digest, time.Time] // until when
	asking  singleflight.Group            // by token
	places  *semaphore.Weighted
	now     func() time.Time

	mu    sync.Mutex
	stats Stats
}

// Stats counts what was asked.
type Stats struct {
	Cached, Valid, Invalid, Failed uint64 // by what became of it
	Fault                          error  // of the last time that Keystone was asked; nil: it has answered
}

// New makes a Keystone.
func New(cfg Config) (*Keystone, error) {
	if cfg.Cache == 0 {
		cfg.Cache = DefaultCache
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	k := &Keystone{cfg: cfg, places: semaphore.NewWeighted(mostAsked), now: time.Now}
	var err error
	if k.valid, err = lru.New[digest, answer](mostValid); err != nil {
		return nil, err
	}
	k.invalid, err = lru.New[digest, time.Time](mostInvalid)
	return k, err
}

// Identify gives who has a token: ErrInvalid where nobody has, an
// *UnavailableError where that cannot be known now.
func (k *Keystone) Identify(ctx context.Context, token string) (identity.Identity, error) {
	if token == "" || len(token) > mostToken || !printable(token) {
		return identity.Identity{}, ErrInvalid
	}
	key := sha256.Sum256([]byte(token))
	if who, known, err := k.remembered(key); known {
		k.count(func(s *Stats) { s.Cached++ })
		return who, err
	}
	// Others may wait for the same answer: the one who goes away does not take
	// it with it.
	lasting := context.WithoutCancel(ctx)
	result := k.asking.DoChan(string(key[:]), func() (any, error) { return k.ask(lasting, token, key) })
	select {
	case got := <-result:
		who, _ := got.Val.(identity.Identity)
		return who, got.Err
	case <-ctx.Done():
		return identity.Identity{}, &UnavailableError{ctx.Err()}
	}
}

// printable tells whether a token can be in a header.
func printable(token string) bool {
	for i := range len(token) {
		if token[i] <= ' ' || token[i] > '~' {
			return false
		}
	}
	return true
}

func (k *Keystone) remembered(key digest) (who identity.Identity, known bool, err error) {
	if a, ok := k.valid.Get(key); ok {
		if k.now().Before(a.until) {
			return a.who, true, nil
		}
		k.valid.Remove(key)
	}
	if until, ok := k.invalid.Get(key); ok && k.now().Before(until) {
		return who, true, ErrInvalid
	}
	return who, false, nil
}

// ask asks Keystone, and remembers what it says.
func (k *Keystone) ask(ctx context.Context, token string, key digest) (identity.Identity, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*k.cfg.Session.cfg.Timeout) // a login may come before
	defer cancel()
	a, err := k.validate(ctx, token)
	k.note(err)
	switch {
	case err == nil:
		a.until = earlier(a.until, k.now().Add(k.cfg.Cache))
		k.valid.Add(key, a)
	case errors.Is(err, ErrInvalid):
		k.invalid.Add(key, k.now().Add(min(invalidFor, k.cfg.Cache)))
	default:
		err = &UnavailableError{err}
	}
	return a.who, err
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// note counts an outcome, and logs where Keystone goes and comes back.
func (k *Keystone) note(err error) {
	fault := err
	if errors.Is(err, ErrInvalid) {
		fault = nil
	}
	k.count(func(s *Stats) {
		switch {
		case fault != nil:
			s.Failed++
		case err != nil:
			s.Invalid++
		default:
			s.Valid++
		}
		was := s.Fault
		s.Fault = fault
		switch {
		case fault != nil && (was == nil || was.Error() != fault.Error()):
			k.cfg.Logger.Error("Keystone cannot be asked for tokens; those that it has confirmed lately still count", "url", k.cfg.Session.cfg.URL, "error", fault)
		case fault == nil && was != nil:
			k.cfg.Logger.Info("Keystone answers again", "url", k.cfg.Session.cfg.URL)
		}
	})
}

func (k *Keystone) count(change func(*Stats)) {
	k.mu.Lock()
	defer k.mu.Unlock()
	change(&k.stats)
}

// Stats gives what has been counted.
func (k *Keystone) Stats() Stats {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.stats
}
