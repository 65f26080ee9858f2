package neutronapi

import (
	"net/http"
	"slices"
	"strings"
)

// Extension is what /v2.0/extensions says of one extension.
type Extension struct {
	Alias       string `json:"alias"`
	Name        string `json:"name"`
	Description string `json:"description"`
	Updated     string `json:"updated"` // ISO 8601: "2016-01-01T00:00:00-00:00"
}

// extensionDocument is an Extension as Neutron writes it.
type extensionDocument struct {
	Extension
	Links []link `json:"links"`
}

type link struct {
	Rel  string `json:"rel"`
	Href string `json:"href"`
}

func extensionRoutes(all []Extension) []route {
	documents := make([]extensionDocument, 0, len(all))
	for _, e := range all {
		documents = append(documents, extensionDocument{e, []link{}})
	}
	list := func(*http.Request) (reply, error) {
		return reply{http.StatusOK, record{{"extensions", documents}}}, nil
	}
	show := func(r *http.Request) (reply, error) {
		alias := r.PathValue("alias")
		i := slices.IndexFunc(documents, func(e extensionDocument) bool { return e.Alias == alias })
		if i < 0 {
			return reply{}, Errorf(http.StatusNotFound, "Extension with alias %s does not exist.", brief(alias))
		}
		return reply{http.StatusOK, record{{"extension", documents[i]}}}, nil
	}
	return []route{
		{pattern: "/v2.0/extensions", actions: actions{http.MethodGet: list}},
		{pattern: "/v2.0/extensions/{alias}", actions: actions{http.MethodGet: show}},
	}
}

// versionRoutes are the documents by which clients find an API: the versions
// of a server, and the resources of a version.
func versionRoutes(kinds []Kind) []route {
	versions := func(r *http.Request) (reply, error) {
		return reply{http.StatusOK, record{{"versions", []record{{
			{"id", "v2.0"},
			{"status", "CURRENT"},
			{"links", []link{{"self", base(r) + "/v2.0/"}}},
		}}}}}, nil
	}
	resources := func(r *http.Request) (reply, error) {
		out := make([]record, 0, len(kinds))
		for _, k := range kinds {
			out = append(out, record{
				{"name", k.envelope().Singular},
				{"collection", k.envelope().Plural},
				{"links", []link{{"self", base(r) + "/v2.0/" + k.path()}}},
			})
		}
		return reply{http.StatusOK, record{{"resources", out}}}, nil
	}
	return []route{
		{pattern: "/{$}", actions: actions{http.MethodGet: versions}},
		{pattern: "/v2.0", actions: actions{http.MethodGet: resources}},
		{pattern: "/v2.0/{$}", actions: actions{http.MethodGet: resources}},
	}
}

// base is the address of the server as the client wrote it.
func base(r *http.Request) string {
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	return strings.TrimSuffix(scheme+"://"+r.Host, "/")
}
