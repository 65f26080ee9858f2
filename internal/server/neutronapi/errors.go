package neutronapi

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"
)

// Error is an answer that Neutron writes as a NeutronError.
type Error struct {
	Status  int    // of HTTP, 400–599
	Type    string // the exception's name in Neutron; "": named after Status
	Message string // a sentence for the user
	// Challenge says of a 401 how to get a token: the header WWW-Authenticate.
	Challenge string
}

func (e *Error) Error() string { return e.Message }

// Errorf makes an Error whose type is named after the status.
func Errorf(status int, format string, args ...any) *Error {
	return &Error{Status: status, Message: fmt.Sprintf(format, args...)}
}

// InputError is a value in a body or a query that breaks the rule of its
// attribute. It is answered with 400.
type InputError struct {
	Path   string // where: "devices[0].interfaces[2].name"
	Reason string // the value and the rule that it breaks
}

func (e *InputError) Error() string {
	return fmt.Sprintf("Invalid input for %s. Reason: %s.", e.Path, e.Reason)
}

// Refuse makes an InputError that says that a value is not what the rule asks
// for: Refuse(4095, "a VLAN id (0–4094)"). Whoever knows where the value stands
// adds the path.
func Refuse(value any, rule string) error {
	return &InputError{Reason: fmt.Sprintf("%s is not %s", brief(value), rule)}
}

// within puts a step in front of the path of an InputError and leaves other
// errors, and nil, as they are.
func within(step string, err error) error {
	in, ok := errors.AsType[*InputError](err)
	if !ok {
		return err
	}
	path := step
	switch {
	case in.Path == "":
	case strings.HasPrefix(in.Path, "["):
		path += in.Path
	default:
		path += "." + in.Path
	}
	return &InputError{Path: path, Reason: in.Reason}
}

// maxMessage bounds messages, in characters: they repeat what users sent.
const maxMessage = 1000

// body is the JSON of an Error. In Neutron those without a token do not come as
// far as to Neutron's own errors: Keystone's middleware answers them.
func (e *Error) body() any {
	if e.Status == http.StatusUnauthorized {
		return record{{"error", record{
			{"code", e.Status}, {"title", http.StatusText(e.Status)}, {"message", shorten(e.Message, maxMessage)},
		}}}
	}
	type neutronError struct {
		Type    string `json:"type"`
		Message string `json:"message"`
		Detail  string `json:"detail"`
	}
	kind := e.Type
	if kind == "" {
		kind = typeOf(e.Status)
	}
	return record{{"NeutronError", neutronError{Type: kind, Message: shorten(e.Message, maxMessage)}}}
}

// typeOf names a status as webob does, whose names Neutron shows for errors of
// HTTP itself.
func typeOf(status int) string {
	switch status {
	case http.StatusRequestEntityTooLarge:
		return "HTTPRequestEntityTooLarge"
	case http.StatusInternalServerError:
		return "HTTPInternalServerError"
	}
	return "HTTP" + strings.ReplaceAll(http.StatusText(status), " ", "")
}

// shorten cuts text to so many characters.
func shorten(text string, most int) string {
	if utf8.RuneCountInString(text) <= most {
		return text
	}
	return string([]rune(text)[:most]) + "…"
}
