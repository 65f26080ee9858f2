package neutronapi

import (
	"maps"
	"net/http"
)

// describe adds the paths and schemas of a resource.
func (r *Resource[T]) describe(d *document) {
	d.schemas[r.Singular] = r.shownSchema()
	all := Schema{"get": r.describeList()}
	object := Schema{"parameters": []any{parameter("path", "id", Schema{"type": "string"})}, "get": r.describeShow()}
	if r.Create != nil {
		d.schemas[r.Singular+"_whole"] = Schema{"allOf": []any{ref(r.Singular), Schema{"required": r.names()}}}
		d.schemas[r.Singular+"_create"] = r.bodySchema(Attribute[T].onPost)
		all["post"] = r.describeCreate()
	}
	if r.Delete != nil {
		object["delete"] = r.describeDelete()
	}
	if r.Update != nil {
		d.schemas[r.Singular+"_update"] = r.bodySchema(Attribute[T].onPut)
		object["put"] = r.describeUpdate()
	}
	d.paths["/v2.0/"+r.Path] = guardedPaths(all)
	d.paths["/v2.0/"+r.Path+"/{id}"] = guardedPaths(object)
}

// guardedPaths says of the methods of a path that not everybody may use them.
func guardedPaths(item Schema) Schema {
	for _, method := range []string{"get", "post", "put", "delete"} {
		if op, ok := item[method].(Schema); ok {
			addErrors(guardedOperation(op), http.StatusForbidden)
		}
	}
	return item
}

func (r *Resource[T]) describeList() Schema {
	body := objectSchema(Schema{r.Plural: listOf(ref(r.Singular)), r.Plural + "_links": listOf(ref("Link"))}, []string{r.Plural})
	op := operation("List "+r.Plural+". "+r.About, Schema{"200": answer("The list.", body)})
	op["parameters"] = r.listParameters()
	return addErrors(op, http.StatusBadRequest, http.StatusNotFound, http.StatusRequestURITooLong)
}

func (r *Resource[T]) listParameters() []any {
	text := Schema{"type": "string"}
	var sortable []string
	out := []any{mayBeEmpty(parameter("query", "fields", listOf(text)))}
	for _, a := range r.Attributes {
		_, filters := a.filter()
		for _, name := range append([]string{a.Name}, a.Twins...) {
			if a.Show != nil && filters {
				out = append(out, mayBeEmpty(parameter("query", name, listOf(text))))
			}
			if a.Show != nil && !a.Type.Composite {
				sortable = append(sortable, name)
			}
		}
	}
	return append(out,
		parameter("query", "sort_key", listOf(Schema{"type": "string", "enum": sortable})),
		parameter("query", "sort_dir", listOf(Schema{"type": "string", "enum": []string{"asc", "desc"}})),
		parameter("query", "limit", Schema{"type": "integer", "minimum": 0}),
		mayBeEmpty(parameter("query", "marker", text)),
		mayBeEmpty(parameter("query", "page_reverse", Schema{"type": "string", "pattern": "^([Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee]|)$"})),
	)
}

func (r *Resource[T]) describeCreate() Schema {
	made := ref(r.Singular + "_whole")
	op := operation("Create one "+r.Singular+", or several, all or none. "+r.About, Schema{"201": answer("As made.", Schema{"oneOf": []any{
		wholeObject(Schema{r.Singular: made}), wholeObject(Schema{r.Plural: listOf(made)}),
	}})})
	var bodies []any
	for _, e := range r.envelopes() {
		one := ref(r.Singular + "_create")
		bodies = append(bodies, wholeObject(Schema{e.Singular: one}),
			wholeObject(Schema{e.Plural: Schema{"type": "array", "items": one, "minItems": 1}}))
	}
	op["requestBody"] = Schema{"required": true, "content": jsonContent(Schema{"oneOf": bodies})}
	return addErrors(op, http.StatusBadRequest, http.StatusNotFound, http.StatusConflict,
		http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
}

func (r *Resource[T]) describeShow() Schema {
	op := operation("Show one "+r.Singular+".", Schema{"200": answer("The object.", wholeObject(Schema{r.Singular: ref(r.Singular)}))})
	op["parameters"] = []any{mayBeEmpty(parameter("query", "fields", listOf(Schema{"type": "string"})))}
	return addErrors(op, http.StatusBadRequest, http.StatusNotFound, http.StatusRequestURITooLong)
}

func (r *Resource[T]) describeUpdate() Schema {
	op := operation("Change one "+r.Singular+".", Schema{
		"200": answer("As changed.", wholeObject(Schema{r.Singular: ref(r.Singular + "_whole")})),
	})
	op["parameters"] = []any{ifMatch()}
	var bodies []any
	for _, e := range r.envelopes() {
		bodies = append(bodies, wholeObject(Schema{e.Singular: ref(r.Singular + "_update")}))
	}
	op["requestBody"] = Schema{"required": true, "content": jsonContent(Schema{"oneOf": bodies})}
	return addErrors(op, http.StatusBadRequest, http.StatusNotFound, http.StatusConflict, http.StatusPreconditionFailed,
		http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
}

func (r *Resource[T]) describeDelete() Schema {
	op := operation("Delete one "+r.Singular+".", Schema{"204": Schema{"description": "It is gone.", "headers": requestID()}})
	op["parameters"] = []any{ifMatch()}
	return addErrors(op, http.StatusBadRequest, http.StatusNotFound, http.StatusConflict,
		http.StatusPreconditionFailed)
}

// names are those under which a whole object shows its attributes.
func (r *Resource[T]) names() []string {
	var out []string
	for _, c := range r.columns(nil) {
		out = append(out, c.name)
	}
	return out
}

// shownSchema is of an object as it is shown, whole or with some fields.
func (r *Resource[T]) shownSchema() Schema {
	properties := Schema{}
	for _, a := range r.Attributes {
		if a.Show == nil {
			continue
		}
		for _, name := range append([]string{a.Name}, a.Twins...) {
			properties[name] = described(a.Type.shows(), a.About)
		}
	}
	return objectSchema(properties, nil)
}

// bodySchema is of an object in the body of a method.
func (r *Resource[T]) bodySchema(use func(Attribute[T]) rule) Schema {
	properties := Schema{}
	var needed []any
	for _, a := range r.Attributes {
		u := use(a)
		if u.use == Refused {
			continue
		}
		s := a.Type.takes()
		if u.unsettable {
			s = orNull(s)
		}
		var ways []any
		for _, name := range u.names {
			properties[name] = described(s, a.About)
			ways = append(ways, Schema{"required": []string{name}})
		}
		if u.use == Required {
			needed = append(needed, Schema{"anyOf": ways})
		}
	}
	s := objectSchema(properties, nil)
	if len(needed) > 0 {
		s["allOf"] = needed
	}
	return s
}

func described(s Schema, about string) Schema {
	if about == "" {
		return s
	}
	s = maps.Clone(s)
	s["description"] = about
	return s
}
