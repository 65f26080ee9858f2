package neutronapi

import (
	"net/http"
	"strings"
	"testing"
)

func TestBodies(t *testing.T) {
	for _, c := range []struct {
		name, body string
		status     int
		part       string
	}{
		{
			"minimal, with defaults", `{"boat":{"rig":"sloop"}}`, 201,
			`{"boat":{"id":"new","uuid":"new","name":"","rig":"sloop","masts":0,"racing":true,"crew":[],"project_id":"demo","tenant_id":"demo"}}`,
		},
		{"other envelope", `{"ship":{"rig":"sloop"}}`, 201, `{"boat":{`},
		{"alias", `{"boat":{"sails":"ketch"}}`, 201, `"rig":"ketch"`},
		{"alias and name alike", `{"boat":{"sails":"ketch","rig":"ketch"}}`, 201, `"rig":"ketch"`},
		{"alias and name at odds", `{"boat":{"sails":"ketch","rig":"sloop"}}`, 400, `\"rig\" and \"sails\" are one attribute, but \"sloop\" and \"ketch\" differ`},
		{"twins at odds", `{"boat":{"rig":"sloop","project_id":"a","tenant_id":"b"}}`, 400, `are one attribute`},
		{"twin", `{"boat":{"rig":"sloop","tenant_id":"b"}}`, 201, `"project_id":"b","tenant_id":"b"`},
		{"null is unset", `{"boat":{"rig":"sloop","name":null,"masts":null,"racing":null,"project_id":null}}`, 201, `"name":"","rig":"sloop","masts":0,"racing":true`},
		{"null of a required one", `{"boat":{"rig":null}}`, 400, `Invalid input for rig. Reason: null is not allowed: the attribute cannot be unset.`},
		{"required one absent", `{"boat":{"name":"x"}}`, 400, `Failed to parse request. Required attribute \"rig\" not specified.`},
		{"read-only", `{"boat":{"rig":"sloop","id":"x"}}`, 400, `Attribute \"id\" not allowed in POST`},
		{"read-only twin, null", `{"boat":{"rig":"sloop","uuid":null}}`, 400, `Attribute \"uuid\" not allowed in POST`},
		{"unknown", `{"boat":{"rig":"sloop","zz":1,"aa":null}}`, 400, `Unrecognized attribute(s) \"aa, zz\".`},
		{"longest name", `{"boat":{"rig":"sloop","name":"äöüäöüäöüä"}}`, 201, `"name":"äöüäöüäöüä"`},
		{"name too long", `{"boat":{"rig":"sloop","name":"12345678901"}}`, 400, `Invalid input for name. Reason: \"12345678901\" is not a string of at most 10 characters.`},
		{"name with NUL", `{"boat":{"rig":"sloop","name":"a\u0000"}}`, 400, `without NUL`},
		{"name a number", `{"boat":{"rig":"sloop","name":5}}`, 400, `Reason: 5 is not a string.`},
		{"no HTML escapes", `{"boat":{"rig":"sloop","name":"<&>"}}`, 201, `"<&>"`},
		{"word unknown", `{"boat":{"rig":"junk"}}`, 400, `Reason: \"junk\" is not one of sloop, ketch.`},
		{"word of wrong type", `{"boat":{"rig":["sloop"]}}`, 400, `Invalid input for rig.`},
		{"integer", `{"boat":{"rig":"sloop","masts":4}}`, 201, `"masts":4`},
		{"integer as string", `{"boat":{"rig":"sloop","masts":"03"}}`, 201, `"masts":3`},
		{"integer too small", `{"boat":{"rig":"sloop","masts":0}}`, 400, `Invalid input for masts. Reason: 0 is not a number of masts (an integer, 1–4).`},
		{"integer too large", `{"boat":{"rig":"sloop","masts":4294967297}}`, 400, `4294967297 is not`},
		{"integer negative", `{"boat":{"rig":"sloop","masts":-1}}`, 400, `-1 is not`},
		{"integer a fraction", `{"boat":{"rig":"sloop","masts":1.5}}`, 400, `1.5 is not`},
		{"integer huge", `{"boat":{"rig":"sloop","masts":1e400}}`, 400, `1e400 is not`},
		{"integer a boolean", `{"boat":{"rig":"sloop","masts":true}}`, 400, `true is not`},
		{"integer empty", `{"boat":{"rig":"sloop","masts":""}}`, 400, `is not`},
		{"boolean", `{"boat":{"rig":"sloop","racing":false}}`, 201, `"racing":false`},
		{"boolean as a word", `{"boat":{"rig":"sloop","racing":"FALSE"}}`, 201, `"racing":false`},
		{"boolean a number", `{"boat":{"rig":"sloop","racing":0}}`, 400, `0 is not a boolean`},
		{"reference of wrong type", `{"boat":{"rig":"sloop","berth":7}}`, 400, `Invalid input for berth.`},
		{"reference that is no id", `{"boat":{"rig":"sloop","berth":"pier"}}`, 201, ``},
		{"list", `{"boat":{"rig":"sloop","crew":[{"name":"a"},{"name":"b","tasks":[1,"9"]}]}}`, 201, `"crew":["a","b"]`},
		{"list empty", `{"boat":{"rig":"sloop","crew":[]}}`, 400, `Invalid input for crew. Reason: [] is not a list of at least 1.`},
		{"list an object", `{"boat":{"rig":"sloop","crew":{}}}`, 400, `Reason: {} is not a list`},
		{"null in a list", `{"boat":{"rig":"sloop","crew":[null]}}`, 400, `Invalid input for crew[0]. Reason: null is not allowed in a list.`},
		{"no object in a list", `{"boat":{"rig":"sloop","crew":["a"]}}`, 400, `Invalid input for crew[0]. Reason: \"a\" is not an object.`},
		{"twice in a list", `{"boat":{"rig":"sloop","crew":[{"name":"a"},{"name":"a"}]}}`, 400, `Invalid input for crew[1]. Reason: \"a\" is not unique: the list has it twice.`},
		{"deep in a list", `{"boat":{"rig":"sloop","crew":[{"name":"a"},{"name":"b","tasks":[1,10]}]}}`, 400, `Invalid input for crew[1].tasks[1]. Reason: 10 is not a task (an integer, 1–9).`},
		{"member unknown", `{"boat":{"rig":"sloop","crew":[{"name":"a","age":1}]}}`, 400, `Invalid input for crew[0]. Reason: Unrecognized attribute(s) \"age\".`},
		{"member read-only", `{"boat":{"rig":"sloop","crew":[{"name":"a","id":"1"}]}}`, 400, `crew[0]. Reason: Attribute \"id\" is read-only.`},
		{"member absent", `{"boat":{"rig":"sloop","crew":[{}]}}`, 400, `crew[0]. Reason: Failed to parse request. Required attribute \"name\" not specified.`},
		{"member empty", `{"boat":{"rig":"sloop","crew":[{"name":" \t"}]}}`, 400, `crew[0].name. Reason: \" \\t\" is not a name: it is empty.`},
		{"member null", `{"boat":{"rig":"sloop","crew":[{"name":"a","tasks":null}]}}`, 201, `"crew":["a"]`},

		{"no body", ``, 400, `Resource body required`},
		{"white space", " \n", 400, `Resource body required`},
		{"no JSON", `boat`, 400, `The body is not JSON: invalid character`},
		{"half JSON", `{"boat":{"rig":`, 400, `unexpected end of JSON input`},
		{"trailing data", `{"boat":{"rig":"sloop"}} {}`, 400, `after top-level value`},
		{"a list", `[]`, 400, `The body has to be an object with \"boat\" as its only member.`},
		{"null", `null`, 400, `as its only member`},
		{"no envelope", `{}`, 400, `as its only member`},
		{"two envelopes", `{"boat":{"rig":"sloop"},"ship":{}}`, 400, `as its only member`},
		{"wrong envelope", `{"car":{}}`, 400, `Unable to find \"boat\" in the body; it has \"car\".`},
		{"empty envelope", `{"boat":null}`, 400, `\"boat\" has to be an object, not null.`},
		{"list in a singular envelope", `{"boat":[]}`, 400, `\"boat\" has to be an object, not [].`},
		{"bulk", `{"boats":[{"rig":"sloop"},{"rig":"ketch","masts":2}]}`, 201, `"rig":"ketch","masts":2`},
		{"bulk of one", `{"boats":[{"rig":"sloop"}]}`, 201, `{"boats":[{"id":"new"`},
		{"bulk in another envelope", `{"ships":[{"rig":"sloop"}]}`, 201, `{"boats":[{"id":"new"`},
		{"bulk of none", `{"boats":[]}`, 400, `\"boats\" is empty: there is nothing to create.`},
		{"bulk no list", `{"boats":{"rig":"sloop"}}`, 400, `\"boats\" has to be a list.`},
		{"bulk null", `{"boats":null}`, 400, `\"boats\" has to be a list.`},
		{"bulk of no object", `{"boats":[{"rig":"sloop"},"x"]}`, 400, `boats[1]: an element has to be an object, not \"x\".`},
		{"bulk, one bad", `{"boats":[{"rig":"sloop"},{"rig":"junk"}]}`, 400, `Invalid input for boats[1].rig. Reason: \"junk\" is not one of sloop, ketch.`},
		{"bulk, one incomplete", `{"boats":[{}]}`, 400, `boats[0]: Failed to parse request. Required attribute \"rig\" not specified.`},
		{"bulk and one", `{"boats":[{"rig":"sloop"}],"boat":{"rig":"sloop"}}`, 400, `as its only member`},
		{"bulk and bulk", `{"boats":[{"rig":"sloop"}],"boats":[{"rig":"sloop"}]}`, 400, `as its only member`},
		{"bulk larger than one may be", `{"boats":[` + strings.Repeat(`{"rig":"sloop"},`, 500) + `{"rig":"sloop"}]}`, 201, `{"boats":[{`},
		{"bulk too large", `{"boats":[` + strings.Repeat(`{"rig":"sloop"},`, 2000) + `{"rig":"sloop"}]}`, 413, `The body is larger than 16384 bytes`},
		{"name twice", `{"boat":{"rig":"sloop","rig":"sloop"}}`, 400, `The body names \"rig\" twice in one object.`},
		{"name twice by an escape", `{"boat":{"rig":"sloop","r\u0069g":"sloop"}}`, 400, `twice`},
		{"too deep", `{"boat":` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + `}`, 400, `nests deeper than 32 levels`},
		{"far too deep", strings.Repeat("[", 4000), 400, `The body is not JSON`},
		{"invalid UTF-8", "{\"boat\":{\"rig\":\"\xff\"}}", 400, `not valid UTF-8`},
		{"half a surrogate pair", `{"boat":{"rig":"sloop","name":"\ud800"}}`, 400, `half a surrogate pair`},
		{"long value in a message", `{"boat":{"rig":"` + strings.Repeat("x", 3000) + `"}}`, 400, `xx… is not one of`},
		{"too large", `{"boat":{"rig":"` + strings.Repeat("x", 5000) + `"}}`, 413, `The body is larger than 4096 bytes`},
	} {
		t.Run(c.name, func(t *testing.T) {
			newToy().expect(t, http.MethodPost, "/v2.0/boats", c.body, c.status, c.part)
		})
	}
}

