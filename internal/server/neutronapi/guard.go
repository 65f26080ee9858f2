package neutronapi

import (
	"context"
	"fmt"
	"net/http"
	"strings"
)

// Guard knows who sends requests, and what they may do.
type Guard interface {
	// Admit finds out who sends a request, and gives the context in which it is
	// carried out. Its error is the answer, as one of a Resource's functions is.
	Admit(*http.Request) (context.Context, error)
	// Access tells whose objects the sender reaches with an action: a verb of
	// Neutron's policies and the singular name of a resource, "create_network".
	Access(ctx context.Context, action string) Access
}

// Access is whose objects somebody reaches. The zero Access is nobody's.
type Access struct {
	Project string // that somebody acts for; "": none
	Own     bool   // the objects of Project
	All     bool   // those of every project
}

// Reaches tells whether the objects of a project are among them.
func (a Access) Reaches(project string) bool {
	return a.All || a.Own && a.Project != "" && a.Project == project
}

// none tells whether there is nothing that it reaches.
func (a Access) none() bool { return !a.All && (!a.Own || a.Project == "") }

// Open is a Guard that lets everybody do everything, for this project.
type Open struct{ Project string }

// Admit implements Guard.
func (Open) Admit(r *http.Request) (context.Context, error) { return r.Context(), nil }

// Access implements Guard.
func (o Open) Access(context.Context, string) Access { return Access{Project: o.Project, All: true} }

// guardedPath is what the guard looks at, with whatever is below it. The
// documents outside of it tell clients where to find what they need, a token
// among it.
const guardedPath = "/v2.0"

// admit has the guard look at a request; those that only ask whether we live
// pass, as at Neutron.
func (s *server) admit(r *http.Request) (*http.Request, error) {
	if !strings.HasPrefix(r.URL.Path, guardedPath) || r.Method == http.MethodOptions {
		return r, nil
	}
	ctx, err := s.Guard.Admit(r)
	if err != nil {
		return r, err
	}
	return r.WithContext(ctx), nil
}

// guarded is an action for those who reach any object with it. The others are
// refused before anything is read or looked up.
func guarded(g Guard, name string, do func(*http.Request, Access) (reply, error)) action {
	return func(r *http.Request) (reply, error) {
		a := g.Access(r.Context(), name)
		if a.none() {
			return reply{}, forbidden(name)
		}
		return do(r, a)
	}
}

func forbidden(action string) *Error {
	return &Error{Status: http.StatusForbidden, Type: "PolicyNotAuthorized", Message: fmt.Sprintf("rule:%s is disallowed by policy", action)}
}

// The attribute that names the owner of an object, and its old name.
const (
	projectID = "project_id"
	tenantID  = "tenant_id"
)

// own gives what somebody asks for its owner: the project that it acts for,
// unless it names another one that it reaches.
func (a Access) own(v Values) error {
	project, given := Get[string](v, projectID)
	switch {
	case given && !a.Reaches(project):
		return Errorf(http.StatusBadRequest, "Specifying 'project_id' or 'tenant_id' other than the authenticated project in request requires admin or advsvc privileges")
	case given:
	case a.Project == "":
		return Errorf(http.StatusBadRequest, "Failed to parse request. Required attribute %s not specified: the request is made for no project.", brief(projectID))
	default:
		v[projectID] = a.Project
	}
	return nil
}

// may is nil where somebody reaches an object with an action that changes it.
// To those who may not see it, it is missing.
func (r *Resource[T]) may(ctx context.Context, g Guard, verb string, a Access, id string) error {
	if a.All {
		return nil
	}
	found, err := r.Get(ctx, id)
	if err != nil {
		return err
	}
	project := r.Project(found)
	switch {
	case a.Reaches(project):
		return nil
	case g.Access(ctx, "get_"+r.Singular).Reaches(project):
		return forbidden(verb + "_" + r.Singular)
	}
	return r.Missing(id)
}
