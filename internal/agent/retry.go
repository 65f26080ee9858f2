package agent

import "time"

const (
	// retryFirst and retryMax bound the pause after a failed write.
	retryFirst = 200 * time.Millisecond
	retryMax   = 30 * time.Second
	// burst is how many writes of one logical switch may follow each other
	// without a pause: somebody else is changing it back. After calm without
	// one the count starts anew.
	burst = 5
	calm  = time.Minute
)

// retry says when a logical switch may be written again.
type retry struct {
	failures, writes int
	lastWrite        time.Time
	until            time.Time
}

// due tells whether it may be written now.
func (r *retry) due(now time.Time) bool { return !now.Before(r.until) }

// failed notes a write that has failed.
func (r *retry) failed(now time.Time) {
	r.until = now.Add(pause(r.failures))
	r.failures++
}

// wrote notes a write that has succeeded.
func (r *retry) wrote(now time.Time) {
	if now.Sub(r.lastWrite) > calm {
		r.writes = 0
	}
	r.failures, r.lastWrite = 0, now
	if r.writes++; r.writes > burst {
		r.until = now.Add(pause(r.writes - burst - 1))
	}
}

// pause doubles with each try.
func pause(tries int) time.Duration {
	d := retryFirst
	for range tries {
		if d *= 2; d >= retryMax {
			return retryMax
		}
	}
	return d
}
