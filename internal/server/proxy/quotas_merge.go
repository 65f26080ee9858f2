package proxy

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strings"
)

// merge puts our limits into Neutron's answer.
func (q *quota) merge(x *exchange, res *http.Response, ours, theirs []byte) ([]byte, error) {
	if q.path == quotasPath {
		return x.mergeQuotas(res, ours, theirs)
	}
	_, own, err := inside[map[string]json.RawMessage](ours, quotaMember)
	if err != nil {
		return nil, fmt.Errorf("our own quota: %w", err)
	}
	whole, members, err := inside[map[string]json.RawMessage](theirs, quotaMember)
	if err != nil {
		return nil, &unclearError{err.Error()}
	}
	if whole[quotaMember], err = plain(united(members, own)); err != nil {
		return nil, err
	}
	return plain(whole)
}

// quotaList are the limits of projects, each with the project's id.
type quotaList []map[string]json.RawMessage

// mergeQuotas puts our limits into Neutron's list. A project that only one of us
// has limits for has the other's by default.
func (x *exchange) mergeQuotas(res *http.Response, ours, theirs []byte) ([]byte, error) {
	_, own, err := inside[quotaList](ours, quotasMember)
	if err != nil {
		return nil, fmt.Errorf("our own quotas: %w", err)
	}
	whole, list, err := inside[quotaList](theirs, quotasMember)
	if err != nil {
		return nil, &unclearError{err.Error()}
	}
	byProject := map[string]map[string]json.RawMessage{}
	for _, e := range own {
		byProject[projectOf(e)] = e
	}
	ourDefaults, theirDefaults := x.ourDefaults(), x.theirDefaults(res)
	for i, e := range list {
		limits, found := byProject[projectOf(e)]
		if !found {
			if limits, err = ourDefaults(); err != nil {
				return nil, err
			}
		}
		delete(byProject, projectOf(e))
		list[i] = united(e, limits)
	}
	for _, e := range own {
		if byProject[projectOf(e)] == nil {
			continue
		}
		limits, err := theirDefaults()
		if err != nil {
			return nil, err
		}
		list = append(list, united(limits, e))
	}
	if whole[quotasMember], err = plain(append(quotaList{}, list...)); err != nil {
		return nil, err
	}
	return plain(whole)
}

// projectOf gives the id of an entry's project.
func projectOf(e map[string]json.RawMessage) (id string) {
	raw, ok := e["project_id"]
	if !ok {
		raw = e["tenant_id"]
	}
	_ = json.Unmarshal(raw, &id) // what is no text is nobody's
	return id
}

// defaults asks for what a project has by default, once and only if somebody
// wants to know.
type defaults func() (map[string]json.RawMessage, error)

func (x *exchange) ourDefaults() defaults {
	return once(func() ([]byte, error) {
		answer := x.ours(x.in.Context(), http.MethodGet, quotasPath+anyDefaults, nil)
		if answer.status != http.StatusOK {
			return nil, &refusalError{answer}
		}
		return answer.body.Bytes(), nil
	})
}

// theirDefaults asks Neutron as it was asked for its list.
func (x *exchange) theirDefaults(res *http.Response) defaults {
	return once(func() ([]byte, error) {
		req := res.Request.Clone(res.Request.Context())
		req.URL.Path = strings.TrimSuffix(req.URL.Path, quotasPath) + quotasPath + anyDefaults
		req.URL.RawPath, req.URL.RawQuery = "", ""
		answer, err := x.transport.RoundTrip(req)
		if err != nil {
			return nil, err
		}
		x.watch.sign()
		text, err := readAnswer(answer)
		if err == nil && answer.StatusCode != http.StatusOK {
			err = &unclearError{fmt.Sprintf("it has quotas, but asked for those by default it answers %s", answer.Status)}
		}
		return text, err
	})
}

func once(ask func() ([]byte, error)) defaults {
	var members map[string]json.RawMessage
	return func() (_ map[string]json.RawMessage, err error) {
		if members != nil {
			return members, nil
		}
		text, err := ask()
		if err != nil {
			return nil, err
		}
		if _, members, err = inside[map[string]json.RawMessage](text, quotaMember); err != nil {
			err = &unclearError{err.Error()}
		}
		return members, err
	}
}

// united has the members of both; where both have one, the second's.
func united(first, second map[string]json.RawMessage) map[string]json.RawMessage {
	out := map[string]json.RawMessage{}
	maps.Copy(out, first)
	maps.Copy(out, second)
	return out
}
