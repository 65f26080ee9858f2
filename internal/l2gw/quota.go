package l2gw

import (
	"context"
	"maps"
	"math"
)

// Kind is a kind of objects that administrators ask for, by its name in the
// API.
type Kind string

// The kinds of objects.
const (
	KindGateway          Kind = "l2_gateway"
	KindConnection       Kind = "l2_gateway_connection"
	KindRemoteGateway    Kind = "l2_remote_gateway"
	KindRemoteConnection Kind = "l2_remote_gateway_connection"
	KindRemoteMAC        Kind = "l2_remote_mac"
)

// Kinds lists the kinds, all of which can be limited.
func Kinds() []Kind {
	return []Kind{KindGateway, KindConnection, KindRemoteGateway, KindRemoteConnection, KindRemoteMAC}
}

const (
	// Unlimited is the limit of what there may be any number of.
	Unlimited = -1
	// MaxLimit is the largest limit that Neutron takes.
	MaxLimit = math.MaxInt32
)

// Quota is how many objects of each kind a project may own: Unlimited, or 0 and
// more. What it does not have is unlimited.
type Quota map[Kind]int

// Limit gives the limit of a kind.
func (q Quota) Limit(k Kind) int {
	limit, ok := q[k]
	if !ok {
		return Unlimited
	}
	return limit
}

// With gives the quota with some of its limits replaced. It has all kinds.
func (q Quota) With(some Quota) Quota {
	out := Quota{}
	for _, k := range Kinds() {
		out[k] = q.Limit(k)
	}
	maps.Copy(out, some)
	return out
}

// Use is how many objects of a kind a project may own, and does.
type Use struct{ Limit, Used int }

// Over tells whether it is more than it may be.
func (u Use) Over() bool { return u.Limit != Unlimited && u.Used > u.Limit }

// Quotas is what projects may own. A project is not looked for anywhere: one
// that nobody knows is one without limits of its own.
type Quotas interface {
	// Default gives the limits of projects without limits of their own.
	Default() Quota
	// Get gives the limits of a project, of all kinds.
	Get(ctx context.Context, project string) (Quota, error)
	// Uses gives what it may own and owns, of all kinds.
	Uses(ctx context.Context, project string) (map[Kind]Use, error)
	// List gives the limits of the projects that have some of their own.
	List(ctx context.Context) (map[string]Quota, error)
	// Set replaces some limits of a project, and gives all of them. Limits below
	// what it owns are kept too: it gets no more then.
	Set(ctx context.Context, project string, some Quota) (Quota, error)
	// Delete takes the limits of its own from a project; without any, it is
	// NotFound.
	Delete(ctx context.Context, project string) error
}
