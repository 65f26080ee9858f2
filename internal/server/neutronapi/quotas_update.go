package neutronapi

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"strconv"
)

// update replaces the limits that the body has. They may be below what is used,
// unless check_limit says otherwise.
func (q *Quotas) update(r *http.Request, a Access) (reply, error) {
	project, err := quotaProject(r, a, forbidden(updateQuota))
	if err != nil {
		return reply{}, err
	}
	some, check, err := q.change(r)
	if err != nil {
		return reply{}, err
	}
	if _, err := text(project, mostProject); err != nil {
		return reply{}, within(projectID, err)
	}
	if check {
		if err := q.suits(r.Context(), project, some); err != nil {
			return reply{}, err
		}
	}
	if rehearsed(r.Context()) {
		return q.one(q.Get(r.Context(), project))
	}
	return q.one(q.Update(r.Context(), project, some))
}

func (q *Quotas) remove(r *http.Request, a Access) (reply, error) {
	if err := refuseBody(r); err != nil {
		return reply{}, err
	}
	project, err := quotaProject(r, a, forbidden(deleteQuota))
	if err != nil || rehearsed(r.Context()) {
		return reply{status: http.StatusNoContent}, err
	}
	return reply{status: http.StatusNoContent}, q.Delete(r.Context(), project)
}

// change reads the body of a PUT. As in Neutron, it may be empty, and have
// force, which does what is done anyway.
func (q *Quotas) change(r *http.Request) (some Limits, check bool, err error) {
	body, err := readBody(r)
	if err != nil {
		return nil, false, err
	}
	some = Limits{}
	many, err := contents(body, []Envelope{quotaEnvelope}, func(members map[string]any) error {
		v, err := bind(members, q.rules())
		check, _ = Get[bool](v, "check_limit")
		for _, name := range q.Resources {
			if limit, ok := Get[int](v, name); ok {
				some[name] = limit
			}
		}
		return err
	})
	if err == nil && many {
		err = Errorf(http.StatusBadRequest, "A PUT changes one quota, in %s.", brief(quotaEnvelope.Singular))
	}
	return some, check, err
}

func (q *Quotas) rules() []rule {
	out := []rule{
		{names: []string{"force"}, convert: Bool().Convert, use: Optional, unsettable: true},
		{names: []string{"check_limit"}, convert: Bool().Convert, use: Optional, unsettable: true},
	}
	for _, name := range q.Resources {
		out = append(out, rule{names: []string{name}, convert: aLimit().Convert, use: Optional})
	}
	return out
}

// suits is nil where a project does not use more than it is to have.
func (q *Quotas) suits(ctx context.Context, project string, some Limits) error {
	usage, err := q.Usage(ctx, project)
	if err != nil {
		return err
	}
	for _, name := range q.Resources {
		limit, ok := some[name]
		if used := usage[name].Used; ok && limit >= 0 && used > limit {
			return Errorf(http.StatusBadRequest, "Quota limit %d for %s must be greater than or equal to already used %d", limit, name, used)
		}
	}
	return nil
}

const (
	mostProject = 255           // characters of a project's id
	mostLimit   = math.MaxInt32 // that Neutron takes
)

// aLimit is a number of objects, or -1, also as a string. The value is an int.
func aLimit() Type {
	rule := fmt.Sprintf("a limit (an integer, 0–%d, or -1 for any number)", mostLimit)
	number := Schema{"type": "integer", "minimum": -1, "maximum": mostLimit}
	return Type{
		Takes: Schema{"anyOf": []any{number, Schema{"type": "string", "pattern": "^(-1|[0-9]+)$"}}},
		Shows: number,
		Convert: func(v any) (any, error) {
			digits, ok := v.(string)
			if number, isNumber := v.(json.Number); isNumber {
				digits, ok = number.String(), true
			}
			n, err := strconv.ParseInt(digits, 10, 32)
			if !ok || err != nil || n < -1 {
				return nil, Refuse(v, rule)
			}
			return int(n), nil
		},
	}
}

type rehearsal struct{}

// Rehearse gives a context in which a change of a quota is judged as ever, but
// not made. It is for who has something else to do first.
func Rehearse(ctx context.Context) context.Context { return context.WithValue(ctx, rehearsal{}, true) }

func rehearsed(ctx context.Context) bool { return ctx.Value(rehearsal{}) != nil }
