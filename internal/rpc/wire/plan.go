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
// at most.
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
				ls := p.Switches[device][name].Unpack()
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
type PlanJoin struct {
	plan rpc.Plan
	open piece // that the last part has ended with
}

// piece is a logical switch of which more may come.
type piece struct {
	device, name string
	sofar        *hwvtep.LogicalSwitch
}

// Add takes the next part. Parts of different plans do not fit together.
func (j *PlanJoin) Add(part PlanPart) error {
	if j.plan.Switches == nil {
		j.plan = rpc.Plan{Epoch: part.Epoch, Revision: part.Revision, Full: part.Full, Switches: map[string]map[string]hwvtep.Packed{}}
	}
	if part.Epoch != j.plan.Epoch || part.Revision != j.plan.Revision || part.Full != j.plan.Full {
		return errors.New("a part is of another plan than the first")
	}
	for _, p := range part.Pieces {
		if err := j.join(p); err != nil {
			return fmt.Errorf("switch %q, logical switch %q: %w", p.Switch, p.Name, err)
		}
	}
	return nil
}

// Plan gives the plan, when all parts have come.
func (j *PlanJoin) Plan() rpc.Plan {
	j.close()
	return j.plan
}

// close puts what is open into the plan.
func (j *PlanJoin) close() {
	if j.open.sofar != nil {
		j.plan.Switches[j.open.device][j.open.name] = hwvtep.Pack(j.open.sofar)
	}
	j.open = piece{}
}

func (j *PlanJoin) join(p PlanPiece) error {
	if j.open.device != p.Switch || j.open.name != p.Name {
		j.close()
	}
	if j.plan.Switches[p.Switch] == nil {
		j.plan.Switches[p.Switch] = map[string]hwvtep.Packed{}
	}
	if p.Row == nil {
		j.plan.Switches[p.Switch][p.Name], j.open = hwvtep.Packed{}, piece{}
		return nil
	}
	ls, err := p.Row.join(j.open.sofar, p.Name)
	if err == nil {
		j.open = piece{p.Switch, p.Name, ls}
	}
	return err
}
