package oslomsg

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

// Message is what a Client sends.
type Message struct {
	// Topic names who is meant: all that listen to it, or any one of them.
	Topic string
	// Host narrows a call or cast to the one there.
	Host string
	// Method, Namespace and Version say what is to be done. Namespace may be
	// empty; without a Version servers take 1.0.
	Method, Namespace, Version string
	// Args becomes a JSON object; nil is an empty one.
	Args any
	// Context is sent along; see AdminContext.
	Context Context
}

// routingKeyMax is the limit of AMQP.
const routingKeyMax = 255

func (m Message) check() error {
	switch {
	case m.Topic == "":
		return errors.New("topic: is missing")
	case m.Method == "":
		return errors.New("method: is missing")
	case len(m.key()) > routingKeyMax-len("_fanout"):
		return fmt.Errorf("topic, host: must have at most %d bytes together", routingKeyMax-len("_fanout")-1)
	}
	return nil
}

// key is the routing key, and the name of the queue, of a call or cast.
func (m Message) key() string {
	if m.Host == "" {
		return m.Topic
	}
	return m.Topic + "." + m.Host
}

func (m Message) call() (call, error) {
	if err := m.check(); err != nil {
		return call{}, err
	}
	args, err := encode(m.Args)
	if err == nil {
		args, err = object(args)
	}
	if err != nil {
		return call{}, fmt.Errorf("args: %w", err)
	}
	return call{
		method: m.Method, namespace: m.Namespace, version: m.Version, args: args, context: m.Context, uniqueID: newID(),
	}, nil
}

func (c *Client) publishing(k call, to exchange, key string) (*publishing, error) {
	body, err := k.encode()
	if err != nil {
		return nil, err
	}
	return c.cfg.publishing(to, key, body)
}

// publishing makes a message with the properties that oslo.messaging gives it.
func (c Config) publishing(to exchange, key string, body []byte) (*publishing, error) {
	if len(body) > c.MaxMessage {
		return nil, fmt.Errorf("the message has %d bytes, at most %d may be sent", len(body), c.MaxMessage)
	}
	return &publishing{to: to, key: key, mandatory: true, message: amqp.Publishing{
		ContentType: contentType, ContentEncoding: "utf-8", DeliveryMode: amqp.Persistent, Body: body,
	}}, nil
}

// expiration is how long a call may wait in its queue, in milliseconds: as long
// as somebody waits for the reply.
func expiration(ctx context.Context) string {
	deadline, _ := ctx.Deadline()
	left := math.Ceil(float64(time.Until(deadline)) / float64(time.Millisecond))
	return strconv.FormatInt(int64(max(left, 1)), 10)
}
