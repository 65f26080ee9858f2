package httpd

import (
	"io"
	"net/http"
	"sync/atomic"
)

// Budget bounds the bytes of request bodies that all requests together have
// read and may still hold. Each may be small enough, and all of them too much.
type Budget struct {
	left    atomic.Int64
	refusal error
}

// NewBudget makes a budget. Who reads a body beyond it gets refusal.
func NewBudget(bytes int64, refusal error) *Budget {
	b := &Budget{refusal: refusal}
	b.left.Store(bytes)
	return b
}

// Wrap charges what next reads to the budget until it has answered.
func (b *Budget) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := &charged{ReadCloser: r.Body, budget: b}
		defer body.giveBack()
		r2 := *r
		r2.Body = body
		next.ServeHTTP(w, &r2)
	})
}

// charged is a body on a budget.
type charged struct {
	io.ReadCloser
	budget *Budget
	held   int64
}

// Read implements io.Reader.
func (c *charged) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p)
	c.held += int64(n)
	if c.budget.left.Add(-int64(n)) < 0 {
		c.giveBack() // so that one goes without, not all who read now
		return 0, c.budget.refusal
	}
	return n, err
}

func (c *charged) giveBack() {
	c.budget.left.Add(c.held)
	c.held = 0
}
