package neutronapi

import (
	"context"
	"net/http"
	"slices"
)

// Resource is one kind of object that an API serves under /v2.0/<Path>. Its
// functions give errors as they come; Options.Explain makes answers of them.
type Resource[T any] struct {
	Envelope            // around objects and lists in answers, and in bodies
	Also     []Envelope // taken in bodies too
	Path     string     // the last part of the collection's path: "l2-gateways"
	About    string     // a sentence for the OpenAPI document
	MaxBulk  int64      // bytes that the body of a bulk create may have; 0: Options.MaxBody

	Attributes []Attribute[T] // in the order in which they are shown

	ID      func(T) string        // what a path and a marker name it by
	Project func(T) string        // the owner, which attribute project_id shows
	New     func(Values) T        // what a POST asks for
	Missing func(id string) error // what Get gives for an object that is not there

	// Create makes all of a list, in their order, or none. A nil one: POST is not
	// allowed, and there is no New.
	Create func(context.Context, []T) ([]T, error)
	Get    func(ctx context.Context, id string) (T, error)
	List   func(context.Context, Query) ([]T, error)
	// Update and Delete get the revisions of which the object has to have one;
	// none: any. A nil one: PUT, or DELETE, is not allowed.
	Update func(ctx context.Context, id string, change Values, revisions []int64) (T, error)
	Delete func(ctx context.Context, id string, revisions []int64) error
}

// Kind is a Resource of any type.
type Kind interface {
	envelope() Envelope
	path() string
	routes(o Options) []route
	describe(d *document)
}

func (r *Resource[T]) envelope() Envelope { return r.Envelope }

func (r *Resource[T]) path() string { return r.Path }

func (r *Resource[T]) envelopes() []Envelope { return slices.Concat([]Envelope{r.Envelope}, r.Also) }

func (r *Resource[T]) routes(o Options) []route {
	guard := func(verb string, do func(*http.Request, Access) (reply, error)) action {
		return guarded(o.Guard, verb+"_"+r.Singular, do)
	}
	create := func(req *http.Request, a Access) (reply, error) { return r.create(req, a, o) }
	update := func(req *http.Request, a Access) (reply, error) { return r.update(req, a, o.Guard) }
	remove := func(req *http.Request, a Access) (reply, error) { return r.remove(req, a, o.Guard) }
	all, one := actions{http.MethodGet: guard("get", r.list)}, actions{http.MethodGet: guard("get", r.show)}
	if r.Create != nil {
		all[http.MethodPost] = guard("create", create)
	}
	if r.Delete != nil {
		one[http.MethodDelete] = guard("delete", remove)
	}
	if r.Update != nil {
		one[http.MethodPut] = guard("update", update)
	}
	return []route{
		{pattern: "/v2.0/" + r.Path, actions: all, maxBody: r.MaxBulk},
		{pattern: "/v2.0/" + r.Path + "/{id}", actions: one},
	}
}

// create makes one object, or all of a list.
func (r *Resource[T]) create(req *http.Request, a Access, o Options) (reply, error) {
	body, err := readBody(req)
	if err != nil {
		return reply{}, err
	}
	var asked []T
	refers := r.references(req.Context(), o.Guard)
	rules := r.rules(Attribute[T].onPost)
	many, err := contents(body, r.envelopes(), func(members map[string]any) error {
		v, err := bind(members, rules)
		if err == nil {
			err = a.own(v)
		}
		if err != nil {
			return err
		}
		for _, ref := range refers {
			ref.note(v)
		}
		asked = append(asked, r.New(v))
		return nil
	})
	if !many && int64(len(body)) > o.MaxBody {
		return reply{}, tooLarge(o.MaxBody)
	}
	for _, ref := range refers {
		if err == nil {
			err = ref.judge(req.Context())
		}
	}
	if err != nil {
		return reply{}, err
	}
	made, err := r.Create(req.Context(), asked)
	if many {
		return r.all(http.StatusCreated, made, err, nil)
	}
	return r.first(http.StatusCreated, made, err, nil)
}

