package wire

import (
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"

	"landbridge/internal/hwvtep"
	"landbridge/internal/rpc"
)

// MostRows bounds the rows of one part: a few hundred kB of JSON.
const MostRows = 5000

// PlanPart is a part of a plan.
type PlanPart struct {
	Epoch    string       `json:"epoch"`
	Revision rpc.Revision `json:"revision"`
	Full     bool         `json:"full"`
	Pieces   []PlanPiece  `json:"pieces,omitempty"`
	// More says that other parts follow; Ticket is for asking for the next.
	More   bool   `json:"more,omitempty"`
	Ticket string `json:"ticket,omitempty"`
}

// PlanPiece is a logical switch on a switch, or a part of one.
type PlanPiece struct {
	Switch string `json:"switch"`
	Name   string `json:"logical_switch"`
	// Row is nil where there must be none.
	Row *LogicalSwitch `json:"row"`
}

// PlanParts takes a plan apart: at least one part, each with about so many rows
// at most. The logical switches must not change meanwhile.
func PlanParts(p rpc.Plan, most int) iter.Seq[PlanPart] {
	return func(yield func(PlanPart) bool) {
		empty := PlanPart{Epoch: p.Epoch, Revision: p.Revision, Full: p.Full}
		part, rows := empty, 0
		for piece, n := range planPieces(p, most) {
			if rows > 0 && rows+n > most {
				part.More = true
				if !yield(part) {
					return
				}
				part, rows = empty, 0
			}
			part.Pieces, rows = append(part.Pieces, piece), rows+n
		}
		yield(part)
	}
}

func planPieces(p rpc.Plan, most int) iter.Seq2[PlanPiece, int] {
	return func(yield func(PlanPiece, int) bool) {
		for _, device := range slices.Sorted(maps.Keys(p.Switches)) {
			for _, name := range slices.Sorted(maps.Keys(p.Switches[device])) {
				ls := p.Switches[device][name]
				if ls == nil {
					if !yield(PlanPiece{Switch: device, Name: name}, 1) {
						return
					}
					continue
				}
				for row, n := range pieces(ls, most) {
					if !yield(PlanPiece{Switch: device, Name: name, Row: row}, n) {
						return
					}
				}
			}
		}
	}
}

// PlanJoin makes a plan of its parts, which come in their order.
type PlanJoin struct{ plan rpc.Plan }

// Add takes the next part. Parts of different plans do not fit together.
func (j *PlanJoin) Add(part PlanPart) error {
	if j.plan.Switches == nil {
		j.plan = rpc.Plan{Epoch: part.Epoch, Revision: part.Revision, Full: part.Full, Switches: map[string]map[string]*hwvtep.LogicalSwitch{}}
	}
	if part.Epoch != j.plan.Epoch || part.Revision != j.plan.Revision || part.Full != j.plan.Full {
		return errors.New("a part is of another plan than the first")
	}
	for _, piece := range part.Pieces {
		if err := piece.join(j.plan.Switches); err != nil {
			return fmt.Errorf("switch %q, logical switch %q: %w", piece.Switch, piece.Name, err)
		}
	}
	return nil
}

// Plan gives the plan, when all parts have come.
func (j *PlanJoin) Plan() rpc.Plan { return j.plan }

func (p PlanPiece) join(to map[string]map[string]*hwvtep.LogicalSwitch) error {
	if to[p.Switch] == nil {
		to[p.Switch] = map[string]*hwvtep.LogicalSwitch{}
	}
	if p.Row == nil {
		to[p.Switch][p.Name] = nil
		return nil
	}
	ls, err := p.Row.join(to[p.Switch][p.Name], p.Name)
	if err == nil {
		to[p.Switch][p.Name] = ls
	}
	return err
}
