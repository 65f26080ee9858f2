package oslomsg

import (
	"fmt"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

// transientFor is how long the queues of one process outlive it, those of
// replies and fanouts, as oslo.messaging has it by default.
const transientFor = 30 * time.Minute

// exchange is one of RabbitMQ; the zero value is the default exchange, which
// takes the name of a queue as routing key.
type exchange struct {
	name, kind          string
	durable, autoDelete bool
}

// topicExchange is where calls and casts go: control_exchange.
func (c Config) topicExchange() exchange {
	return exchange{c.Exchange, amqp.ExchangeTopic, c.Queues.Durable || c.Queues.Quorum, c.Queues.AutoDelete}
}

// fanoutExchange is where the fanouts of a topic go.
func fanoutExchange(topic string) exchange {
	return exchange{name: topic + "_fanout", kind: amqp.ExchangeFanout, autoDelete: true}
}

// declare makes an exchange, or finds it as it is expected.
func (e exchange) declare(ch *amqp.Channel) error {
	if e.name == "" {
		return nil
	}
	if err := ch.ExchangeDeclare(e.name, e.kind, e.durable, e.autoDelete, false, false, nil); err != nil {
		return fmt.Errorf("exchange %s: %w", e.name, err)
	}
	return nil
}

// queue is one of RabbitMQ, with what it is bound to.
type queue struct {
	name, key           string
	from                exchange
	durable, autoDelete bool
	arguments           amqp.Table
	// own is for queues that this process alone consumes, transient for those
	// that go with it.
	own, transient bool
}

// replyQueue is where the replies to one Client's calls come.
func replyQueue() queue {
	return queue{name: "reply_" + newID(), arguments: expires(), own: true, transient: true}
}

// fanoutQueue is where one Server gets the fanouts of a topic.
func fanoutQueue(topic string) queue {
	from := fanoutExchange(topic)
	return queue{
		name: from.name + "_" + newID(), key: topic, from: from, arguments: expires(), own: true, transient: true,
	}
}

// topicQueue is where the calls and casts with a routing key come. It stays
// when nobody consumes it.
func (c Config) topicQueue(key string) queue {
	from := c.topicExchange()
	q := queue{name: key, key: key, from: from, durable: from.durable, autoDelete: from.autoDelete, arguments: amqp.Table{}}
	if c.Queues.Quorum {
		q.arguments[amqp.QueueTypeArg] = amqp.QueueTypeQuorum
	}
	return q
}

func expires() amqp.Table { return amqp.Table{amqp.QueueTTLArg: transientFor.Milliseconds()} }

// limited bounds how many messages wait in the queue.
func (q queue) limited(most int) queue {
	if most > 0 {
		q.arguments[amqp.QueueMaxLenArg] = most
	}
	return q
}

// declare makes the queue with its exchange and binding.
func (q queue) declare(ch *amqp.Channel) error {
	if err := q.from.declare(ch); err != nil {
		return err
	}
	if _, err := ch.QueueDeclare(q.name, q.durable, q.autoDelete, false, false, q.arguments); err != nil {
		return fmt.Errorf("queue %s: %w", q.name, err)
	}
	if q.from.name == "" {
		return nil // the default exchange has every queue by its name
	}
	if err := ch.QueueBind(q.name, q.key, q.from.name, false, nil); err != nil {
		return fmt.Errorf("bind queue %s to exchange %s: %w", q.name, q.from.name, err)
	}
	return nil
}

// consume starts a consumer. On queues of our own a new one comes before an old
// one: RabbitMQ may take a dead connection for alive for a while, and would give
// its consumer every other message.
func (q queue) consume(ch *amqp.Channel) (<-chan amqp.Delivery, error) {
	var arguments amqp.Table
	if q.own {
		arguments = amqp.Table{"x-priority": time.Now().Unix()}
	}
	deliveries, err := ch.Consume(q.name, "", false, false, false, false, arguments)
	if err != nil {
		return nil, fmt.Errorf("consume queue %s: %w", q.name, err)
	}
	return deliveries, nil
}
