package proxy

import "net/http"

// agentsPath has the agents of both, where we have some of our own.
const agentsPath = "/v2.0/agents"

// agentList is the list of the agents of both.
type agentList struct{ document }

var agents = &agentList{document{list: "agents", key: "id"}}

// join puts ours into Neutron's list, as far as the client may see them. What
// Neutron refuses is told as it is.
func (d *agentList) join(x *exchange, res *http.Response) error {
	if res.StatusCode != http.StatusOK {
		return nil
	}
	own := x.oursWith(x.in.Context(), http.MethodGet, agentsPath, x.in.URL.RawQuery, nil)
	if own.status != http.StatusOK {
		return nil
	}
	theirs, err := readAnswer(res)
	if err != nil {
		return err
	}
	merged, err := d.merge(own.body.Bytes(), theirs)
	if err == nil {
		replaceAnswer(res, merged)
	}
	return err
}

// whoseAgent decides about one agent: ours is one that we have.
func (p *Proxy) whoseAgent(r *http.Request) owner {
	if p.ownDocument(r, r.URL.Path).status == http.StatusOK {
		return ours
	}
	return theirs
}
