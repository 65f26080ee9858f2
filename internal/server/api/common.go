package api

import (
	"landbridge/internal/l2gw"
	"landbridge/internal/server/neutronapi"
)

// The attributes that are alike in all resources.

func idAttribute[T any](show func(T) string, twins ...string) neutronapi.Attribute[T] {
	return neutronapi.Attribute[T]{Name: "id", Twins: twins, Show: shown(show)}
}

func nameAttribute[T any](show func(T) string) neutronapi.Attribute[T] {
	return neutronapi.Attribute[T]{
		Name: "name", Type: neutronapi.Text(maxText),
		Post: neutronapi.Optional, Put: neutronapi.Optional, Default: "", Show: shown(show),
	}
}

// projectAttribute is the owner, by its new name and its old one. Where a body
// has none, it is the project that the request is made for.
func projectAttribute[T any](show func(T) string) neutronapi.Attribute[T] {
	return neutronapi.Attribute[T]{
		Name: "project_id", Twins: []string{"tenant_id"}, Type: neutronapi.Named(maxText),
		Post: neutronapi.Optional, Show: shown(show),
	}
}

// referenceAttribute is the id of an object that a new one stands on.
func referenceAttribute[T any](name string, to *neutronapi.Target, show func(T) string, aliases ...string) neutronapi.Attribute[T] {
	return neutronapi.Attribute[T]{
		Name: name, Aliases: aliases, Type: neutronapi.Reference(), Target: to, Post: neutronapi.Required, Show: shown(show),
	}
}

// readOnly is an attribute that only Landbridge sets.
func readOnly[T any](name string, show func(T) string) neutronapi.Attribute[T] {
	return neutronapi.Attribute[T]{Name: name, Show: shown(show)}
}

// standardAttributes are those of every object.
func standardAttributes[T any](show func(T) l2gw.Standard, put neutronapi.Use) []neutronapi.Attribute[T] {
	instant := func(at func(l2gw.Standard) l2gw.Instant) func(T) any {
		return func(t T) any { return showInstant(at(show(t))) }
	}
	return []neutronapi.Attribute[T]{
		{
			Name: "description", Type: neutronapi.Text(maxText), Post: neutronapi.Optional, Put: put, Default: "",
			Show: func(t T) any { return show(t).Description },
		},
		{Name: "created_at", Type: instants(), Show: instant(func(s l2gw.Standard) l2gw.Instant { return s.CreatedAt })},
		{
			Name: "updated_at", Type: instants(), Show: instant(func(s l2gw.Standard) l2gw.Instant { return s.UpdatedAt }),
			About: "When revision_number changed last.",
		},
		{
			Name: "revision_number", Type: revisions(), Show: func(t T) any { return show(t).Revision },
			About: "Grows with each change of the object; a change of its status is none.",
		},
	}
}

func shown[T, V any](show func(T) V) func(T) any {
	return func(t T) any { return show(t) }
}

// given is the value of an attribute that a body has to have or that has a
// default.
func given[V any](v neutronapi.Values, name string) V {
	got, _ := neutronapi.Get[V](v, name)
	return got
}

// maybe is a pointer to the value of an attribute; nil where it is unset.
func maybe[V any](v neutronapi.Values, name string) *V {
	got, ok := neutronapi.Get[V](v, name)
	if !ok {
		return nil
	}
	return &got
}
