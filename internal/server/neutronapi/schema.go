package neutronapi

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
)

// The parts that an OpenAPI document is made of.

// operation makes an Operation Object that may fail by itself, as all may.
func operation(about string, responses Schema) Schema {
	op := Schema{"responses": responses}
	if about != "" {
		op["summary"] = about
	}
	return addErrors(op, http.StatusInternalServerError)
}

// guardedOperation is one that needs a token, where the server asks for any.
func guardedOperation(op Schema) Schema {
	responses, _ := op["responses"].(Schema)
	responses[strconv.Itoa(http.StatusUnauthorized)] = Schema{"$ref": "#/components/responses/Unauthorized"}
	op["security"] = []any{Schema{}, Schema{"token": []string{}}}
	return addErrors(op, http.StatusServiceUnavailable)
}

func addErrors(op Schema, statuses ...int) Schema {
	responses, _ := op["responses"].(Schema)
	for _, s := range statuses {
		responses[strconv.Itoa(s)] = Schema{"$ref": "#/components/responses/Error"}
	}
	return op
}

func answer(about string, body Schema) Schema {
	return Schema{"description": about, "headers": requestID(), "content": jsonContent(body)}
}

func requestID() Schema {
	return Schema{"X-Openstack-Request-Id": Schema{"$ref": "#/components/headers/RequestID"}}
}

func ifMatch() Schema {
	p := parameter("header", "If-Match", Schema{"type": "string"})
	p["description"] = "revision_number=N: only where the object is at that revision; 412 otherwise."
	return p
}

func parameter(in, name string, s Schema) Schema {
	return Schema{"in": in, "name": name, "required": in == "path", "schema": s}
}

func mayBeEmpty(p Schema) Schema {
	p["allowEmptyValue"] = true
	return p
}

func jsonContent(s Schema) Schema { return Schema{"application/json": Schema{"schema": s}} }

func ref(name string) Schema { return Schema{"$ref": fmt.Sprintf("#/components/schemas/%s", name)} }

func listOf(s Schema) Schema { return Schema{"type": "array", "items": s} }

func orNull(s Schema) Schema { return Schema{"anyOf": []any{s, Schema{"type": "null"}}} }

// wholeObject is an object that has all of the properties and no other.
func wholeObject(properties Schema) Schema {
	return objectSchema(properties, slices.Sorted(maps.Keys(properties)))
}

// objectSchema is an object that has no other properties.
func objectSchema(properties Schema, required []string) Schema {
	s := Schema{"type": "object", "properties": properties, "additionalProperties": false}
	if len(required) > 0 {
		s["required"] = required
	}
	return s
}
