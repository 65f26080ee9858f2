package server

import (
	"time"

	"landbridge/internal/hwvtep"
)

// The bounds of the pause before failed work is tried again. It doubles from
// one to the other while nothing gets better.
const (
	leastPause = 100 * time.Millisecond
	mostPause  = 10 * time.Second
)

// task is work that is not of one network. Its value is for the log.
type task string

const (
	listing    task = "list the networks and the inventory"
	reporting  task = "write statuses"
	announcing task = "announce the services to the cloud"
)

// retry remembers what has failed, with the text of the error.
type retry struct {
	networks map[string]string // to plan
	tasks    map[task]string
	unsaid   hwvtep.Set[string] // networks whose statuses could not be written
	pause    time.Duration
	timer    *time.Timer
	armed    bool
}

func newRetry() *retry {
	t := time.NewTimer(mostPause)
	t.Stop()
	return &retry{
		networks: map[string]string{}, tasks: map[task]string{}, unsaid: hwvtep.Set[string]{},
		pause: leastPause, timer: t,
	}
}

// outcome keeps how something ended, and tells whether that is a failure of
// which nobody has heard yet.
func outcome[K comparable](failed map[K]string, what K, err error) (news bool) {
	if err == nil {
		delete(failed, what)
		return false
	}
	news = failed[what] != err.Error()
	failed[what] = err.Error()
	return news
}

// settle arms the timer while something has failed.
func (r *retry) settle() {
	if len(r.networks)+len(r.tasks) == 0 {
		r.pause = leastPause
		return
	}
	if !r.armed {
		r.armed = true
		r.timer.Reset(r.pause)
		r.pause = min(2*r.pause, mostPause)
	}
}

// again puts all that has failed into the queue, when the timer has fired.
func (r *retry) again(w *work) {
	r.armed = false
	addTo(w.plan, keys(r.networks))
	addTo(w.status, keys(r.unsaid))
	if _, failed := r.tasks[listing]; failed {
		w.all = true
	}
	r.unsaid = hwvtep.Set[string]{}
}
