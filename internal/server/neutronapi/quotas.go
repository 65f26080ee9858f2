package neutronapi

import (
	"context"
	"maps"
	"net/http"
	"slices"
)

// Limits has how many objects there may be of each resource, by its singular
// name. -1: any number.
type Limits map[string]int

// Usage is what a limit leaves.
type Usage struct {
	Limit    int `json:"limit"`
	Used     int `json:"used"`
	Reserved int `json:"reserved"` // by requests under way
}

// Quotas is Neutron's API of how many objects projects may own, below
// /v2.0/quotas. A project is not looked for: of one that nobody knows the
// defaults are shown. All Limits that the functions give have all Resources.
type Quotas struct {
	Resources []string // those that can be limited, in the order in which they are shown

	Default func() Limits
	Get     func(ctx context.Context, project string) (Limits, error)
	Usage   func(ctx context.Context, project string) (map[string]Usage, error)
	List    func(context.Context) (map[string]Limits, error) // of the projects that have some of their own
	Update  func(ctx context.Context, project string, some Limits) (Limits, error)
	Delete  func(ctx context.Context, project string) error
}

// The actions of quotas, by Neutron's names.
const (
	getQuota    = "get_quota"
	updateQuota = "update_quota"
	deleteQuota = "delete_quota"
)

var quotaEnvelope = Envelope{"quota", "quotas"}

const quotasPath = "/v2.0/quotas"

func (q *Quotas) routes(g Guard) []route {
	get := func(do func(*http.Request, Access) (reply, error)) actions {
		return actions{http.MethodGet: guarded(g, getQuota, do)}
	}
	one := get(q.show)
	one[http.MethodPut] = guarded(g, updateQuota, q.update)
	one[http.MethodDelete] = guarded(g, deleteQuota, q.remove)
	own := func(name string) actions {
		return actions{http.MethodGet: func(r *http.Request) (reply, error) { return ownProject(r, g, name) }}
	}
	return []route{
		{pattern: quotasPath, actions: get(q.list)},
		{pattern: quotasPath + "/project", actions: own("project")},
		{pattern: quotasPath + "/tenant", actions: own("tenant")},
		{pattern: quotasPath + "/{id}", actions: one},
		{pattern: quotasPath + "/{id}/default", actions: get(q.defaults)},
		{pattern: quotasPath + "/{id}/details", actions: get(q.details)},
	}
}

// ownProject tells a client which project its token is for, by whose id it can
// ask for the quota.
func ownProject(r *http.Request, g Guard, name string) (reply, error) {
	project := g.Access(r.Context(), getQuota).Project
	if project == "" {
		return reply{}, &Error{Status: http.StatusBadRequest, Type: "QuotaMissingTenant", Message: "Tenant-id was missing from quota request."}
	}
	return reply{http.StatusOK, record{{name, record{{name + "_id", project}}}}}, nil
}

// list is for who reaches every project. The query does not count, as in
// Neutron.
func (q *Quotas) list(r *http.Request, a Access) (reply, error) {
	if !a.All {
		return reply{}, forbidden(getQuota)
	}
	all, err := q.List(r.Context())
	if err != nil {
		return reply{}, err
	}
	out := make([]record, 0, len(all))
	for _, project := range slices.Sorted(maps.Keys(all)) {
		out = append(out, append(q.record(all[project]), member{projectID, project}, member{tenantID, project}))
	}
	return reply{http.StatusOK, record{{quotaEnvelope.Plural, out}}}, nil
}

func (q *Quotas) show(r *http.Request, a Access) (reply, error) {
	project, err := quotaProject(r, a, forbidden(getQuota))
	if err != nil {
		return reply{}, err
	}
	return q.one(q.Get(r.Context(), project))
}

func (q *Quotas) defaults(r *http.Request, a Access) (reply, error) {
	if _, err := quotaProject(r, a, forbidden(getQuota)); err != nil {
		return reply{}, err
	}
	return q.one(q.Default(), nil)
}

func (q *Quotas) details(r *http.Request, a Access) (reply, error) {
	project, err := quotaProject(r, a, &Error{
		Status: http.StatusForbidden, Type: "AdminRequired",
		Message: "User does not have admin privileges: Only admin is authorized to access quotas for another project.",
	})
	if err != nil {
		return reply{}, err
	}
	usage, err := q.Usage(r.Context(), project)
	if err != nil {
		return reply{}, err
	}
	out := record{}
	for _, name := range q.Resources {
		out = append(out, member{name, usage[name]})
	}
	return reply{http.StatusOK, record{{quotaEnvelope.Singular, out}}}, nil
}

// quotaProject gives the project in a path, or the refusal where it is not in
// reach.
func quotaProject(r *http.Request, a Access, refusal error) (string, error) {
	project, err := objectID(r)
	if err == nil && !a.Reaches(project) {
		err = refusal
	}
	return project, err
}

// one is the answer with one quota, or err.
func (q *Quotas) one(limits Limits, err error) (reply, error) {
	return reply{http.StatusOK, record{{quotaEnvelope.Singular, q.record(limits)}}}, err
}

func (q *Quotas) record(limits Limits) record {
	out := record{}
	for _, name := range q.Resources {
		out = append(out, member{name, limits[name]})
	}
	return out
}
