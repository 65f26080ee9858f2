package neutronapi

import (
	"maps"
	"net/http"
)

// links are the <plural>_links of a list with a limit, as Neutron builds them:
// next is left out where the list was short on its way forward, previous where
// it was on its way back.
func (r *Resource[T]) links(req *http.Request, q query, found []T) []link {
	if q.Limit == 0 {
		return nil
	}
	var out []link
	short := len(found) < q.Limit
	if !short || q.Reverse {
		out = append(out, link{"next", r.page(req, q, found, false)})
	}
	if !short || !q.Reverse {
		out = append(out, link{"previous", r.page(req, q, found, true)})
	}
	return out
}

// page is the address of the page after, or before, what has been found.
func (r *Resource[T]) page(req *http.Request, q query, found []T, reverse bool) string {
	params := maps.Clone(q.given)
	params.Del("marker")
	params.Del("page_reverse")
	if len(found) > 0 {
		edge := found[len(found)-1]
		if reverse {
			edge = found[0]
		}
		params.Set("marker", r.ID(edge))
	}
	if reverse {
		params.Set("page_reverse", "True")
	}
	return base(req) + "/v2.0/" + r.Path + "?" + params.Encode()
}
