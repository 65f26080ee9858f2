package neutronapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
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
	if refused, ok := errors.AsType[*Error](err); ok { // by whoever guards the server
		return nil, refused
	}
	if most, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return nil, tooLarge(most.Limit)
	}
	if err != nil {
		return nil, Errorf(http.StatusBadRequest, "The body could not be read whole: %s.", err)
	}
	return body, nil
}

func tooLarge(most int64) error {
	return Errorf(http.StatusRequestEntityTooLarge, "The body is larger than %d bytes, the most that this server takes.", most)
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

// contents reads the objects in a body one after the other, so that a long
// list is never there whole. many tells whether they were in a list. The first
// envelope is the one that messages name.
func contents(body []byte, envelopes []Envelope, each func(members map[string]any) error) (many bool, err error) {
	dec, err := newDecoder(body)
	if err != nil {
		return false, err
	}
	wanted := brief(envelopes[0].Singular)
	alone := Errorf(http.StatusBadRequest, "The body has to be an object with %s as its only member.", wanted)
	name, ok := enter(dec)
	if !ok {
		return false, alone
	}
	many = slices.ContainsFunc(envelopes, func(e Envelope) bool { return e.Plural == name })
	single := slices.ContainsFunc(envelopes, func(e Envelope) bool { return e.Singular == name })
	switch {
	case many:
		err = objects(dec, name, each)
	case single:
		err = one(dec, 1, brief(name), each)
	default:
		_, err = value(dec, 1)
	}
	switch {
	case err != nil:
		return many, err
	case dec.More():
		return many, alone
	case !many && !single:
		return many, Errorf(http.StatusBadRequest, "Unable to find %s in the body; it has %s.", wanted, brief(name))
	}
	return many, nil
}

// enter reads the beginning of an object up to the name of its first member.
func enter(dec *json.Decoder) (name string, ok bool) {
	if token, err := dec.Token(); err != nil || token != json.Delim('{') || !dec.More() {
		return "", false
	}
	token, err := dec.Token()
	name, ok = token.(string)
	return name, ok && err == nil
}

func objects(dec *json.Decoder, name string, each func(map[string]any) error) error {
	if token, err := dec.Token(); err != nil || token != json.Delim('[') {
		return Errorf(http.StatusBadRequest, "%s has to be a list.", brief(name))
	}
	n := 0
	for ; dec.More(); n++ {
		if err := element(name, n, one(dec, 2, "an element", each)); err != nil {
			return err
		}
	}
	if n == 0 {
		return Errorf(http.StatusBadRequest, "%s is empty: there is nothing to create.", brief(name))
	}
	return closing(dec)
}

func one(dec *json.Decoder, depth int, name string, each func(map[string]any) error) error {
	v, err := value(dec, depth)
	if err != nil {
		return err
	}
	members, ok := v.(map[string]any)
	if !ok {
		return Errorf(http.StatusBadRequest, "%s has to be an object, not %s.", name, brief(v))
	}
	return each(members)
}

// element says of an error in which object of a list it is.
func element(list string, n int, err error) error {
	at := fmt.Sprintf("%s[%d]", list, n)
	if bad, ok := errors.AsType[*Error](err); ok {
		return &Error{Status: bad.Status, Type: bad.Type, Message: at + ": " + bad.Message}
	}
	return within(at, err)
}
