package neutronapi

import (
	"maps"
	"net/http"
)

// describe adds the paths and schemas of quotas.
func (q *Quotas) describe(d *document) {
	text, count := Schema{"type": "string"}, Schema{"type": "integer", "minimum": 0}
	usage := wholeObject(Schema{"limit": aLimit().shows(), "used": count, "reserved": count})
	d.schemas["quota"] = wholeObject(q.each(aLimit().shows()))
	d.schemas["quota_details"] = wholeObject(q.each(usage))
	d.schemas["quota_update"] = objectSchema(q.each(aLimit().takes(), Schema{
		"force":       described(Bool().takes(), "Taken, and of no effect: limits below the use are accepted anyway."),
		"check_limit": described(Bool().takes(), "Refuse limits that are below the use."),
	}), nil)
	d.schemas["quota_of_project"] = wholeObject(q.each(aLimit().shows(), Schema{projectID: text, tenantID: text}))

	get := func(about string, body Schema, errors ...int) Schema {
		return Schema{"get": addErrors(operation(about, Schema{"200": answer("", body)}), errors...)}
	}
	quota := wholeObject(Schema{quotaEnvelope.Singular: ref("quota")})
	one := get("Show how many objects a project may own.", quota, http.StatusNotFound)
	one["put"] = describeQuotaUpdate(quota)
	one["delete"] = addErrors(
		operation("Take the limits of its own from a project.", Schema{"204": Schema{"description": "It has the defaults.", "headers": requestID()}}),
		http.StatusBadRequest, http.StatusNotFound)
	for path, item := range map[string]Schema{
		"":              get("List the quotas of the projects that have limits of their own.", wholeObject(Schema{quotaEnvelope.Plural: listOf(ref("quota_of_project"))})),
		"/project":      get("Tell the project that a token is for.", wholeObject(Schema{"project": wholeObject(Schema{projectID: text})}), http.StatusBadRequest),
		"/tenant":       get("Tell it by its old name.", wholeObject(Schema{"tenant": wholeObject(Schema{tenantID: text})}), http.StatusBadRequest),
		"/{id}":         one,
		"/{id}/default": get("Show what a project without limits of its own may own.", quota, http.StatusNotFound),
		"/{id}/details": get("Show what a project may own, and owns.",
			wholeObject(Schema{quotaEnvelope.Singular: ref("quota_details")}), http.StatusNotFound),
	} {
		d.paths[quotasPath+path] = guardedPaths(item)
	}
	for _, path := range []string{"/{id}", "/{id}/default", "/{id}/details"} {
		item, _ := d.paths[quotasPath+path].(Schema)
		item["parameters"] = []any{parameter("path", "id", text)}
	}
}

func describeQuotaUpdate(answered Schema) Schema {
	op := operation("Replace some limits of a project.", Schema{"200": answer("All of them.", answered)})
	op["requestBody"] = Schema{"required": true, "content": jsonContent(wholeObject(Schema{quotaEnvelope.Singular: ref("quota_update")}))}
	return addErrors(op, http.StatusBadRequest, http.StatusNotFound, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
}

// each has one schema for all resources, beside others.
func (q *Quotas) each(s Schema, others ...Schema) Schema {
	out := Schema{}
	for _, name := range q.Resources {
		out[name] = s
	}
	for _, o := range others {
		maps.Copy(out, o)
	}
	return out
}
