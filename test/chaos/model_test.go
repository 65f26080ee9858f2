package chaos

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"landbridge/internal/lab/rest"
)

// presence is what is known of whether an object exists.
type presence int

const (
	gone presence = iota // it must not
	may                  // an answer that would tell was lost
	must
)

// object is one that a client has asked for, or a bulk of remote MACs.
type object struct {
	op       op
	tag      string // its description, by which it is found again
	ids      []string
	presence presence
	asked    rest.Object // its attributes, as asked for
	// value is that of the attribute that updates change; others are those that
	// it may have got instead, by requests whose answers were lost.
	attribute, value string
	others           map[string]bool
	// doomed says that its deletion was asked for, and may take place at any time.
	doomed bool
}

// model is what has to be there.
type model struct {
	mu      sync.Mutex
	objects []*object
	at      map[rest.Kind]map[int]*object // the newest of each place
	answers map[string]int                // for the log
}

func newModel() *model {
	m := &model{at: map[rest.Kind]map[int]*object{}, answers: map[string]int{}}
	for kind := range places {
		m.at[kind] = map[int]*object{}
	}
	return m
}

// find gives the object at a place, nil where there has never been one.
func (m *model) find(kind rest.Kind, place int) *object {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.at[kind][place]
}

// change changes the model.
func (m *model) change(fn func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	fn()
}

func (m *model) add(o *object) {
	m.change(func() {
		m.objects = append(m.objects, o)
		m.at[o.op.kind][o.op.place] = o
	})
}

// answer is what is known after a request: done, refused, or neither.
type answer string

const (
	unknown answer = "unknown"
	done    answer = "done"
	refused answer = "refused"
)

// read tells what an error of the client means. The server's own errors say
// nothing of what has been done: the answer of the database may have been lost.
func read(err error) answer {
	refusal, isRefusal := errors.AsType[*rest.Error](err)
	switch {
	case err == nil:
		return done
	case isRefusal && refusal.Status < 500:
		return refused
	}
	return unknown
}

// created takes in the answer to the creation of an object.
func (m *model) created(o *object, a answer, ids []string) {
	m.change(func() {
		m.answers["create "+string(a)]++
		o.presence = map[answer]presence{done: must, refused: gone, unknown: may}[a]
		o.ids = ids
	})
}

// found takes in that an object whose creation was not answered exists.
func (m *model) found(o *object, ids []string) {
	m.change(func() {
		if len(o.ids) == 0 {
			o.ids = ids
		}
		if o.presence == may && !o.doomed {
			o.presence = must
		}
	})
}

// look tells whether an object may be there, and whether its ID is known.
func (m *model) look(o *object) (there, named bool) {
	m.change(func() { there, named = o.presence != gone, len(o.ids) > 0 })
	return there, named
}

// updated takes in the answer to an update.
func (m *model) updated(o *object, a answer, value string) {
	m.change(func() {
		m.answers["update "+string(a)]++
		switch a {
		case done:
			o.value = value
		case unknown:
			o.others[value] = true
		}
	})
}

// removed takes in the answer to a deletion. Remote MACs go with their remote
// connection.
func (m *model) removed(o *object, a answer) {
	m.change(func() {
		m.answers["delete "+string(a)]++
		m.end(o, a)
		if o.op.kind != rest.RemoteConnections || a == refused {
			return
		}
		for place, mac := range m.at[rest.RemoteMACs] {
			if place%places[rest.RemoteConnections] == o.op.place {
				m.end(mac, a)
			}
		}
	})
}

func (m *model) end(o *object, a answer) {
	switch {
	case a == done:
		o.presence = gone
	case a == unknown && o.presence == must:
		o.presence, o.doomed = may, true
	case a == unknown:
		o.doomed = true
	}
}

// judge compares the model with all that a server lists, by kind.
func (m *model) judge(listed map[rest.Kind][]rest.Object) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []error
	byTag := map[string][]rest.Object{}
	for _, list := range listed {
		for _, o := range list {
			tag, _ := o["description"].(string)
			byTag[tag] = append(byTag[tag], o)
		}
	}
	for _, o := range m.objects {
		all = append(all, o.judge(byTag[o.tag]))
		delete(byTag, o.tag)
	}
	for _, tag := range slices.Sorted(maps.Keys(byTag)) {
		all = append(all, fmt.Errorf("%q is listed, and nobody has made it", tag))
	}
	return errors.Join(all...)
}

// judge compares an object with what is listed of it. A bulk is made as a whole
// or not at all.
func (o *object) judge(have []rest.Object) error {
	size := max(o.op.many, 1)
	switch {
	case len(have) == 0 && o.presence == must:
		return fmt.Errorf("%s is lost", o.tag)
	case len(have) > 0 && o.presence == gone:
		return fmt.Errorf("%s is there, and must not be", o.tag)
	case len(have) > 0 && len(have) != size:
		return fmt.Errorf("%s: %d of %d are there", o.tag, len(have), size)
	case len(have) == 0 || o.op.many > 0:
		return nil
	}
	for name, want := range o.asked {
		got := fmt.Sprint(have[0][name])
		if name == o.attribute {
			if got != o.value && !o.others[got] {
				return fmt.Errorf("%s has the %s %q, want %q", o.tag, name, got, o.value)
			}
		} else if name != "devices" && got != fmt.Sprint(want) {
			return fmt.Errorf("%s has the %s %q, want %q", o.tag, name, got, want)
		}
	}
	return nil
}
