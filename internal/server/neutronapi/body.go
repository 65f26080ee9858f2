package neutronapi

import (
	"errors"
	"io"
	"maps"
	"mime"
	"net/http"
	"slices"
	"strings"
)

// readBody reads the body of a POST or PUT. The server has bounded it already.
func readBody(r *http.Request) ([]byte, error) {
	if err := checkContentType(r.Header); err != nil {
		return nil, err
	}
	body, err := io.ReadAll(r.Body)
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return nil, Errorf(http.StatusRequestEntityTooLarge,
			"The body is larger than %d bytes, the most that this server takes.", tooLarge.Limit)
	}
	if err != nil {
		return nil, Errorf(http.StatusBadRequest, "The body could not be read whole: %s.", err)
	}
	return body, nil
}

// checkContentType lets JSON in UTF-8 pass, and bodies that do not say what
// they are, which some clients send.
func checkContentType(h http.Header) error {
	if coding := h.Get("Content-Encoding"); coding != "" && !strings.EqualFold(coding, "identity") {
		return Errorf(http.StatusUnsupportedMediaType, "Content-Encoding %s is not supported; send the body plain.", brief(coding))
	}
	given := h.Get("Content-Type")
	if given == "" {
		return nil
	}
	kind, params, err := mime.ParseMediaType(given)
	if err != nil || kind != "application/json" {
		return Errorf(http.StatusUnsupportedMediaType, "Content-Type %s is not supported; use application/json.", brief(given))
	}
	if charset := params["charset"]; charset != "" && !strings.EqualFold(charset, "utf-8") {
		return Errorf(http.StatusUnsupportedMediaType, "Charset %s is not supported; use utf-8.", brief(charset))
	}
	return nil
}

// refuseBody is for methods without a body, as Neutron does for DELETE.
func refuseBody(r *http.Request) error {
	var one [1]byte
	if n, _ := io.ReadFull(r.Body, one[:]); n > 0 {
		return Errorf(http.StatusBadRequest, "A body is not allowed in %s.", r.Method)
	}
	return nil
}

// Envelope is a pair of names around objects in a body: the singular one
// around one object, the plural one around a list.
type Envelope struct {
	Singular, Plural string
}

// open takes one object out of a body that has been decoded. The first
// envelope is the one that messages name.
func open(body any, envelopes []Envelope) (map[string]any, error) {
	wanted := brief(envelopes[0].Singular)
	outer, ok := body.(map[string]any)
	if !ok || len(outer) != 1 {
		return nil, Errorf(http.StatusBadRequest, "The body has to be an object with %s as its only member.", wanted)
	}
	name := slices.Collect(maps.Keys(outer))[0]
	if slices.ContainsFunc(envelopes, func(e Envelope) bool { return e.Plural == name }) {
		return nil, Errorf(http.StatusBadRequest, "Bulk create (%s) is not supported; send one object in %s.", brief(name), wanted)
	}
	if !slices.ContainsFunc(envelopes, func(e Envelope) bool { return e.Singular == name }) {
		return nil, Errorf(http.StatusBadRequest, "Unable to find %s in the body; it has %s.", wanted, brief(name))
	}
	members, ok := outer[name].(map[string]any)
	if !ok {
		return nil, Errorf(http.StatusBadRequest, "%s has to be an object, not %s.", brief(name), brief(outer[name]))
	}
	return members, nil
}
