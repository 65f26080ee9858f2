package oslomsg

import (
	"encoding/json"
	"errors"
	"maps"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// inner makes a body of an inner message's text.
func inner(text string) []byte {
	b, err := encode(map[string]string{"oslo.version": "2.0", "oslo.message": text})
	if err != nil {
		panic(err)
	}
	return b
}

var anyContext = rapid.MapOfN(rapid.StringMatching(`[a-z_]{1,9}`), rapid.OneOf(
	rapid.Just[any](nil), rapid.Bool().AsAny(), rapid.String().AsAny(), rapid.Float64Range(-1e9, 1e9).AsAny(),
), 0, 5)

func anyJSON(t *rapid.T, label string) json.RawMessage {
	b, err := encode(rapid.OneOf(rapid.Just[any](nil), anyContext.AsAny(), rapid.SliceOf(rapid.String()).AsAny()).Draw(t, label))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Whatever is sent arrives.
func TestCallsThereAndBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		args, err := encode(anyContext.Draw(t, "args"))
		if err != nil {
			t.Fatal(err)
		}
		c := call{
			method: rapid.StringN(1, 20, -1).Draw(t, "method"), namespace: rapid.String().Draw(t, "namespace"),
			version: rapid.String().Draw(t, "version"), args: args, context: Context(anyContext.Draw(t, "context")),
			uniqueID: rapid.StringN(0, 32, uniqueIDMax).Draw(t, "unique id"),
		}
		if rapid.Bool().Draw(t, "is a call") {
			c.msgID, c.replyQueue = newID(), newID()
			c.monitor = time.Duration(rapid.IntRange(0, 100).Draw(t, "monitor")) * time.Second
		}
		body, err := c.encode()
		if err != nil {
			t.Fatal(err)
		}
		got, err := decodeCall(body)
		if err != nil || !reflect.DeepEqual(got, c) {
			t.Fatalf("got %+v, want %+v: %v", got, c, err)
		}
	})
}

func TestRepliesThereAndBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := reply{
			msgID: rapid.StringN(1, 32, -1).Draw(t, "id"), uniqueID: rapid.String().Draw(t, "unique id"),
			result: anyJSON(t, "result"), ending: rapid.Bool().Draw(t, "ending"),
		}
		if rapid.Bool().Draw(t, "failed") {
			r.failure = &RemoteError{
				Class: rapid.String().Draw(t, "class"), Module: rapid.String().Draw(t, "module"),
				Message: rapid.String().Draw(t, "message"),
			}
			r.failure.Trace = append(r.failure.Trace, rapid.SliceOf(rapid.String()).Draw(t, "trace")...)
		}
		body, err := r.encode()
		if err != nil {
			t.Fatal(err)
		}
		got, err := decodeReply(body)
		if err != nil || !reflect.DeepEqual(got, r) {
			t.Fatalf("got %+v, want %+v: %v", got, r, err)
		}
	})
}

func TestBadMessages(t *testing.T) {
	for body, want := range map[string]string{
		``:                       "body: must be a JSON object",
		`[1]`:                    "body: must be a JSON object",
		`{}`:                     "oslo.version: is missing",
		`{"oslo.version":"2.0"}`: "oslo.message: is missing",
		`{"oslo.version":"3.0","oslo.message":"{}"}`:                                    `oslo.version: "3.0": must be 2.0`,
		`{"oslo.version":"2.0","oslo.message":"null"}`:                                  "oslo.message: must be a JSON object as a string: it is null",
		`{"oslo.version":"2.0","oslo.message":"{"}`:                                     "oslo.message: must be a JSON object as a string",
		`{"oslo.version":"2.0","oslo.message":{"method":"m"}}`:                          "body: must be a JSON object",
		string(inner(`{}`)):                                                             "method: is missing",
		string(inner(`{"method":7}`)):                                                   "method: must be a string",
		string(inner(`{"method":"m","args":[1]}`)):                                      "args: must be an object",
		string(inner(`{"method":"m","_msg_id":"1"}`)):                                   "_msg_id, _reply_q: must be there together",
		string(inner(`{"method":"m","_unique_id":"` + strings.Repeat("x", 256) + `"}`)): "_unique_id: must have at most 255 bytes, has 256",
	} {
		if _, err := decodeCall([]byte(body)); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: error %v, want %s", clip(body), err, want)
		}
	}
	for body, want := range map[string]string{
		`{"result":1}`:                         "_msg_id: is missing",
		`{"_msg_id":"1","ending":"yes"}`:       "ending: must be true or false",
		`{"_msg_id":"1","failure":"not JSON"}`: "failure: must be an object",
		`{"_msg_id":"1","failure":17}`:         "failure: must be an object",
	} {
		if _, err := decodeReply(inner(body)); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: error %v, want %s", body, err, want)
		}
	}
}

