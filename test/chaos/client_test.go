package chaos

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"landbridge/internal/lab/controlplane"
	"landbridge/internal/lab/rest"
)

// A request is bounded: where a server stands still, there is no answer.
const (
	callWithin = time.Second
	bulkWithin = 5 * time.Second
)

// client carries out operations, one after the other.
type client struct {
	*model
	servers []*controlplane.Server
	// say and fail take note of what is done, and of what must not be.
	say, fail func(format string, args ...any)
}

// do carries out an operation, where there is what it needs.
func (c *client) do(ctx context.Context, o op) {
	var err error
	switch o.verb {
	case create, keep:
		err = c.create(ctx, o)
	case update:
		err = c.update(ctx, o)
	case remove:
		err = c.remove(ctx, o)
	}
	c.say("operation %d: %s %s %d: %v", o.number, o.verb, o.kind, o.place, err)
	if errors.Is(err, errLost) || malformed(o, err) {
		c.fail("operation %d: %s %s %d: %v", o.number, o.verb, o.kind, o.place, err)
	}
}

// malformed tells whether a request was refused for its form. A network that is
// not connected, since another client was faster, is refused in the same way.
func malformed(o op, err error) bool {
	refusal, ok := errors.AsType[*rest.Error](err)
	return ok && refusal.Status == http.StatusBadRequest && o.kind != rest.RemoteConnections
}

// call sends a request to a server, and to the other one where the first cannot
// be reached: then it has not heard of it.
func (c *client) call(ctx context.Context, o op, request func(ctx context.Context, s *controlplane.Server) error) (answer, error) {
	var err error
	limit := callWithin
	if o.many > 0 {
		limit = bulkWithin
	}
	for i := range c.servers {
		within, stop := context.WithTimeout(ctx, limit)
		err = request(within, c.servers[(o.server+i)%len(c.servers)])
		stop()
		if dial, ok := errors.AsType[*net.OpError](err); !ok || dial.Op != "dial" {
			return read(err), err
		}
	}
	return refused, err
}

var (
	errNothing = errors.New("there is nothing to do it with")
	errTaken   = errors.New("its place is taken")
)

// create makes an object where there is none.
func (c *client) create(ctx context.Context, o op) error {
	if c.known(ctx, o, o.kind, o.place) != nil {
		return errTaken
	}
	made := &object{op: o, tag: fmt.Sprintf("%s %d", o.kind, o.number), others: map[string]bool{}}
	list, ok := c.attributes(ctx, made)
	if !ok {
		return errNothing
	}
	c.add(made)
	var ids []string
	a, err := c.call(ctx, o, func(ctx context.Context, s *controlplane.Server) error {
		all, err := createAll(ctx, s, o, list)
		if err != nil {
			return err
		}
		for _, one := range all {
			ids = append(ids, one.ID())
		}
		return nil
	})
	c.created(made, a, ids)
	return err
}

func createAll(ctx context.Context, s *controlplane.Server, o op, list []rest.Object) ([]rest.Object, error) {
	if o.many > 0 {
		return s.CreateAll(ctx, o.kind, list)
	}
	one, err := s.Create(ctx, o.kind, list[0])
	return []rest.Object{one}, err
}

// update changes an object that is known, or makes it.
func (c *client) update(ctx context.Context, o op) error {
	target := c.known(ctx, o, o.kind, o.place)
	if target == nil {
		return c.create(ctx, o)
	}
	value := changed(target, o)
	a, err := c.call(ctx, o, func(ctx context.Context, s *controlplane.Server) error {
		_, err := s.Update(ctx, o.kind, target.ids[0], rest.Object{target.attribute: value})
		return err
	})
	c.updated(target, a, value)
	return errors.Join(err, lost(target, err))
}

// remove deletes an object that is known.
func (c *client) remove(ctx context.Context, o op) error {
	target := c.known(ctx, o, o.kind, o.place)
	if target == nil {
		return errNothing
	}
	a, err := c.call(ctx, o, func(ctx context.Context, s *controlplane.Server) error {
		return s.Delete(ctx, o.kind, target.ids[0])
	})
	gone := lost(target, err)
	if refusal, ok := errors.AsType[*rest.Error](err); ok && refusal.Status == http.StatusNotFound {
		a = done
	}
	c.removed(target, a)
	return errors.Join(err, gone)
}

// errLost is an object that was answered 201 and is not there.
var errLost = errors.New("it is lost")

func lost(o *object, err error) error {
	if refusal, ok := errors.AsType[*rest.Error](err); ok && refusal.Status == http.StatusNotFound && o.presence == must {
		return errLost
	}
	return nil
}

// known gives the object at a place with its ID, which is looked up where the
// answer to its creation was lost; nil where there is none.
func (c *client) known(ctx context.Context, o op, kind rest.Kind, place int) *object {
	target := c.find(kind, place)
	if target == nil {
		return nil
	}
	switch there, named := c.look(target); {
	case !there:
		return nil
	case named:
		return target
	}
	var found []rest.Object
	_, err := c.call(ctx, o, func(ctx context.Context, s *controlplane.Server) (err error) {
		found, err = s.Find(ctx, kind, "description", target.tag)
		return err
	})
	if err != nil || len(found) == 0 {
		return nil
	}
	c.found(target, []string{found[0].ID()})
	return target
}
