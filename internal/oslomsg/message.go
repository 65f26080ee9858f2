package oslomsg

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Context is the caller's context: what the keys with the prefix "_context_"
// carry, by their names without it.
type Context map[string]any

// AdminContext is a context that OpenStack's services take for one of their
// own, with a new request id.
func AdminContext() Context {
	return Context{
		"is_admin":   true,
		"request_id": "req-" + uuid.NewString(),
		"timestamp":  time.Now().UTC().Format("2006-01-02 15:04:05.000000"),
	}
}

// call is the inner message of a call, a cast or a fanout.
type call struct {
	method, namespace, version string
	args                       json.RawMessage // an object
	context                    Context
	uniqueID                   string
	// Of calls alone: the reply's id and queue.
	msgID, replyQueue string
	// monitor is how often at least the caller of a long call wants to hear that
	// it is still worked on; 0 is never.
	monitor time.Duration
}

// uniqueIDMax bounds what is remembered of a message; OpenStack sends 32
// characters.
const uniqueIDMax = 255

func (c call) encode() ([]byte, error) {
	inner := map[string]any{"method": c.method, "args": c.args, "_unique_id": c.uniqueID}
	if c.namespace != "" {
		inner["namespace"] = c.namespace
	}
	if c.version != "" {
		inner["version"] = c.version
	}
	if c.msgID != "" {
		inner["_msg_id"], inner["_reply_q"], inner["_timeout"] = c.msgID, c.replyQueue, nil
		if c.monitor > 0 {
			inner["_timeout"] = c.monitor.Seconds()
		}
	}
	for key, value := range c.context {
		inner[contextPrefix+key] = value
	}
	return wrap(inner)
}

func decodeCall(body []byte) (call, error) {
	inner, err := open(body)
	if err != nil {
		return call{}, err
	}
	var c call
	err = inner.texts(map[string]*string{
		"method": &c.method, "namespace": &c.namespace, "version": &c.version, "_unique_id": &c.uniqueID,
		"_msg_id": &c.msgID, "_reply_q": &c.replyQueue,
	})
	switch {
	case err != nil:
		return call{}, err
	case c.method == "":
		return call{}, errors.New("method: is missing")
	case len(c.uniqueID) > uniqueIDMax:
		return call{}, fmt.Errorf("_unique_id: must have at most %d bytes, has %d", uniqueIDMax, len(c.uniqueID))
	case (c.msgID == "") != (c.replyQueue == ""):
		return call{}, errors.New("_msg_id, _reply_q: must be there together")
	}
	if c.args, err = object(inner["args"]); err != nil {
		return call{}, fmt.Errorf("args: %w", err)
	}
	c.context = inner.context()
	c.monitor = inner.monitor()
	return c, nil
}

// object gives a JSON object, {} for what is absent.
func object(raw json.RawMessage) (json.RawMessage, error) {
	if absent(raw) {
		return json.RawMessage("{}"), nil
	}
	var probe fields
	if err := json.Unmarshal(raw, &probe); err != nil {
		return nil, errors.New("must be an object")
	}
	return raw, nil
}

func (f fields) context() Context {
	c := Context{}
	for key, raw := range f {
		if name, ok := strings.CutPrefix(key, contextPrefix); ok {
			var value any
			_ = json.Unmarshal(raw, &value) // it was valid as part of the message
			c[name] = value
		}
	}
	return c
}

// monitor reads _timeout, whole seconds. As with OpenStack's servers, one that
// is no such number asks for nothing.
func (f fields) monitor() time.Duration {
	var seconds float64
	if json.Unmarshal(f["_timeout"], &seconds) != nil || !(seconds >= 1 && seconds <= math.MaxInt32) {
		return 0
	}
	return time.Duration(seconds) * time.Second
}

// reply is the inner message of a reply, or of a sign of life before it.
type reply struct {
	msgID, uniqueID string
	result          json.RawMessage // null for none
	failure         *RemoteError
	ending          bool // false: more will come
}

func (r reply) encode() ([]byte, error) {
	inner := map[string]any{
		"result": r.result, "failure": nil, "ending": r.ending, "_msg_id": r.msgID, "_unique_id": r.uniqueID,
	}
	if absent(r.result) {
		inner["result"] = nil
	}
	if r.failure != nil {
		text, err := encodeFailure(r.failure)
		if err != nil {
			return nil, err
		}
		inner["failure"] = text
	}
	return wrap(inner)
}

func decodeReply(body []byte) (reply, error) {
	inner, err := open(body)
	if err != nil {
		return reply{}, err
	}
	r := reply{result: inner["result"]}
	if err := inner.texts(map[string]*string{"_msg_id": &r.msgID, "_unique_id": &r.uniqueID}); err != nil {
		return reply{}, err
	}
	if r.msgID == "" {
		return reply{}, errors.New("_msg_id: is missing")
	}
	if !absent(inner["ending"]) {
		if err := json.Unmarshal(inner["ending"], &r.ending); err != nil {
			return reply{}, errors.New("ending: must be true or false")
		}
	}
	if r.failure, err = decodeFailure(inner["failure"]); err != nil {
		return reply{}, err
	}
	return r, nil
}

// newID is an id as oslo.messaging makes them: a UUID without dashes.
func newID() string { return strings.ReplaceAll(uuid.NewString(), "-", "") }
