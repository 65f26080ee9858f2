package forwarding

import (
	"cmp"
	"slices"

	"landbridge/internal/hwvtep"
)

// Problem is a part of a network that cannot be carried out.
type Problem struct {
	Network string
	// Locator or Binding is what is concerned; both are zero where the whole
	// network is.
	Locator hwvtep.Locator
	Binding hwvtep.Binding
	Reason  string // for an operator: what, with which value, what to do
}

// Part is the text of what is concerned, "" for the whole network.
func (p Problem) Part() string {
	switch {
	case p.Locator != hwvtep.Locator{}:
		return p.Locator.String()
	case p.Binding != hwvtep.Binding{}:
		return p.Binding.String()
	}
	return ""
}

// Compare orders problems by network, what is concerned, and reason.
func (p Problem) Compare(o Problem) int {
	return cmp.Or(cmp.Compare(p.Network, o.Network), p.Locator.Compare(o.Locator), p.Binding.Compare(o.Binding), cmp.Compare(p.Reason, o.Reason))
}

// SortProblems sorts in place.
func SortProblems(p []Problem) { slices.SortFunc(p, Problem.Compare) }