// What older and other services send is understood too.
func TestLenience(t *testing.T) {
	c, err := decodeCall(inner(`{"method":"m","args":null,"version":null,"_timeout":"soon","more":1}`))
	if err != nil || string(c.args) != "{}" || c.version != "" || c.monitor != 0 {
		t.Errorf("%+v: %v", c, err)
	}
	for text, want := range map[string]*RemoteError{
		`{"_msg_id":"1"}`:              nil,
		`{"_msg_id":"1","failure":""}`: nil,
		`{"_msg_id":"1","failure":{"class":"C","module":"m","message":"text","tb":["a","b"]}}`:    {Class: "C", Module: "m", Message: "text", Trace: []string{"a", "b"}},
		`{"_msg_id":"1","failure":"{\"class\":\"C\",\"message\":{\"a\":1},\"tb\":\"one line\"}"}`: {Class: "C", Message: `{"a":1}`},
	} {
		r, err := decodeReply(inner(text))
		if err != nil || !reflect.DeepEqual(r.failure, want) {
			t.Errorf("%s: %+v: %v", text, r.failure, err)
		}
	}
}

func TestRemoteErrors(t *testing.T) {
	named := &RemoteError{Class: "NotFound", Module: "m", Message: "it"}
	for _, err := range []error{named, errors.Join(errors.New("more"), named)} {
		if asRemote(err) != named {
			t.Errorf("%v became %v", err, asRemote(err))
		}
	}
	if e := asRemote(errors.New("plain")); e.Error() != "builtins.RuntimeError: plain" {
		t.Error(e)
	}
}

func TestAdminContext(t *testing.T) {
	a, b := AdminContext(), AdminContext()
	if a["request_id"] == b["request_id"] || !strings.HasPrefix(a["request_id"].(string), "req-") || a["is_admin"] != true {
		t.Errorf("%v, %v", a, b)
	}
	stamp, err := time.Parse("2006-01-02 15:04:05.000000", a["timestamp"].(string))
	if err != nil || time.Since(stamp).Abs() > time.Minute {
		t.Errorf("timestamp %v: %v", stamp, err)
	}
	for key := range maps.Keys(samples(t)) {
		c, err := decodeCall(samples(t)[key].body(t))
		if err != nil {
			continue // the reply
		}
		if _, err := time.Parse("2006-01-02 15:04:05.000000", c.context["timestamp"].(string)); err != nil {
			t.Errorf("%s: %v", key, err)
		}
	}
}

// No message makes the decoder fall over; what it takes, it says again.
func FuzzDecode(f *testing.F) {
	f.Add(inner(`{"method":"m","args":{},"_timeout":3,"_msg_id":"1","_reply_q":"r","_context_a":[1]}`))
	f.Add(inner(`{"_msg_id":"1","failure":"{\"class\":\"C\",\"module\":\"m\",\"message\":\"\",\"tb\":[]}","ending":true}`))
	f.Add(inner(`{"_msg_id":"0","failure":"{}"}`))
	f.Add([]byte(`{"oslo.version":"2.0","oslo.message":"null"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		if c, err := decodeCall(body); err == nil {
			text, err := c.encode()
			if err != nil {
				t.Fatalf("encode %+v: %v", c, err)
			}
			if again, err := decodeCall(text); err != nil || again.method != c.method || again.uniqueID != c.uniqueID {
				t.Fatalf("%+v became %+v: %v", c, again, err)
			}
		}
		if r, err := decodeReply(body); err == nil {
			text, err := r.encode()
			if err != nil {
				t.Fatalf("encode %+v: %v", r, err)
			}
			if again, err := decodeReply(text); err != nil || again.ending != r.ending || !reflect.DeepEqual(again.failure, r.failure) {
				t.Fatalf("%+v became %+v: %v", r, again, err)
			}
		}
	})
}
