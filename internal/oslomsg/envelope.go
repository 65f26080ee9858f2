package oslomsg

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// envelopeVersion is that of the envelope, the one that every release of
// OpenStack since 2013 sends.
const envelopeVersion = "2.0"

// envelope is the body of each message. The inner message is JSON as a string.
type envelope struct {
	Version *string `json:"oslo.version"`
	Message *string `json:"oslo.message"`
}

// contextPrefix marks the keys of the caller's context in the inner message.
const contextPrefix = "_context_"

// fields is an inner message, or a part of one, not looked into yet.
type fields map[string]json.RawMessage

// open takes the inner message out of a body.
func open(body []byte) (fields, error) {
	var e envelope
	if err := json.Unmarshal(body, &e); err != nil {
		return nil, fmt.Errorf("body: must be a JSON object: %w", err)
	}
	switch {
	case e.Version == nil:
		return nil, errors.New("oslo.version: is missing")
	case *e.Version != envelopeVersion:
		return nil, fmt.Errorf("oslo.version: %q: must be %s", clip(*e.Version), envelopeVersion)
	case e.Message == nil:
		return nil, errors.New("oslo.message: is missing")
	}
	var inner fields
	if err := json.Unmarshal([]byte(*e.Message), &inner); err != nil || inner == nil {
		return nil, fmt.Errorf("oslo.message: must be a JSON object as a string: %w", orNull(err))
	}
	return inner, nil
}

func orNull(err error) error {
	if err == nil {
		return errors.New("it is null")
	}
	return err
}

// wrap makes a body of an inner message.
func wrap(inner map[string]any) ([]byte, error) {
	text, err := encode(inner)
	if err != nil {
		return nil, err
	}
	version, message := envelopeVersion, string(text)
	return encode(envelope{&version, &message})
}

// text reads a field that is a string; one that is missing or null is "".
func (f fields) text(name string) (string, error) {
	if absent(f[name]) {
		return "", nil
	}
	var s string
	if err := json.Unmarshal(f[name], &s); err != nil {
		return "", fmt.Errorf("%s: must be a string", name)
	}
	return s, nil
}

// texts reads several such fields.
func (f fields) texts(into map[string]*string) error {
	for name, target := range into {
		s, err := f.text(name)
		if err != nil {
			return err
		}
		*target = s
	}
	return nil
}

// absent is for what is missing or null.
func absent(raw json.RawMessage) bool {
	return len(raw) == 0 || string(bytes.TrimSpace(raw)) == "null"
}

// encode is json.Marshal without the escapes for HTML.
func encode(v any) (json.RawMessage, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// clipMax is how much of a stranger's value an error or a log shows, in bytes.
const clipMax = 80

func clip(s string) string {
	if len(s) <= clipMax {
		return s
	}
	return strings.ToValidUTF8(s[:clipMax], "") + "…"
}
