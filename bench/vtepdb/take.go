package vtepdb

import (
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"landbridge/internal/hwvtep"
)

// update is what has become of a row.
type update struct {
	New *struct {
		Name    string          `json:"name"`
		MAC     string          `json:"MAC"`
		Logical [2]string       `json:"logical_switch"`
		Config  json.RawMessage `json:"other_config"`
	} `json:"new"`
	Old *struct {
		Name    string    `json:"name"`
		MAC     string    `json:"MAC"`
		Logical [2]string `json:"logical_switch"`
	} `json:"old"`
}

// take takes a transaction in, that came at a time.
func (w *Watch) take(text json.RawMessage, at time.Time) error {
	var tables map[string]map[string]update
	if err := json.Unmarshal(text, &tables); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for id, u := range tables[logical] {
		if u.New != nil {
			w.names[id] = u.New.Name
		}
	}
	for _, u := range tables[flood] {
		if u.New != nil {
			w.come(Flood(w.names[u.New.Logical[1]]), at)
		} else {
			delete(w.rows, Flood(w.names[u.Old.Logical[1]]))
		}
	}
	for _, u := range tables[unicast] {
		if u.New != nil {
			w.come(MAC(u.New.MAC), at)
		} else {
			delete(w.rows, MAC(u.Old.MAC))
		}
	}
	for id, u := range tables[logical] {
		if u.New == nil {
			delete(w.names, id)
		}
	}
	for _, table := range []string{global, physical} {
		for _, u := range tables[table] {
			if u.New != nil {
				w.learn(u.New.Config, at)
			}
		}
	}
	w.tell(at)
	return nil
}

func (w *Watch) come(what string, at time.Time) {
	if w.rows[what] == nil {
		r := &Row{There: at}
		w.rows[what] = r
		w.unraised = append(w.unraised, r)
	}
}

// learn takes in an other_config: the number of the last change, and of the last
// that the datapath has.
func (w *Watch) learn(config json.RawMessage, at time.Time) {
	var pairs [][2]string
	if json.Unmarshal(config, &[]any{new(string), &pairs}) != nil {
		return
	}
	for _, p := range pairs {
		n, err := strconv.ParseUint(p[1], 10, 64)
		if err != nil || w.last[p[0]] == n {
			continue
		}
		w.last[p[0]] = n
		switch p[0] {
		case hwvtep.Epoch:
			w.claims++
		case hwvtep.Wanted:
			for _, r := range w.unraised {
				r.wanted = n
			}
			w.raised, w.unraised = append(w.raised, w.unraised...), nil
		case hwvtep.Done:
			w.raised = slices.DeleteFunc(w.raised, func(r *Row) bool {
				if r.wanted <= n {
					r.InMaps = at
				}
				return r.wanted <= n
			})
		}
	}
}
