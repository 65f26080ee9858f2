package neutron

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/gophercloud/gophercloud/v2"
)

// raw is JSON that is read later; "" reads as nothing.
type raw json.RawMessage

// UnmarshalJSON implements json.Unmarshaler.
func (r *raw) UnmarshalJSON(text []byte) error {
	*r = append((*r)[:0], text...)
	return nil
}

func (r raw) into(v any) error {
	if len(r) == 0 {
		return nil
	}
	return json.Unmarshal(r, v)
}

// sentence fits the text of an error into one of ours: without the full stop.
func sentence(text string) string { return strings.TrimRight(strings.TrimSpace(text), ".") }

// refusedError is an answer of Neutron that is no success, in its own words.
type refusedError struct {
	gophercloud.ErrUnexpectedResponseCode
	message string
}

func (e *refusedError) Error() string {
	return fmt.Sprintf("Neutron answers %d %s: %s", e.Actual, http.StatusText(e.Actual), e.message)
}

func (e *refusedError) Unwrap() error { return e.ErrUnexpectedResponseCode }

// plain has an error say what Neutron says.
func plain(err error) error {
	bad, ok := errors.AsType[gophercloud.ErrUnexpectedResponseCode](err)
	if !ok {
		return err
	}
	var body struct{ NeutronError struct{ Message string } }
	if json.Unmarshal(bad.Body, &body) != nil || body.NeutronError.Message == "" {
		body.NeutronError.Message = "without a reason"
	}
	return &refusedError{bad, body.NeutronError.Message}
}
