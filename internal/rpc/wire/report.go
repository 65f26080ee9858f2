package wire

import (
	"errors"
	"fmt"
	"iter"
	"maps"
	"net/netip"
	"slices"

	"landbridge/internal/hwvtep"
	"landbridge/internal/rpc"
)

// ReportPart is a part of what has changed of a database since a report, or of
// all of it.
type ReportPart struct {
	Database string `json:"database"`
	// Number counts the reports of a sender on the database; Base is the one that
	// this tells the difference to, 0 where it tells everything.
	Number uint64 `json:"number"`
	Base   uint64 `json:"base"`
	// Part counts the parts, from 0.
	Part int `json:"part"`
	// Of each part the same.
	Error    string           `json:"error,omitempty"`
	Schema   Schema           `json:"schema"`
	Switches []PhysicalSwitch `json:"switches"`

	Logical []ReportPiece `json:"logical,omitempty"`
	Gone    []string      `json:"gone,omitempty"` // logical switches
	More    bool          `json:"more,omitempty"` // other parts follow
}

// ReportPiece is the state of a logical switch, or a part of it.
type ReportPiece struct {
	Name      string         `json:"logical_switch"`
	Confirmed bool           `json:"confirmed,omitempty"`
	Error     string         `json:"error,omitempty"`
	Row       *LogicalSwitch `json:"row"` // nil: there is none
	// Local has local MACs, in the first piece.
	Local []Local `json:"local,omitempty"`
}

// PhysicalSwitch is a Physical_Switch.
type PhysicalSwitch struct {
	Name        string            `json:"name"`
	Description string            `json:"description,omitempty"`
	TunnelIPs   []netip.Addr      `json:"tunnel_ips,omitempty"`
	Ports       []PhysicalPort    `json:"ports,omitempty"`
	Faults      []string          `json:"faults,omitempty"`
	OtherConfig map[string]string `json:"other_config,omitempty"`
}

// PhysicalPort is a Physical_Port.
type PhysicalPort struct {
	Name        string   `json:"name"`
	Description string   `json:"description,omitempty"`
	Faults      []string `json:"faults,omitempty"`
}

// Schema is what a database's schema offers.
type Schema struct {
	Version        string                 `json:"version"`
	LocatorKeys    bool                   `json:"locator_keys,omitempty"`
	Encapsulations []hwvtep.Encapsulation `json:"encapsulations,omitempty"`
	Replication    bool                   `json:"replication,omitempty"`
	OtherConfig    bool                   `json:"other_config,omitempty"`
	LogicalConfig  bool                   `json:"logical_config,omitempty"`
}

// ReportParts takes apart what differs between a report and the one before it:
// at least one part, each with about so many rows at most. was is nil, and base
// 0, where everything is to be told.
func ReportParts(r rpc.Report, was map[string]rpc.LogicalReport, base, number uint64, most int) iter.Seq[ReportPart] {
	return func(yield func(ReportPart) bool) {
		empty := ReportPart{
			Database: r.Database, Number: number, Base: base, Error: r.Error, Schema: Schema(r.Schema), Switches: switches(r.Switches),
		}
		part, rows := empty, 0
		for piece, n := range reportPieces(r.Logical, was, most) {
			if rows > 0 && rows+n > most {
				part.More = true
				if !yield(part) {
					return
				}
				empty.Part++
				part, rows = empty, 0
			}
			part.Logical, rows = append(part.Logical, piece), rows+n
		}
		for _, name := range slices.Sorted(maps.Keys(was)) {
			if _, there := r.Logical[name]; !there {
				part.Gone = append(part.Gone, name)
			}
		}
		yield(part)
	}
}

