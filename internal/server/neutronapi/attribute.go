package neutronapi

import "slices"

// Attribute is one row of a resource's table. T is the resource's Go type.
type Attribute[T any] struct {
	Name    string
	Twins   []string // other names, in bodies, answers and filters alike: tenant_id of project_id
	Aliases []string // other names in bodies only
	Type    Type
	Post    Use
	Put     Use
	Default any         // what an absent Optional attribute is in a POST, as Type.Convert would make it; nil: it stays absent
	Show    func(T) any // what is shown: a string, boolean, integer, or anything with JSON where Type is Composite
	Filter  *Type       // what the text of a filter may be; nil: what Type may, unless that is Composite
	Target  *Target     // what it refers to; nil: nothing that has an owner
	About   string      // a sentence for the OpenAPI document; "": the name says it
}

// Use says whether the body of a method may hold an attribute.
type Use int

// The uses.
const (
	Refused  Use = iota // read-only: a body with it is refused
	Optional            // absent and null mean unset
	Required
)

// Values is a body that has passed its table: what Type.Convert made, by
// attribute name. Attributes that were not given and have no default are
// missing from it.
type Values map[string]any

// Get gives the value of an attribute; the zero V and false where it is
// missing.
func Get[V any](v Values, name string) (V, bool) {
	got, ok := v[name].(V)
	return got, ok
}

// filter gives the type of a filter's text; ok is false where the attribute
// cannot be filtered by.
func (a Attribute[T]) filter() (t Type, ok bool) {
	if a.Filter != nil {
		return *a.Filter, true
	}
	return a.Type, !a.Type.Composite
}

func (a Attribute[T]) names() []string {
	return slices.Concat([]string{a.Name}, a.Twins, a.Aliases)
}

func (a Attribute[T]) onPost() rule {
	return rule{
		names: a.names(), convert: a.Type.Convert, use: a.Post,
		unsettable: a.Post == Optional, unset: a.Default, absent: a.Default,
		refusal: "Attribute %s not allowed in POST: it is read-only.",
	}
}

// onPut differs from onPost: what is absent stays as it is, and what a POST
// requires cannot be unset.
func (a Attribute[T]) onPut() rule {
	return rule{
		names: a.names(), convert: a.Type.Convert, use: a.Put,
		unsettable: a.Put == Optional && a.Post == Optional, unset: a.Default,
		refusal: "Cannot update read-only attribute %s.",
	}
}
