package neutronapi

import (
	"strings"
	"testing"
)

func TestIfMatch(t *testing.T) {
	const body = `{"boat":{"name":"x"}}`
	for _, c := range []struct {
		header string
		status int
		part   string
	}{
		{"", 200, ""},
		{"revision_number=7", 200, ""},
		{" revision_number=6 , revision_number=7", 200, ""},
		{"revision_number=07", 200, ""},
		{"revision_number=6", 412, `"type":"RevisionNumberConstraintFailed"`},
		{"revision_number=", 400, `If-Match \"revision_number=\" is not supported; write revision_number=N.`},
		{"revision_number=-1", 400, "is not supported"},
		{"revision_number=99999999999999999999", 400, "is not supported"},
		{"*", 400, "is not supported"},
		{`"7"`, 400, "is not supported"},
	} {
		var header []string
		if c.header != "" {
			header = []string{"If-Match", c.header}
		}
		for method, sent := range map[string]string{"PUT": body, "DELETE": ""} {
			status := c.status
			if status == 200 && method == "DELETE" {
				status = 204
			}
			toy := newToy(boat{id: "b1", rig: "ketch", revision: 7})
			res, text := toy.ask(method, "/v2.0/boats/b1", sent, header...)
			if res.StatusCode != status || len(c.part) > 0 && !strings.Contains(text, c.part) {
				t.Errorf("%s with If-Match %q gave %d %s, wanted %d with %s", method, c.header, res.StatusCode, text, status, c.part)
			}
		}
	}
	res, text := newToy().ask("PUT", "/v2.0/boats/none", body, "If-Match", "revision_number=1")
	if res.StatusCode != 404 {
		t.Errorf("what does not exist is at no revision: %d %s", res.StatusCode, text)
	}
}
