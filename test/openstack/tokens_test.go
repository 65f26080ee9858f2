//go:build openstack

package openstack

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"landbridge/internal/lab/openstack"
	"landbridge/internal/lab/testenv"
)

// judgedWithin is how long a change at Keystone may take to count, where
// tokens are remembered for a second.
const judgedWithin = 15 * time.Second

// wants is an error where a list is not answered with a status.
func (w *world) wants(t *testing.T, status int, token, path string) error {
	t.Helper()
	if a := w.call(t, token, http.MethodGet, path, nil); a.Status != status {
		return fmt.Errorf("%d instead of %d: %s", a.Status, status, a.Body)
	}
	return nil
}

// judged waits until a token is answered with a status.
func (w *world) judged(t *testing.T, status int, token string) {
	t.Helper()
	testenv.Eventually(t, judgedWithin, "the token is judged", func() error {
		return w.wants(t, status, token, pathOf("l2_gateway"))
	})
}

// testTokens: what has been revoked or has expired is good no more.
func testTokens(t *testing.T, w *world) {
	w.serveKeystone(t, "--keystone-cache", "1s")
	k := w.Keystone
	good, revoked := k.Token(t, w.admin), k.Token(t, w.service)
	w.judged(t, http.StatusOK, good)
	w.judged(t, http.StatusOK, revoked)
	k.Revoke(t, revoked)
	w.judged(t, http.StatusUnauthorized, revoked)
	k.SetTokenLife(t, 5*time.Second)
	expiring := k.Token(t, w.admin)
	w.judged(t, http.StatusOK, expiring)
	w.judged(t, http.StatusUnauthorized, expiring)
	k.SetTokenLife(t, openstack.TokenLife)
	w.judged(t, http.StatusOK, good)
}

// testKeystoneAway: those who were known stay so; nobody new is let in.
func testKeystoneAway(t *testing.T, w *world) {
	w.serveKeystone(t)
	known, unknown := w.Keystone.Token(t, w.admin), w.Keystone.Token(t, w.admin)
	w.judged(t, http.StatusOK, known)
	w.Keystone.Stop(t)
	w.expect(t, http.StatusOK, "", known, http.MethodGet, pathOf("l2_gateway"), nil)
	w.gateway(t, known, "made meanwhile")
	w.expect(t, http.StatusServiceUnavailable, "identity service", unknown, http.MethodGet, pathOf("l2_gateway"), nil)
	w.expect(t, http.StatusOK, "v2.0", "", http.MethodGet, "/", nil)
	w.Keystone.Start(t)
	w.judged(t, http.StatusOK, unknown)
}

// testOwnLogin: the server logs in again when its own token has ended, and
// reads its new password.
func testOwnLogin(t *testing.T, w *world) {
	w.serveKeystone(t)
	k := w.Keystone
	w.judged(t, http.StatusOK, k.Token(t, w.admin))
	w.service = k.SetPassword(t, w.service, w.service.Password) // ends its tokens
	w.expect(t, http.StatusOK, "", k.Token(t, w.admin), http.MethodGet, pathOf("l2_gateway"), nil)
	w.service = k.SetPassword(t, w.service, "another secret")
	token := k.Token(t, w.admin)
	w.expect(t, http.StatusServiceUnavailable, "identity service", token, http.MethodGet, pathOf("l2_gateway"), nil)
	w.writePassword(t)
	w.judged(t, http.StatusOK, token)
}
