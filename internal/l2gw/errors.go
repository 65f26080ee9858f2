package l2gw

import (
	"errors"
	"fmt"
)

// Code sorts errors by what the caller can do about them.
type Code int

// The codes, with the HTTP status that the API gives them.
const (
	Internal    Code = iota // 500: a fault of ours
	Invalid                 // 400: the request breaks a rule by itself
	NotFound                // 404: something named does not exist
	Conflict                // 409: the request does not fit what exists
	Stale                   // 412: the object is at another revision than asked for
	Unavailable             // 503: something needed is out of reach; try again
)

// Error is a broken rule. Kind is the type that Neutron's API would name
// ("L2GatewayInUse"), Message a sentence for the user.
type Error struct {
	Code    Code
	Kind    string
	Message string
}

func (e *Error) Error() string { return e.Message }

// Errorf makes an Error with a formatted message.
func Errorf(code Code, kind, format string, args ...any) *Error {
	return &Error{Code: code, Kind: kind, Message: fmt.Sprintf(format, args...)}
}

// CodeOf gives the code of the first Error in err's chain, Internal where
// there is none.
func CodeOf(err error) Code {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return Internal
}
