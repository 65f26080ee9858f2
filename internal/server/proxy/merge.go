package proxy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
)

// document is a list that both APIs have.
type document struct {
	list string // the member that holds it
	key  string // what tells its entries apart
}

const extensionsPath = "/v2.0/extensions"

// documents has the merged lists by path.
var documents = map[string]*document{
	"/v2.0":        {"resources", "collection"},
	"/v2.0/":       {"resources", "collection"},
	extensionsPath: {"extensions", "alias"},
}

// begin implements joint.
func (*document) begin(*exchange) bool { return true }

// ask implements joint.
func (*document) ask(out *http.Request) { wholeAnswer(out, http.MethodGet) }

// join puts our entries into Neutron's list.
func (d *document) join(x *exchange, res *http.Response) error {
	if res.StatusCode != http.StatusOK {
		return nil
	}
	theirs, err := readAnswer(res)
	if err != nil {
		return err
	}
	merged, err := d.merge(x.ownDocument(x.in, x.in.URL.Path).body.Bytes(), theirs)
	if err == nil {
		replaceAnswer(res, merged)
	}
	return err
}

// merge gives Neutron's document with ours in it. Entries of theirs stay in
// their order and as they are, but for those that we have too.
func (d *document) merge(ours, theirs []byte) ([]byte, error) {
	_, own, err := d.entries(ours)
	if err != nil {
		return nil, fmt.Errorf("our own list: %w", err)
	}
	whole, all, err := d.entries(theirs)
	if err != nil {
		return nil, &unclearError{err.Error()}
	}
	var merged []json.RawMessage
	have := map[string]bool{}
	for _, e := range own {
		have[e.key] = true
	}
	for _, e := range all {
		if !have[e.key] {
			merged = append(merged, e.text)
		}
	}
	for _, e := range own {
		merged = append(merged, e.text)
	}
	if whole[d.list], err = plain(merged); err != nil {
		return nil, err
	}
	return plain(whole)
}

// entry is one of a list.
type entry struct {
	key  string
	text json.RawMessage
}

// entries takes a document apart.
func (d *document) entries(text []byte) (whole map[string]json.RawMessage, all []entry, err error) {
	whole, list, err := inside[[]json.RawMessage](text, d.list)
	if err != nil {
		return nil, nil, err
	}
	for _, text := range list {
		var members map[string]json.RawMessage
		if err := json.Unmarshal(text, &members); err != nil {
			return nil, nil, fmt.Errorf("an entry of %s: %w", d.list, err)
		}
		e := entry{text: text}
		if raw, ok := members[d.key]; ok {
			if err := json.Unmarshal(raw, &e.key); err != nil {
				return nil, nil, fmt.Errorf("%s of an entry of %s: %w", d.key, d.list, err)
			}
		}
		all = append(all, e)
	}
	return whole, all, nil
}

// inside takes a document apart: all of it, and what one member holds.
func inside[T any](text []byte, name string) (whole map[string]json.RawMessage, held T, err error) {
	if err := json.Unmarshal(text, &whole); err != nil {
		return nil, held, err
	}
	if err := json.Unmarshal(whole[name], &held); err != nil {
		return nil, held, fmt.Errorf("member %s: %w", name, err)
	}
	return whole, held, nil
}

// plain writes JSON without escapes for HTML.
func plain(v any) (json.RawMessage, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(v)
	return bytes.TrimSpace(text.Bytes()), err
}
