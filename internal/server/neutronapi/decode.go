package neutronapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"unicode/utf8"
)

// maxDepth bounds the nesting of a body. The deepest resource nests 7 levels.
const maxDepth = 32

// newDecoder gives a decoder of a body that is exactly one JSON value. Unlike
// encoding/json it refuses invalid UTF-8 and half surrogate pairs, and value
// names used twice in one object and deep nesting, since all of these would be
// changed or dropped silently.
func newDecoder(body []byte) (*json.Decoder, error) {
	if len(bytes.TrimSpace(body)) == 0 {
		return nil, Errorf(http.StatusBadRequest, "Resource body required: the body is empty.")
	}
	if !utf8.Valid(body) {
		return nil, Errorf(http.StatusBadRequest, "The body is not valid UTF-8.")
	}
	if err := syntax(body); err != nil {
		return nil, err
	}
	if at := halfSurrogate(body); at >= 0 {
		return nil, Errorf(http.StatusBadRequest, "The body has half a surrogate pair (\\uD800–\\uDFFF) at byte %d.", at)
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	return dec, nil
}

// syntax checks that the body is exactly one JSON value.
func syntax(body []byte) error {
	if json.Valid(body) {
		return nil
	}
	var raw json.RawMessage
	err := json.Unmarshal(body, &raw)
	if bad, ok := errors.AsType[*json.SyntaxError](err); ok {
		return Errorf(http.StatusBadRequest, "The body is not JSON: %s (byte %d).", bad, bad.Offset)
	}
	return Errorf(http.StatusBadRequest, "The body is not JSON: %v.", err)
}

// halfSurrogate finds an escape that is half a surrogate pair in valid JSON;
// -1 where there is none.
func halfSurrogate(body []byte) int {
	for i := 0; i < len(body); i++ {
		if body[i] != '\\' {
			continue
		}
		i++ // the escaped byte; a valid document has one
		r := escapedRune(body[i-1:])
		switch r >> 10 {
		case 0xd800 >> 10:
			if escapedRune(body[i+5:])>>10 != 0xdc00>>10 {
				return i - 1
			}
			i += 10
		case 0xdc00 >> 10:
			return i - 1
		}
	}
	return -1
}

// escapedRune reads \uXXXX at the start of b; 0 where there is something else.
func escapedRune(b []byte) uint64 {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return 0
	}
	r, err := strconv.ParseUint(string(b[2:6]), 16, 16)
	if err != nil {
		return 0
	}
	return r
}

// value reads one value: string, json.Number, bool, nil, []any or
// map[string]any. It stands inside of so many others.
func value(dec *json.Decoder, depth int) (any, error) {
	token, err := dec.Token()
	if err != nil {
		return nil, Errorf(http.StatusBadRequest, "The body is not JSON: %s.", unexpected(err))
	}
	delim, ok := token.(json.Delim)
	if !ok {
		return token, nil
	}
	if depth == maxDepth {
		return nil, Errorf(http.StatusBadRequest, "The body nests deeper than %d levels.", maxDepth)
	}
	if delim == '[' {
		return list(dec, depth)
	}
	return object(dec, depth)
}

func list(dec *json.Decoder, depth int) (any, error) {
	items := []any{}
	for dec.More() {
		v, err := value(dec, depth+1)
		if err != nil {
			return nil, err
		}
		items = append(items, v)
	}
	return items, closing(dec)
}

func object(dec *json.Decoder, depth int) (any, error) {
	members := map[string]any{}
	for dec.More() {
		token, err := dec.Token()
		if err != nil {
			return nil, Errorf(http.StatusBadRequest, "The body is not JSON: %s.", unexpected(err))
		}
		name := fmt.Sprint(token)
		if _, twice := members[name]; twice {
			return nil, Errorf(http.StatusBadRequest, "The body names %s twice in one object.", brief(name))
		}
		if members[name], err = value(dec, depth+1); err != nil {
			return nil, err
		}
	}
	return members, closing(dec)
}

func closing(dec *json.Decoder) error {
	if _, err := dec.Token(); err != nil {
		return Errorf(http.StatusBadRequest, "The body is not JSON: %s.", unexpected(err))
	}
	return nil
}

func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// brief writes a value as JSON for a message, cut to a length that a message
// can bear.
func brief(v any) string {
	const most = 80
	text, err := compact(v)
	if err != nil {
		return "the value"
	}
	return shorten(string(text), most)
}
