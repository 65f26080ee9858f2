package keystone

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"landbridge/internal/lab/testenv"
	"landbridge/internal/server/identity"
)

// world is a Keystone of ours on a fake one, with a clock that stands still.
type world struct {
	*testing.T
	*fake
	k   *Keystone
	now time.Time
	log bytes.Buffer
}

func newWorld(t *testing.T) *world {
	w := &world{T: t, fake: newFake(t), now: time.Now()}
	w.tokens["good"] = tokenOf("u", "p", w.now.Add(time.Hour))
	session, err := NewSession(SessionConfig{URL: w.URL, Credentials: func() (Credentials, error) {
		w.mu.Lock()
		defer w.mu.Unlock()
		return Credentials{"landbridge", "Default", w.password, "service", "Default"}, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	k, err := New(Config{Session: session, Cache: time.Minute, Logger: slog.New(slog.NewTextHandler(&w.log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	k.now = func() time.Time { return w.now }
	w.k = k
	return w
}

func (w *world) identify(token string) error {
	w.Helper()
	_, err := w.k.Identify(w.Context(), token)
	return err
}

// valid, invalid and down are what a token may be judged to be.
func (w *world) valid(token string) {
	w.Helper()
	if err := w.identify(token); err != nil {
		w.Errorf("%s: %v", token, err)
	}
}

func (w *world) invalid(token string) {
	w.Helper()
	if err := w.identify(token); !errors.Is(err, ErrInvalid) {
		w.Errorf("%.20s: %v, wanted it to be invalid", token, err)
	}
}

func (w *world) down(token, part string) {
	w.Helper()
	err := w.identify(token)
	if _, ok := errors.AsType[*UnavailableError](err); !ok || !strings.Contains(err.Error(), part) {
		w.Errorf("%s: %v, wanted Keystone to be down with %q", token, err, part)
	}
}

func (w *world) expect(logins, asked int) {
	w.Helper()
	if l, a := w.counts(); l != logins || a != asked {
		w.Errorf("%d logins and %d questions, wanted %d and %d", l, a, logins, asked)
	}
}

func TestIdentity(t *testing.T) {
	w := newWorld(t)
	got, err := w.k.Identify(t.Context(), "good")
	want := identity.Identity{
		UserID: "u", UserName: "n", UserDomainID: "ud", ProjectID: "p", ProjectName: "pn", ProjectDomainID: "pd",
		Roles: []string{"member", "reader"},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v, want %+v", got, err, want)
	}
	w.tokens["system"] = `{"token":{"expires_at":"2999-01-01T00:00:00Z","user":{"id":"u"},"system":{"all":true},"roles":[{"name":"admin"}]}}`
	w.tokens["domain"] = `{"token":{"expires_at":"2999-01-01T00:00:00Z","user":{"id":"u"},"domain":{"id":"d"}}}`
	if got, err := w.k.Identify(t.Context(), "system"); err != nil || !got.System || got.ProjectID != "" || !got.HasRole("Admin") {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := w.k.Identify(t.Context(), "domain"); err != nil || got.System || got.DomainID != "d" || got.HasRole("member") {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestAnswersAreRemembered(t *testing.T) {
	w := newWorld(t)
	for range 3 {
		w.valid("good")
		w.invalid("bad")
	}
	w.expect(1, 2)
	w.now = w.now.Add(invalidFor)
	w.valid("good")
	w.invalid("bad")
	w.expect(1, 3)
	w.now = w.now.Add(time.Minute)
	w.with(func() { delete(w.tokens, "good") })
	w.invalid("good")
	if s := w.k.Stats(); s.Cached != 5 || s.Valid != 1 || s.Invalid != 3 || s.Failed != 0 {
		t.Errorf("%+v", s)
	}
}

func TestNoTokenOutlivesItsEnd(t *testing.T) {
	w := newWorld(t)
	w.tokens["short"] = tokenOf("u", "p", w.now.Add(10*time.Second))
	w.tokens["ended"] = tokenOf("u", "p", w.now)
	w.invalid("ended")
	w.valid("short")
	w.now = w.now.Add(11 * time.Second)
	w.invalid("short")
}

func TestWhatIsNoTokenIsNotAskedFor(t *testing.T) {
	w := newWorld(t)
	for _, token := range []string{"", "a b", "a\nb", "tökn", strings.Repeat("x", mostToken+1)} {
		w.invalid(token)
	}
	w.expect(0, 0)
}

func TestManyAskOnce(t *testing.T) {
	w := newWorld(t)
	w.valid("good") // so that all are logged in
	w.tokens["other"] = tokenOf("u", "p", w.now.Add(time.Hour))
	hold := make(chan struct{})
	w.with(func() { w.hold = hold })
	gone, leave := context.WithCancel(t.Context())
	var all sync.WaitGroup
	var left error
	all.Go(func() { _, left = w.k.Identify(gone, "other") })
	for range 50 {
		all.Go(func() { w.valid("other") })
	}
	leave()
	testenv.Eventually(t, 5*time.Second, "the one who has gone away to be let go", func() error {
		select {
		case hold <- struct{}{}:
			close(hold)
			return nil
		default:
			return errors.New("nobody asks")
		}
	})
	all.Wait()
	if _, asked := w.counts(); asked > 3 { // "good", "other", and perhaps once more for those who came late
		t.Errorf("asked %d times", asked)
	}
	if left != nil && !errors.Is(left, context.Canceled) {
		t.Error(left)
	}
}

func TestOurOwnTokenEnds(t *testing.T) {
	w := newWorld(t)
	w.valid("good")
	w.with(func() { clear(w.ours) })
	w.invalid("bad")
	w.expect(2, 3)
}

func TestANewPasswordCounts(t *testing.T) {
	w := newWorld(t)
	w.valid("good")
	w.with(func() {
		w.password = "new"
		clear(w.ours)
	})
	// The first renewal has the old password, then that is dropped.
	w.down("bad", "a new one is refused")
	w.invalid("bad")
	w.valid("good")
}

func TestKeystoneIsDown(t *testing.T) {
	w := newWorld(t)
	w.valid("good")
	w.with(func() { w.mood = http.StatusBadGateway })
	w.valid("good")
	w.down("other", "answers 502")
	w.down("another", "answers 502")
	if s := w.k.Stats(); s.Fault == nil || s.Failed != 2 {
		t.Errorf("%+v", s)
	}
	w.with(func() { w.mood = 0 })
	w.invalid("other")
	if s := w.k.Stats(); s.Fault != nil {
		t.Errorf("%+v", s)
	}
	if log := w.log.String(); strings.Count(log, "level=ERROR") != 1 || strings.Count(log, "answers again") != 1 {
		t.Errorf("the log says\n%s", log)
	}
	w.Close()
	w.down("third", "connect")
	w.valid("good")
}

func TestALoginIsNotHammered(t *testing.T) {
	w := newWorld(t)
	w.password = "pw"
	w.k.cfg.Session.cfg.Credentials = func() (Credentials, error) {
		return Credentials{"landbridge", "Default", "wrong", "service", "Default"}, nil
	}
	for i := range 5 {
		w.down(fmt.Sprint("t", i), "log in as landbridge: "+w.URL+"/v3/auth/tokens answers 401")
	}
	w.expect(1, 0)
	if strings.Contains(w.log.String(), "wrong") {
		t.Errorf("the log has a password: %s", &w.log)
	}
}

func TestWeMayNotLookAtTokens(t *testing.T) {
	w := newWorld(t)
	w.valid("good")
	w.with(func() { w.mood = http.StatusForbidden })
	w.down("other", "it needs the role admin or service")
}

func TestAuthorityOfKeystone(t *testing.T) {
	if _, err := NewSession(SessionConfig{CA: "/none"}); err == nil || !strings.Contains(err.Error(), "/none") {
		t.Error(err)
	}
	files := testenv.NewAuthority(t).Issue(t, "k")
	if _, err := NewSession(SessionConfig{CA: files.Key}); err == nil || !strings.Contains(err.Error(), "no certificate in PEM form") {
		t.Error(err)
	}
	if _, err := NewSession(SessionConfig{CA: files.CA}); err != nil {
		t.Error(err)
	}
}

func TestEndpoint(t *testing.T) {
	for given, want := range map[string]string{
		"http://k:5000": "http://k:5000/v3/", "http://k:5000/": "http://k:5000/v3/", "http://k/v3": "http://k/v3/",
		"https://k/identity": "https://k/identity/v3/", "https://k/identity/v3/": "https://k/identity/v3/",
	} {
		if got := endpoint(given); got != want {
			t.Errorf("%s: %s, want %s", given, got, want)
		}
	}
}
