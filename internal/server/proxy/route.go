package proxy

import (
	"net/http"
	"path"
	"strings"
)

// owner says who answers a request.
type owner int

const (
	ours owner = iota
	theirs
	both // merged
)

// whose decides by the path alone, and for the details of an extension by
// whether we have it. A path that two programs might read differently – with
// dots or empty parts, plain or escaped – never reaches Neutron: ours refuses
// it.
func (p *Proxy) whose(r *http.Request) (owner, joint) {
	asked := r.URL.Path
	if !strings.HasPrefix(asked, "/") || !isClean(asked) {
		return ours, nil
	}
	reads := r.Method == http.MethodGet || r.Method == http.MethodHead
	if doc := documents[asked]; doc != nil && reads {
		return both, doc
	}
	if asked == quotasPath || strings.HasPrefix(asked, quotasPath+"/") {
		if q := p.quota(r); q != nil {
			return both, q
		}
		return theirs, nil
	}
	if strings.HasPrefix(asked, extensionsPath+"/") {
		if reads && p.ownDocument(r, asked).status == http.StatusOK {
			return ours, nil
		}
		return theirs, nil
	}
	if p.has(r, agentsPath) {
		switch {
		case asked == agentsPath && r.Method == http.MethodGet:
			return both, agents
		case asked == agentsPath:
			return theirs, nil
		case strings.HasPrefix(asked, agentsPath+"/"):
			return p.whoseAgent(r), nil
		}
	}
	for at := asked; !shared[at]; at = path.Dir(at) {
		if p.has(r, at) {
			return ours, nil
		}
	}
	if asked == "/" {
		return ours, nil
	}
	return theirs, nil
}

// shared are the paths below which both APIs have something.
var shared = map[string]bool{"/": true, "/v2.0": true, "/v2.0/": true}

// has tells whether a path is one of ours.
func (p *Proxy) has(r *http.Request, at string) bool {
	u := *r.URL
	u.Path, u.RawPath = at, ""
	return p.cfg.Ours.Route(&http.Request{Method: http.MethodGet, Host: r.Host, URL: &u}) != ""
}

func isClean(asked string) bool {
	clean := path.Clean(asked)
	return clean == asked || clean+"/" == asked
}
