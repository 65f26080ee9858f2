package neutronapi

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
)

var revisionMatch = regexp.MustCompile(`^revision_number=([0-9]{1,18})$`)

// revisions reads If-Match as Neutron has it: "revision_number=5". Several are
// alternatives. nil: the request has no condition.
func revisions(h http.Header) ([]int64, error) {
	var out []int64
	for _, line := range h.Values("If-Match") {
		for text := range strings.SplitSeq(line, ",") {
			found := revisionMatch.FindStringSubmatch(strings.TrimSpace(text))
			if found == nil {
				return nil, Errorf(http.StatusBadRequest, "If-Match %s is not supported; write revision_number=N.", brief(text))
			}
			n, err := strconv.ParseInt(found[1], 10, 64)
			if err != nil {
				return nil, Errorf(http.StatusBadRequest, "If-Match %s is not supported: %s.", brief(text), err)
			}
			out = append(out, n)
		}
	}
	return out, nil
}
