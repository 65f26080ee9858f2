package datapath

import "fmt"

// ids hands out the numbers 1 to max. A number that was given back is not
// given again soon.
type ids struct {
	what string // for messages
	max  uint32
	last uint32
	used []bool // by number
	left uint32
}

func newIDs(what string, most uint32) *ids {
	return &ids{what: what, max: most, used: make([]bool, most+1), left: most}
}

func (s *ids) take() (uint32, error) {
	if s.left == 0 {
		return 0, fmt.Errorf("no room for another %s: all %d are in use; start anew with a larger size", s.what, s.max)
	}
	for {
		s.last = s.last%s.max + 1
		if !s.used[s.last] {
			s.used[s.last] = true
			s.left--
			return s.last, nil
		}
	}
}

// claim marks a number that is in use already.
func (s *ids) claim(id uint32) {
	if !s.used[id] {
		s.used[id] = true
		s.left--
	}
	s.last = max(s.last, id)
}

func (s *ids) release(id uint32) {
	if s.used[id] {
		s.used[id] = false
		s.left++
	}
}

func (s *ids) inUse(id uint32) bool { return s.used[id] }
