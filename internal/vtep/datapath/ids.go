package datapath

import "fmt"

// ids hands out the numbers 1 to max. A number that was given back is not
// given again soon.
type ids struct {
	what string // for messages
	max  uint32
	last uint32
	used map[uint32]struct{}
}

func newIDs(what string, most uint32) *ids {
	return &ids{what: what, max: most, used: map[uint32]struct{}{}}
}

func (s *ids) take() (uint32, error) {
	if uint32(len(s.used)) >= s.max {
		return 0, fmt.Errorf("no room for another %s: all %d are in use; start anew with a larger size", s.what, s.max)
	}
	for {
		s.last = s.last%s.max + 1
		if _, used := s.used[s.last]; !used {
			s.used[s.last] = struct{}{}
			return s.last, nil
		}
	}
}

// claim marks a number that is in use already.
func (s *ids) claim(id uint32) {
	s.used[id] = struct{}{}
	s.last = max(s.last, id)
}

func (s *ids) release(id uint32) { delete(s.used, id) }
