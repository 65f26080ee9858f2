package neutronapi

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Schema is a JSON Schema (2020-12), for the OpenAPI document.
type Schema map[string]any

// Type is what an attribute may hold.
type Type struct {
	// Convert checks a value as decoded from JSON (string, json.Number, bool,
	// []any, map[string]any; never nil) and makes of it what the resource works
	// with; nil means unset, as null does. What it refuses is an InputError, best
	// made by Refuse. nil: any text, which no body may hold.
	//
	// Queries are converted too: the text of a filter is given as a string.
	Convert func(v any) (any, error)
	Takes   Schema // of what Convert takes; nil: a string
	Shows   Schema // of what is shown; nil: as Takes
	// Composite values are lists and objects. Nothing can be sorted by them, nor
	// filtered, unless Attribute.Filter says by what.
	Composite bool
}

func (t Type) takes() Schema {
	if t.Takes == nil {
		return Schema{"type": "string"}
	}
	return t.Takes
}

func (t Type) shows() Schema {
	if t.Shows == nil {
		return t.takes()
	}
	return t.Shows
}

// filter makes the value that a filter's text means; nil is the empty value of
// the type.
func (t Type) filter(text string) (any, error) {
	if text == "" || t.Convert == nil {
		return filled(text), nil
	}
	v, err := t.Convert(text)
	if err != nil && text == "null" {
		return nil, nil
	}
	if s, ok := v.(string); ok {
		return filled(s), err
	}
	return v, err
}

func filled(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// Text is a string of at most so many characters (not bytes), without NUL, which
// some databases cannot hold.
func Text(most int) Type {
	return Type{
		Takes:   Schema{"type": "string", "maxLength": most},
		Convert: func(v any) (any, error) { return text(v, most) },
	}
}

// Named is Text that is more than white space.
func Named(most int) Type {
	return Type{
		Takes: Schema{"type": "string", "minLength": 1, "maxLength": most},
		Convert: func(v any) (any, error) {
			s, err := text(v, most)
			if err == nil && strings.TrimSpace(s) == "" {
				return nil, Refuse(v, "a name: it is empty")
			}
			return s, err
		},
	}
}

func text(v any, most int) (string, error) {
	s, ok := v.(string)
	switch {
	case !ok:
		return "", Refuse(v, "a string")
	case strings.ContainsRune(s, 0):
		return "", Refuse(v, "a string without NUL characters")
	case utf8.RuneCountInString(s) > most:
		return "", Refuse(v, fmt.Sprintf("a string of at most %d characters", most))
	}
	return s, nil
}

// Reference is the id of another object, any string at all: what is no id of
// anything is not found, rather than invalid.
func Reference() Type {
	return Type{Convert: func(v any) (any, error) {
		if s, ok := v.(string); ok {
			return s, nil
		}
		return nil, Refuse(v, "a string with the id of an object")
	}}
}

// Bool is true or false, also as the words "true" and "false" in any case.
func Bool() Type {
	words := Schema{"type": "string", "pattern": "^([Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee])$"}
	return Type{
		Takes: Schema{"anyOf": []any{Schema{"type": "boolean"}, words}},
		Shows: Schema{"type": "boolean"},
		Convert: func(v any) (any, error) {
			switch b := v.(type) {
			case bool:
				return b, nil
			case string:
				switch strings.ToLower(b) {
				case "true":
					return true, nil
				case "false":
					return false, nil
				}
			}
			return nil, Refuse(v, "a boolean (true or false)")
		},
	}
}

// Word is one of a few strings.
func Word(words ...string) Type {
	return Type{
		Takes: Schema{"type": "string", "enum": words},
		Convert: func(v any) (any, error) {
			if s, ok := v.(string); ok && slices.Contains(words, s) {
				return s, nil
			}
			return nil, Refuse(v, "one of "+strings.Join(words, ", "))
		},
	}
}

// Integer is a whole number from low to high, also as a string of decimal
// digits. what names it in messages: "a VLAN id". The value is a uint32.
func Integer(what string, low, high uint32) Type {
	rule := fmt.Sprintf("%s (an integer, %d–%d)", what, low, high)
	number := Schema{"type": "integer", "minimum": low, "maximum": high}
	return Type{
		Takes: Schema{"anyOf": []any{number, Schema{"type": "string", "pattern": "^[0-9]+$"}}},
		Shows: number,
		Convert: func(v any) (any, error) {
			digits, ok := v.(string)
			if number, isNumber := v.(json.Number); isNumber {
				digits, ok = number.String(), true
			}
			n, err := strconv.ParseUint(digits, 10, 32)
			if !ok || err != nil || uint32(n) < low || uint32(n) > high {
				return nil, Refuse(v, rule)
			}
			return uint32(n), nil
		},
	}
}
