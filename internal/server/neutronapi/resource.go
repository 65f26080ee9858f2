package neutronapi

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"
)

// Resource is one kind of object that an API serves under /v2.0/<Path>. Its
// functions give errors as they come; Options.Explain makes answers of them.
type Resource[T any] struct {
	Envelope            // around objects and lists in answers, and in bodies
	Also     []Envelope // taken in bodies too
	Path     string     // the last part of the collection's path: "l2-gateways"

	Attributes []Attribute[T] // in the order in which they are shown

	Create func(context.Context, Values) (T, error)
	Get    func(ctx context.Context, id string) (T, error)
	List   func(context.Context) ([]T, error)
	Update func(ctx context.Context, id string, change Values) (T, error) // nil: PUT is not allowed
	Delete func(ctx context.Context, id string) error
}

// Kind is a Resource of any type.
type Kind interface {
	envelope() Envelope
	path() string
	routes() []route
}

func (r *Resource[T]) envelope() Envelope { return r.Envelope }

func (r *Resource[T]) path() string { return r.Path }

func (r *Resource[T]) routes() []route {
	object := actions{http.MethodGet: r.show, http.MethodDelete: r.remove}
	if r.Update != nil {
		object[http.MethodPut] = r.update
	}
	return []route{
		{"/v2.0/" + r.Path, actions{http.MethodGet: r.list, http.MethodPost: r.create}},
		{"/v2.0/" + r.Path + "/{id}", object},
	}
}

func (r *Resource[T]) create(req *http.Request) (reply, error) {
	values, err := r.read(req, Attribute[T].onPost)
	if err != nil {
		return reply{}, err
	}
	made, err := r.Create(req.Context(), values)
	return r.one(http.StatusCreated, made, err, query[T]{})
}

func (r *Resource[T]) show(req *http.Request) (reply, error) {
	q, err := r.parseQuery(req.URL.RawQuery)
	if err != nil {
		return reply{}, err
	}
	if len(q.filters) > 0 {
		return reply{}, Errorf(http.StatusBadRequest, "One %s cannot be filtered; only fields= is taken.", r.Singular)
	}
	id, err := objectID(req)
	if err != nil {
		return reply{}, err
	}
	found, err := r.Get(req.Context(), id)
	return r.one(http.StatusOK, found, err, q)
}

func (r *Resource[T]) list(req *http.Request) (reply, error) {
	q, err := r.parseQuery(req.URL.RawQuery)
	if err != nil {
		return reply{}, err
	}
	all, err := r.List(req.Context())
	shown := make([]record, 0, len(all))
	for _, v := range all {
		if q.fits(v) {
			shown = append(shown, r.render(v, q))
		}
	}
	return reply{http.StatusOK, record{{r.Plural, shown}}}, err
}

// update checks the body before anybody looks for the object.
func (r *Resource[T]) update(req *http.Request) (reply, error) {
	change, err := r.read(req, Attribute[T].onPut)
	if err != nil {
		return reply{}, err
	}
	if len(change) == 0 {
		return reply{}, Errorf(http.StatusBadRequest, "The body changes no attribute of the %s.", r.Singular)
	}
	id, err := objectID(req)
	if err != nil {
		return reply{}, err
	}
	changed, err := r.Update(req.Context(), id, change)
	return r.one(http.StatusOK, changed, err, query[T]{})
}

func (r *Resource[T]) remove(req *http.Request) (reply, error) {
	if err := refuseBody(req); err != nil {
		return reply{}, err
	}
	id, err := objectID(req)
	if err != nil {
		return reply{}, err
	}
	return reply{status: http.StatusNoContent}, r.Delete(req.Context(), id)
}

// one is the answer with one object, or err.
func (r *Resource[T]) one(status int, v T, err error, q query[T]) (reply, error) {
	if err != nil {
		return reply{}, err
	}
	return reply{status, record{{r.Singular, r.render(v, q)}}}, nil
}

// objectID gives the id in a path. What no database could hold is not found.
func objectID(req *http.Request) (string, error) {
	id := req.PathValue("id")
	if !utf8.ValidString(id) || strings.ContainsRune(id, 0) {
		return "", notFound()
	}
	return id, nil
}

// read takes a body apart and checks it against the table.
func (r *Resource[T]) read(req *http.Request, use func(Attribute[T]) rule) (Values, error) {
	body, err := readBody(req)
	if err != nil {
		return nil, err
	}
	return r.values(body, use)
}

func (r *Resource[T]) values(body []byte, use func(Attribute[T]) rule) (Values, error) {
	decoded, err := decode(body)
	if err != nil {
		return nil, err
	}
	members, err := open(decoded, slices.Concat([]Envelope{r.Envelope}, r.Also))
	if err != nil {
		return nil, err
	}
	rules := make([]rule, 0, len(r.Attributes))
	for _, a := range r.Attributes {
		rules = append(rules, use(a))
	}
	return bind(members, rules)
}
