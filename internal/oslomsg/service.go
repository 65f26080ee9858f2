package oslomsg

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
)

// Topic is what a Server listens to. At least one of Host, Shared and Fanout
// must be there.
type Topic struct {
	Name string
	// Host is for calls and casts to us alone.
	Host string
	// Shared is for calls and casts to any one that listens to the topic.
	Shared bool
	// Fanout is for fanouts.
	Fanout bool
	// Limit is how many messages may wait in the broker for us alone, by Host or
	// Fanout; beyond, the oldest are dropped. 0 is no limit. RabbitMQ refuses a
	// change while the queue is there.
	Limit int
}

// Handler carries out one method. The result becomes JSON and goes to the
// caller, as does an error; a *RemoteError tells the exception. A cast's error
// is only logged: the message is not done again. When the context ends, the
// server does; a handler that then returns an error leaves the message in its
// queue, for the next server to do.
type Handler func(ctx context.Context, r Request) (result any, err error)

// Request is one call, cast or fanout.
type Request struct {
	Topic                      string
	Method, Namespace, Version string          // Version is 1.0 where none was sent
	Args                       json.RawMessage // an object
	Context                    Context
	// Reply is whether the caller waits for the result.
	Reply bool
	// Redelivered is whether the message may be one from before the connection
	// was lost, out of its order.
	Redelivered bool
}

// Service is what a Server does.
type Service struct {
	Topics []Topic
	// Handlers are by method.
	Handlers map[string]Handler
	// Concurrency is how many handlers may run at once; 1. With 1, the messages
	// of a queue are handled in their order.
	Concurrency int
	// Ahead is how many messages of a queue are taken before they are handled; 10.
	Ahead int
	// Remember is how many messages are known again when they come again; 4096.
	Remember int
}

const (
	defaultConcurrency = 1
	defaultAhead       = 10
	defaultRemember    = 4096
)

func (v Service) check() error {
	if len(v.Topics) == 0 {
		return errors.New("topics: must have at least one")
	}
	for i, t := range v.Topics {
		switch {
		case t.Name == "":
			return fmt.Errorf("topics[%d].name: is missing", i)
		case t.Host == "" && !t.Shared && !t.Fanout:
			return fmt.Errorf("topics[%d]: must have one of host, shared and fanout", i)
		case t.Limit < 0:
			return fmt.Errorf("topics[%d].limit: %d: must not be negative", i, t.Limit)
		case len(t.Name)+len(t.Host) > routingKeyMax-len("_fanout_")-len(newID()):
			return fmt.Errorf("topics[%d]: name and host are too long", i)
		}
	}
	if v.Concurrency < 0 || v.Ahead < 0 || v.Ahead > 65535 || v.Remember < 0 {
		return errors.New("concurrency, ahead, remember: must not be negative, ahead at most 65535")
	}
	return nil
}

// inputs are the queues of a service. They keep their names over reconnects.
func (v Service) inputs(cfg Config) []input {
	var all []input
	for _, t := range v.Topics {
		if t.Shared {
			all = append(all, input{cfg.topicQueue(t.Name), t.Name})
		}
		if t.Host != "" {
			q := cfg.topicQueue(Message{Topic: t.Name, Host: t.Host}.key())
			q.own = true
			all = append(all, input{q.limited(t.Limit), t.Name})
		}
		if t.Fanout {
			all = append(all, input{fanoutQueue(t.Name).limited(t.Limit), t.Name})
		}
	}
	return all
}
