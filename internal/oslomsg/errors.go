package oslomsg

import (
	"encoding/json"
	"errors"
	"fmt"
)

// What a Client's methods fail with; errors.Is tells them apart.
var (
	// ErrTimeout: no reply came in time. The method may have been carried out.
	ErrTimeout = errors.New("no reply in time")
	// ErrUnavailable: there was no connection to RabbitMQ, or it was lost before
	// RabbitMQ confirmed the message. The message may have arrived.
	ErrUnavailable = errors.New("RabbitMQ is not available")
	// ErrUnroutable: nobody has the queue that the message is for.
	ErrUnroutable = errors.New("nobody has a queue for it")
	// ErrRefused: RabbitMQ does not want the message; trying again will not help.
	ErrRefused = errors.New("refused by RabbitMQ")
	// ErrBusy: as many calls as Config.MaxCalls are waiting for replies.
	ErrBusy = errors.New("too many calls are waiting for replies")
)

// RemoteError is the failure of a method: what a Call returns when the server
// says so, and what a Handler may return to name the exception that the caller
// sees. Python's callers turn those of module "builtins" into the exception
// itself.
type RemoteError struct {
	Class   string // of the exception: "AgentNotFound"
	Module  string // where Python has the class: "neutron_lib.exceptions.agent"
	Message string
	Trace   []string // lines of the server's traceback
}

// Error implements error; it leaves the traceback out.
func (e *RemoteError) Error() string {
	return fmt.Sprintf("%s.%s: %s", e.Module, e.Class, e.Message)
}

// asRemote gives the failure that the caller sees for a handler's error.
func asRemote(err error) *RemoteError {
	var remote *RemoteError
	if errors.As(err, &remote) {
		return remote
	}
	return &RemoteError{Class: "RuntimeError", Module: "builtins", Message: err.Error()}
}

// failure is a RemoteError on the wire.
type failure struct {
	Class   string          `json:"class"`
	Module  string          `json:"module"`
	Message string          `json:"message"`
	Trace   json.RawMessage `json:"tb"`
	// The arguments of the exception's constructor.
	Args   []any          `json:"args"`
	KwArgs map[string]any `json:"kwargs"`
}

// encodeFailure gives a failure as servers send it: a JSON object as a string.
func encodeFailure(e *RemoteError) (json.RawMessage, error) {
	trace, err := encode(append([]string{}, e.Trace...))
	if err != nil {
		return nil, err
	}
	object, err := encode(failure{e.Class, e.Module, e.Message, trace, []any{e.Message}, map[string]any{}})
	if err != nil {
		return nil, err
	}
	return encode(string(object))
}

// decodeFailure reads a failure, as a string or as the object itself; nil is
// none.
func decodeFailure(raw json.RawMessage) (*RemoteError, error) {
	var text string
	if err := json.Unmarshal(raw, &text); err == nil {
		raw = json.RawMessage(text)
	}
	if absent(raw) || len(raw) == 0 {
		return nil, nil
	}
	var f struct{ Class, Module, Message, Tb json.RawMessage }
	if err := json.Unmarshal(raw, &f); err != nil {
		return nil, fmt.Errorf("failure: must be an object with class, module and message: %w", err)
	}
	e := &RemoteError{Class: lenient(f.Class), Module: lenient(f.Module), Message: lenient(f.Message)}
	// A traceback of another shape is no reason to lose the failure.
	if json.Unmarshal(f.Tb, &e.Trace) != nil || len(e.Trace) == 0 {
		e.Trace = nil
	}
	return e, nil
}

// lenient gives a string, or the JSON of what is none.
func lenient(raw json.RawMessage) string {
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		return string(raw)
	}
	return text
}
