package neutronapi

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
)

// rule is what one method asks of one attribute of a body.
type rule struct {
	names      []string // the first is the attribute's own
	convert    func(any) (any, error)
	use        Use
	unsettable bool   // null is taken
	unset      any    // the value of null; nil: none
	absent     any    // the value where the body has none; nil: none
	refusal    string // said where the use is Refused; %s: the name
}

// bind checks the members of an object in a body and makes Values of them.
func bind(members map[string]any, rules []rule) (Values, error) {
	if err := unrecognized(members, rules); err != nil {
		return nil, err
	}
	out := Values{}
	for _, r := range rules {
		v, err := r.bind(members)
		if err != nil {
			return nil, err
		}
		if v != nil {
			out[r.names[0]] = v
		}
	}
	return out, nil
}

func unrecognized(members map[string]any, rules []rule) error {
	left := maps.Clone(members)
	for _, r := range rules {
		for _, name := range r.names {
			delete(left, name)
		}
	}
	if len(left) == 0 {
		return nil
	}
	names := slices.Sorted(maps.Keys(left))
	return Errorf(http.StatusBadRequest, "Unrecognized attribute(s) %s.", brief(strings.Join(names, ", ")))
}

// bind gives the attribute's value; nil where it has none.
func (r rule) bind(members map[string]any) (any, error) {
	name, given, err := r.given(members)
	switch {
	case err != nil:
		return nil, err
	case name == "" && r.use == Required:
		return nil, Errorf(http.StatusBadRequest, "Failed to parse request. Required attribute %s not specified.", brief(r.names[0]))
	case name == "":
		return r.absent, nil
	case r.use == Refused:
		return nil, Errorf(http.StatusBadRequest, r.refusal, brief(name))
	case given == nil && r.unsettable:
		return r.unset, nil
	case given == nil:
		return nil, within(name, Refuse(nil, "allowed: the attribute cannot be unset"))
	}
	v, err := r.convert(given)
	return v, within(name, err)
}

// given finds the attribute under any of its names; name is "" where it is
// absent. Under two names it has to be the same.
func (r rule) given(members map[string]any) (name string, v any, err error) {
	for _, other := range r.names {
		w, ok := members[other]
		switch {
		case !ok:
		case name == "":
			name, v = other, w
		case !reflect.DeepEqual(v, w):
			return "", nil, Errorf(http.StatusBadRequest, "%s and %s are one attribute, but %s and %s differ.",
				brief(name), brief(other), brief(v), brief(w))
		}
	}
	return name, v, nil
}

// Member is one member of an Object in a body.
type Member struct {
	Name string
	Type Type
	Use  Use
}

// Object is a JSON object with exactly these members. The value is Values.
func Object(members ...Member) Type {
	rules := make([]rule, 0, len(members))
	for _, m := range members {
		rules = append(rules, rule{
			names: []string{m.Name}, convert: m.Type.Convert, use: m.Use,
			unsettable: m.Use == Optional, refusal: "Attribute %s is read-only.",
		})
	}
	takes, shows := memberSchemas(members)
	return Type{Composite: true, Takes: takes, Shows: shows, Convert: func(v any) (any, error) {
		given, ok := v.(map[string]any)
		if !ok {
			return nil, Refuse(v, "an object")
		}
		values, err := bind(given, rules)
		if bad, ok := errors.AsType[*Error](err); ok {
			return nil, &InputError{Reason: strings.TrimSuffix(bad.Message, ".")}
		}
		return values, err
	}}
}

func memberSchemas(members []Member) (takes, shows Schema) {
	in, out := Schema{}, Schema{}
	var required, all []string
	for _, m := range members {
		out[m.Name] = m.Type.shows()
		all = append(all, m.Name)
		switch m.Use {
		case Required:
			required = append(required, m.Name)
			in[m.Name] = m.Type.takes()
		case Optional:
			in[m.Name] = orNull(m.Type.takes())
		}
	}
	return objectSchema(in, required), objectSchema(out, all)
}

// List is a JSON array. Its Type's value is a []any of what Elem makes.
type List struct {
	Elem Type
	Min  int                // it has at least so many elements
	Key  func(made any) any // what no two elements may have in common; nil: all may repeat
}

// Type gives the Type of such lists.
func (l List) Type() Type {
	return Type{
		Convert: l.convert, Composite: true,
		Takes: Schema{"type": "array", "items": l.Elem.takes(), "minItems": l.Min},
		Shows: Schema{"type": "array", "items": l.Elem.shows()},
	}
}

func (l List) convert(v any) (any, error) {
	items, ok := v.([]any)
	if !ok {
		return nil, Refuse(v, "a list")
	}
	if len(items) < l.Min {
		return nil, Refuse(v, fmt.Sprintf("a list of at least %d", l.Min))
	}
	out := make([]any, 0, len(items))
	seen := make(map[any]bool, len(items))
	for i, item := range items {
		made, err := l.element(item, seen)
		if err != nil {
			return nil, within(fmt.Sprintf("[%d]", i), err)
		}
		out = append(out, made)
	}
	return out, nil
}

func (l List) element(item any, seen map[any]bool) (any, error) {
	if item == nil {
		return nil, Refuse(item, "allowed in a list")
	}
	made, err := l.Elem.Convert(item)
	if err != nil || l.Key == nil {
		return made, err
	}
	key := l.Key(made)
	if seen[key] {
		return nil, Refuse(key, "unique: the list has it twice")
	}
	seen[key] = true
	return made, nil
}
