package hwvtep

import "strings"

// Owner names the logical switches of one Landbridge deployment. The schema
// has no column for ownership in the tables of MACs, so that it goes by the
// name of the logical switch: whatever refers to a logical switch of the
// owner's is the owner's, nothing else is. An owner is a word without "/".
type Owner string

// DefaultOwner is the owner where the configuration names none.
const DefaultOwner Owner = "landbridge"

// Name is the Logical_Switch name for a network: "landbridge/<network id>".
func (o Owner) Name(networkID string) string { return string(o) + "/" + networkID }

// Network gives the network that a Logical_Switch name stands for; not ok
// where the logical switch is somebody else's.
func (o Owner) Network(name string) (networkID string, ok bool) {
	return strings.CutPrefix(name, string(o)+"/")
}