func (r *Resource[T]) show(req *http.Request, a Access) (reply, error) {
	q, err := r.parseQuery(req.URL.RawQuery)
	if err != nil {
		return reply{}, err
	}
	for name := range q.given {
		if name != "fields" {
			return reply{}, Errorf(http.StatusBadRequest, "One %s is neither filtered nor sorted; only fields= is taken.", r.Singular)
		}
	}
	id, err := objectID(req)
	if err != nil {
		return reply{}, err
	}
	found, err := r.Get(req.Context(), id)
	if err == nil && !a.All && !a.Reaches(r.Project(found)) {
		err = r.Missing(id)
	}
	return r.first(http.StatusOK, []T{found}, err, q.fields)
}

func (r *Resource[T]) list(req *http.Request, a Access) (reply, error) {
	q, err := r.parseQuery(req.URL.RawQuery)
	if err != nil {
		return reply{}, err
	}
	if !keepable(q.Marker) {
		return reply{}, notFound()
	}
	if !a.All {
		q.Filters = append(q.Filters, Filter{projectID, []any{a.Project}})
	}
	found, err := r.List(req.Context(), q.Query)
	return r.all(http.StatusOK, found, err, q.fields, r.links(req, q, found)...)
}

// update checks the body before anybody looks for the object.
func (r *Resource[T]) update(req *http.Request, a Access, g Guard) (reply, error) {
	change, err := r.change(req)
	if err != nil {
		return reply{}, err
	}
	at, err := revisions(req.Header)
	if err != nil {
		return reply{}, err
	}
	id, err := objectID(req)
	if err != nil {
		return reply{}, err
	}
	if err := r.may(req.Context(), g, "update", a, id); err != nil {
		return reply{}, err
	}
	changed, err := r.Update(req.Context(), id, change, at)
	return r.first(http.StatusOK, []T{changed}, err, nil)
}

// change reads the body of a PUT.
func (r *Resource[T]) change(req *http.Request) (change Values, err error) {
	body, err := readBody(req)
	if err != nil {
		return nil, err
	}
	rules := r.rules(Attribute[T].onPut)
	many, err := contents(body, r.envelopes(), func(members map[string]any) (err error) {
		change, err = bind(members, rules)
		return err
	})
	switch {
	case err != nil:
		return nil, err
	case many:
		return nil, Errorf(http.StatusBadRequest, "A PUT changes one object, in %s.", brief(r.Singular))
	case len(change) == 0:
		return nil, Errorf(http.StatusBadRequest, "The body changes no attribute of the %s.", r.Singular)
	}
	return change, nil
}

func (r *Resource[T]) remove(req *http.Request, a Access, g Guard) (reply, error) {
	if err := refuseBody(req); err != nil {
		return reply{}, err
	}
	at, err := revisions(req.Header)
	if err != nil {
		return reply{}, err
	}
	id, err := objectID(req)
	if err != nil {
		return reply{}, err
	}
	if err := r.may(req.Context(), g, "delete", a, id); err != nil {
		return reply{}, err
	}
	return reply{status: http.StatusNoContent}, r.Delete(req.Context(), id, at)
}

// first is the answer with one object, or err.
func (r *Resource[T]) first(status int, list []T, err error, fields map[string]bool) (reply, error) {
	if err != nil {
		return reply{}, err
	}
	shown, err := appendObject(nil, r.columns(fields), list[0])
	return reply{status, record{{r.Singular, rendered(shown)}}}, err
}

// all is the answer with a list, or err.
func (r *Resource[T]) all(status int, list []T, err error, fields map[string]bool, links ...link) (reply, error) {
	if err != nil {
		return reply{}, err
	}
	shown, err := r.render(list, fields)
	body := record{{r.Plural, shown}}
	if len(links) > 0 {
		body = append(body, member{r.Plural + "_links", links})
	}
	return reply{status, body}, err
}

// objectID gives the id in a path. What no database could hold is not found.
func objectID(req *http.Request) (string, error) {
	id := req.PathValue("id")
	if !keepable(id) {
		return "", notFound()
	}
	return id, nil
}

func (r *Resource[T]) rules(use func(Attribute[T]) rule) []rule {
	out := make([]rule, 0, len(r.Attributes))
	for _, a := range r.Attributes {
		out = append(out, use(a))
	}
	return out
}
