package proxy

import (
	"encoding/json"
	"io"
	"net/http"
)

// quotaOptions are members of a body that say how its limits are set.
var quotaOptions = map[string]bool{"check_limit": true, "force": true}

// mostQuota bounds the body of a PUT, in bytes.
const mostQuota = 64 << 10

// take reads the body of a PUT and divides it. One that is no quota is Neutron's
// to judge.
func (q *quota) take(x *exchange) bool {
	body, err := io.ReadAll(io.LimitReader(x.in.Body, mostQuota+1))
	if err != nil {
		x.fail(x.w, x.in, err)
		return false
	}
	if len(body) > mostQuota {
		x.answer(http.StatusRequestEntityTooLarge, "The body is larger than %d bytes, the most that a quota may have.", mostQuota)
		return false
	}
	q.theirs = body
	whole, members, err := inside[map[string]json.RawMessage](body, quotaMember)
	if err != nil {
		return true
	}
	_, known, err := inside[map[string]json.RawMessage](x.ownDocument(x.in, quotasPath+anyDefaults).body.Bytes(), quotaMember)
	if err == nil {
		err = q.divide(whole, members, known)
	}
	if err != nil {
		x.answer(http.StatusInternalServerError, "The quota cannot be divided: %s.", err)
	}
	return err == nil
}

// divide makes two bodies of one. Neutron gets none where all limits are ours.
func (q *quota) divide(whole, members, known map[string]json.RawMessage) (err error) {
	theirs, own := map[string]json.RawMessage{}, map[string]json.RawMessage{}
	options := map[string]json.RawMessage{}
	for name, v := range members {
		_, isOurs := known[name]
		switch {
		case quotaOptions[name]:
			options[name] = v
		case isOurs:
			own[name] = v
		default:
			theirs[name] = v
		}
	}
	if len(own) == 0 {
		return nil
	}
	if q.own, err = quotaBody(nil, own, options); err != nil {
		return err
	}
	q.theirs = nil
	if len(theirs) > 0 {
		q.theirs, err = quotaBody(whole, theirs, options)
	}
	return err
}

func quotaBody(whole, members, options map[string]json.RawMessage) ([]byte, error) {
	held, err := plain(united(members, options))
	if err != nil {
		return nil, err
	}
	return plain(united(whole, map[string]json.RawMessage{quotaMember: held}))
}