func reportPieces(now, was map[string]rpc.LogicalReport, most int) iter.Seq2[ReportPiece, int] {
	return func(yield func(ReportPiece, int) bool) {
		for _, name := range slices.Sorted(maps.Keys(now)) {
			l := now[name]
			if before, told := was[name]; told && before == l {
				continue
			}
			piece := ReportPiece{Name: name, Confirmed: l.Confirmed, Error: l.Error, Local: locals(l.Local)}
			more, actual := l.Local.Len(), l.Actual.Unpack()
			if actual == nil {
				if !yield(piece, 1+more) {
					return
				}
				continue
			}
			for row, n := range pieces(actual, most) {
				piece.Row = row
				if !yield(piece, n+more) {
					return
				}
				piece.Local, more = nil, 0
			}
		}
	}
}

func switches(list []hwvtep.PhysicalSwitch) []PhysicalSwitch {
	out := make([]PhysicalSwitch, 0, len(list))
	for _, s := range list {
		w := PhysicalSwitch{Name: s.Name, Description: s.Description, TunnelIPs: s.TunnelIPs, Faults: s.Faults, OtherConfig: s.OtherConfig}
		for _, p := range s.Ports {
			w.Ports = append(w.Ports, PhysicalPort(p))
		}
		out = append(out, w)
	}
	return out
}

// ReportJoin makes a report of its parts, which come in their order, and of the
// logical switches of the report that it tells the difference to.
type ReportJoin struct {
	report rpc.Report
	first  ReportPart
	next   int   // part
	open   piece // that the last part has ended with
}

// NewReportJoin begins with the first part and what was there before it.
func NewReportJoin(first ReportPart, was map[string]rpc.LogicalReport) *ReportJoin {
	j := &ReportJoin{report: first.head(), first: first}
	maps.Copy(j.report.Logical, was)
	return j
}

// Add takes the next part, the first too. Parts of different reports do not fit
// together.
func (j *ReportJoin) Add(part ReportPart) error {
	if part.Database != j.first.Database || part.Number != j.first.Number || part.Base != j.first.Base || part.Part != j.next {
		return errors.New("a part is not the next one of the report")
	}
	j.next++
	for _, p := range part.Logical {
		if err := j.join(p); err != nil {
			return fmt.Errorf("database %s, logical switch %q: %w", part.Database, p.Name, err)
		}
	}
	for _, name := range part.Gone {
		delete(j.report.Logical, name)
	}
	return nil
}

// Report gives the report, when all parts have come.
func (j *ReportJoin) Report() rpc.Report {
	j.close()
	return j.report
}

// close puts what is open into the report.
func (j *ReportJoin) close() {
	if j.open.sofar != nil {
		l := j.report.Logical[j.open.name]
		l.Actual = hwvtep.Pack(j.open.sofar)
		j.report.Logical[j.open.name] = l
	}
	j.open = piece{}
}

// head is the report of a part without logical switches.
func (p ReportPart) head() rpc.Report {
	r := rpc.Report{
		Database: p.Database, Error: p.Error, Schema: hwvtep.Schema(p.Schema), Logical: map[string]rpc.LogicalReport{},
	}
	for _, w := range p.Switches {
		s := hwvtep.PhysicalSwitch{
			Name: w.Name, Description: w.Description, TunnelIPs: w.TunnelIPs, Faults: w.Faults, OtherConfig: map[string]string{},
		}
		maps.Copy(s.OtherConfig, w.OtherConfig)
		for _, port := range w.Ports {
			s.Ports = append(s.Ports, hwvtep.PhysicalPort(port))
		}
		r.Switches = append(r.Switches, s)
	}
	return r
}

func (j *ReportJoin) join(p ReportPiece) (err error) {
	if j.open.name != p.Name {
		j.close()
	}
	l := rpc.LogicalReport{Confirmed: p.Confirmed, Error: p.Error}
	if j.open.sofar != nil {
		l.Local = j.report.Logical[p.Name].Local
	} else if l.Local, err = learned(p.Local); err != nil {
		return err
	}
	j.report.Logical[p.Name] = l
	if p.Row == nil {
		j.open = piece{}
		return nil
	}
	ls, err := p.Row.join(j.open.sofar, p.Name)
	if err == nil {
		j.open = piece{name: p.Name, sofar: ls}
	}
	return err
}