func TestBodiesOfPut(t *testing.T) {
	const path = "/v2.0/boats/b1"
	for _, c := range []struct {
		name, path, body string
		status           int
		part             string
	}{
		{"one attribute", path, `{"boat":{"name":"new"}}`, 200, `"name":"new","rig":"ketch"`},
		{"null is the default", path, `{"boat":{"name":null}}`, 200, `"name":"","rig":"ketch"`},
		{"null of what cannot be unset", path, `{"boat":{"rig":null}}`, 400, `cannot be unset`},
		{"nothing", path, `{"boat":{}}`, 400, `The body changes no attribute of the boat.`},
		{"not in PUT", path, `{"boat":{"masts":1}}`, 400, `Cannot update read-only attribute \"masts\".`},
		{"id", path, `{"boat":{"id":"b1"}}`, 400, `Cannot update read-only attribute \"id\".`},
		{"the body before the id", "/v2.0/boats/none", `{"boat":{"rig":"junk"}}`, 400, `\"junk\"`},
		{"bulk", path, `{"boats":[{"name":"x"}]}`, 400, `A PUT changes one object, in \"boat\".`},
		{"unknown id", "/v2.0/boats/none", `{"boat":{"name":"x"}}`, 404, `BoatNotFound`},
		{"id with NUL", "/v2.0/boats/b%00", `{"boat":{"name":"x"}}`, 404, `HTTPNotFound`},
	} {
		t.Run(c.name, func(t *testing.T) {
			newToy(boat{id: "b1", name: "old", rig: "ketch"}).expect(t, http.MethodPut, c.path, c.body, c.status, c.part)
		})
	}
}

func TestContentTypes(t *testing.T) {
	for header, status := range map[string]int{
		"":                                  201,
		"application/json":                  201,
		"Application/JSON; charset=UTF-8":   201,
		"application/json; charset=latin1":  415,
		"text/plain":                        415,
		"application/x-www-form-urlencoded": 415,
		"application/json; charset":         415,
		"nonsense":                          415,
	} {
		res, text := newToy().ask(http.MethodPost, "/v2.0/boats", `{"boat":{"rig":"sloop"}}`, "Content-Type", header)
		if res.StatusCode != status {
			t.Errorf("Content-Type %q gave %d %s, wanted %d", header, res.StatusCode, text, status)
		}
	}
	res, text := newToy().ask(http.MethodPost, "/v2.0/boats", `{"boat":{"rig":"sloop"}}`, "Content-Encoding", "gzip")
	if res.StatusCode != 415 {
		t.Errorf("Content-Encoding gzip gave %d %s", res.StatusCode, text)
	}
}
