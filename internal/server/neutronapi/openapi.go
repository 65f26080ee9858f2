package neutronapi

import (
	"net/http"
	"strings"
)

// document is an OpenAPI 3.1 document that is being made of the tables.
type document struct {
	paths   Schema
	schemas Schema
}

func openAPIRoutes(o Options, kinds []Kind) []route {
	d := describe(o, kinds)
	show := func(*http.Request) (reply, error) { return reply{http.StatusOK, d}, nil }
	return []route{{pattern: "/openapi.json", actions: actions{http.MethodGet: show}}}
}

// describe makes the document of an API.
func describe(o Options, kinds []Kind) Schema {
	d := &document{paths: Schema{}, schemas: Schema{}}
	d.describeDocuments()
	for _, k := range kinds {
		k.describe(d)
	}
	if o.Quotas != nil {
		o.Quotas.describe(d)
	}
	return Schema{
		"openapi": "3.1.0",
		"info":    Schema{"title": o.Title, "version": "2.0"},
		"paths":   d.paths,
		"components": Schema{
			"schemas": d.schemas,
			"headers": Schema{"RequestID": Schema{
				"description": "Under this id the server's log has the request.", "schema": Schema{"type": "string"},
			}},
			"responses": Schema{
				"Error":        answer("A NeutronError; its message says what to do.", ref("NeutronError")),
				"Unauthorized": answer("No token, or one that does not count.", ref("Unauthorized")),
			},
			"securitySchemes": Schema{"token": Schema{"type": "apiKey", "in": "header", "name": "X-Auth-Token"}},
		},
	}
}

// describeDocuments describes what an API has beside its resources.
func (d *document) describeDocuments() {
	text := Schema{"type": "string"}
	d.schemas["NeutronError"] = wholeObject(Schema{
		"NeutronError": wholeObject(Schema{"type": text, "message": text, "detail": text}),
	})
	d.schemas["Unauthorized"] = wholeObject(Schema{
		"error": wholeObject(Schema{"code": Schema{"type": "integer"}, "title": text, "message": text}),
	})
	d.schemas["Link"] = wholeObject(Schema{"rel": text, "href": text})
	links := listOf(ref("Link"))
	d.schemas["Extension"] = wholeObject(Schema{"alias": text, "name": text, "description": text, "updated": text, "links": links})
	version := wholeObject(Schema{"id": text, "status": text, "links": links})
	resource := wholeObject(Schema{"name": text, "collection": text, "links": links})
	extension := wholeObject(Schema{"extension": ref("Extension")})
	resources := wholeObject(Schema{"resources": listOf(resource)})
	for path, body := range map[string]Schema{
		"/":                        wholeObject(Schema{"versions": listOf(version)}),
		"/v2.0":                    resources,
		"/v2.0/":                   resources,
		"/v2.0/extensions":         wholeObject(Schema{"extensions": listOf(ref("Extension"))}),
		"/v2.0/extensions/{alias}": extension,
		"/openapi.json":            {"type": "object"},
	} {
		op := operation("", Schema{"200": answer("The document.", body)})
		if strings.HasPrefix(path, guardedPath) {
			guardedOperation(op)
		}
		d.paths[path] = Schema{"get": op}
	}
	show, _ := d.paths["/v2.0/extensions/{alias}"].(Schema)
	show["parameters"] = []any{parameter("path", "alias", text)}
	get, _ := show["get"].(Schema)
	addErrors(get, http.StatusNotFound)
}
