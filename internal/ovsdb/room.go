package ovsdb

import "sync"

// room is that for callers who have not said who they are.
type room struct {
	mu    sync.Mutex
	all   int
	hosts map[string]int
}

func newRoom() *room { return &room{hosts: map[string]int{}} }

// enter takes a place for a caller from an address, if there is one.
func (r *room) enter(host string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.all >= greetings || r.hosts[host] >= greetingsOfHost {
		return false
	}
	r.all++
	r.hosts[host]++
	return true
}

// leave gives it back.
func (r *room) leave(host string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all--
	if r.hosts[host]--; r.hosts[host] == 0 {
		delete(r.hosts, host)
	}
}
