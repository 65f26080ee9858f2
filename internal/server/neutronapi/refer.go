package neutronapi

import (
	"context"
	"slices"
)

// Target is a kind of object that others refer to.
type Target struct {
	// Action is what it takes to refer to one: "get_network".
	Action string
	// Project gives the owner of one, with the error for one that is not there.
	Project func(ctx context.Context, id string) (string, error)
	// Missing is that error.
	Missing func(id string) error
}

// reference is an attribute that refers to objects of which somebody reaches
// some only.
type reference struct {
	*Target
	name  string
	reach Access
	ids   []string // of those that a body refers to, each once
}

// references gives the references of a resource that have to be looked at:
// none for those who reach everything.
func (r *Resource[T]) references(ctx context.Context, g Guard) []*reference {
	var out []*reference
	for _, a := range r.Attributes {
		if a.Target == nil {
			continue
		}
		if reach := g.Access(ctx, a.Target.Action); !reach.All {
			out = append(out, &reference{Target: a.Target, name: a.Name, reach: reach})
		}
	}
	return out
}

// note remembers what an object refers to.
func (r *reference) note(v Values) {
	if id, ok := Get[string](v, r.name); ok && !slices.Contains(r.ids, id) {
		r.ids = append(r.ids, id)
	}
}

// judge is nil where all that has been noted is in reach. What is not, is
// missing.
func (r *reference) judge(ctx context.Context) error {
	for _, id := range r.ids {
		project, err := r.Project(ctx, id)
		if err != nil {
			return err
		}
		if !r.reach.Reaches(project) {
			return r.Missing(id)
		}
	}
	return nil
}
