package vtepdb

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"
)

// Watch follows a database by a monitor of its own.
type Watch struct {
	conn  *conn
	ended chan struct{}

	mu       sync.Mutex
	err      error             // why it has ended
	names    map[string]string // of logical switches, by UUID
	rows     map[string]*Row   // by what they are of
	last     map[string]uint64 // the numbers of Landbridge in other_config
	claims   int               // changes of who may write
	unraised []*Row            // that no number says of yet
	raised   []*Row            // that the datapath has not confirmed yet
	waits    []*wait
}

// Row is what was seen of a row.
type Row struct {
	There  time.Time // when the database had it
	InMaps time.Time // when the datapath's confirmation was in the database
	wanted uint64
}

type wait struct {
	met  func() bool
	when chan time.Time
}

// The tables.
const (
	logical  = "Logical_Switch"
	unicast  = "Ucast_Macs_Remote"
	flood    = "Mcast_Macs_Remote"
	global   = "Global"
	physical = "Physical_Switch"
)

// Flood is a logical switch that is flooded, as what there are rows of; MAC is a
// host behind a tunnel.
func Flood(logicalSwitch string) string { return "flood " + logicalSwitch }

// MAC is a host behind a tunnel, as what there are rows of.
func MAC(mac string) string { return "mac " + mac }

// NewWatch follows a database at an address as "unix:/path" until it is closed. Of
// unicast rows and flood lists it knows those that come from now on.
func NewWatch(address string) (*Watch, error) {
	c, err := dial(address)
	if err != nil {
		return nil, err
	}
	w := &Watch{
		conn: c, ended: make(chan struct{}), names: map[string]string{}, rows: map[string]*Row{}, last: map[string]uint64{},
	}
	tables := map[string]any{}
	for table, columns := range map[string][]string{
		logical: {"name"}, unicast: {"MAC"}, flood: {"logical_switch"}, global: {"other_config"}, physical: {"other_config"},
	} {
		tables[table] = map[string]any{"columns": columns, "select": map[string]any{"initial": table != unicast && table != flood}}
	}
	if err = c.send("monitor", database, nil, tables); err == nil {
		var first json.RawMessage
		if first, err = c.answer(); err == nil {
			err = w.take(first, time.Now())
		}
	}
	if err != nil {
		return nil, fmt.Errorf("follow %s: %w", address, err)
	}
	go w.follow()
	return w, nil
}

// Close ends the watch.
func (w *Watch) Close() {
	_ = w.conn.Close()
	<-w.ended
}

func (w *Watch) follow() {
	defer close(w.ended)
	for {
		m, err := w.conn.next()
		if err == nil {
			var params []json.RawMessage
			if err = json.Unmarshal(m.Params, &params); err == nil && len(params) == 2 {
				err = w.take(params[1], time.Now())
			}
		}
		if err != nil {
			w.mu.Lock()
			w.err = err
			w.mu.Unlock()
			return
		}
	}
}

// tell wakes who waits for what is there now.
func (w *Watch) tell(at time.Time) {
	w.waits = slices.DeleteFunc(w.waits, func(one *wait) bool {
		met := one.met()
		if met {
			one.when <- at
		}
		return met
	})
}

// until gives the time at which something is so, or why that cannot be seen.
func (w *Watch) until(ctx context.Context, met func() bool) (time.Time, error) {
	one := &wait{met, make(chan time.Time, 1)}
	w.mu.Lock()
	if met() {
		one.when <- time.Now()
	} else {
		w.waits = append(w.waits, one)
	}
	w.mu.Unlock()
	select {
	case at := <-one.when:
		return at, nil
	case <-w.ended:
		return time.Time{}, w.err
	case <-ctx.Done():
		w.forget(one)
		return time.Time{}, ctx.Err()
	}
}

// forget has nobody ask any more whether what one waits for is so.
func (w *Watch) forget(one *wait) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.waits = slices.DeleteFunc(w.waits, func(o *wait) bool { return o == one })
}

// Row waits until the database has a row of something, and with inMaps until the
// datapath has confirmed it.
func (w *Watch) Row(ctx context.Context, what string, inMaps bool) (out Row, err error) {
	_, err = w.until(ctx, func() bool {
		r := w.rows[what]
		if r == nil || inMaps && r.InMaps.IsZero() {
			return false
		}
		out = *r
		return true
	})
	if err != nil {
		err = fmt.Errorf("%s: %w", what, err)
	}
	return out, err
}

// Rows waits until the database has so many rows that have come since the watch
// began, and gives the time.
func (w *Watch) Rows(ctx context.Context, n int) (at time.Time, err error) {
	have := 0
	at, err = w.until(ctx, func() bool {
		have = len(w.rows)
		return have == n
	})
	if err != nil {
		err = fmt.Errorf("%d rows, want %d: %w", have, n, err)
	}
	return at, err
}

// Claims counts how often agents have taken the database.
func (w *Watch) Claims() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.claims
}

// Claimed waits until an agent has taken the database after so many claims, and
// gives the time.
func (w *Watch) Claimed(ctx context.Context, after int) (time.Time, error) {
	return w.until(ctx, func() bool { return w.claims > after })
}
