package oslomsg

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"landbridge/internal/lab/testenv"
)

// What cannot be understood is dropped and does not come again; what comes twice
// is done once.
func TestStrangeMessages(t *testing.T) {
	t.Parallel()
	cfg, to := config(t), topic()
	cfg.MaxMessage = 1000
	var seen diary
	s, _ := newServer(t, cfg, Service{Topics: []Topic{to}, Handlers: map[string]Handler{
		"note": func(context.Context, Request) (any, error) { seen.add(""); return nil, nil },
	}})
	ch := rawChannel(t, cfg)
	good := amqp.Publishing{ContentType: contentType, Body: inner(`{"method":"note","_unique_id":"1"}`)}
	for _, change := range []func(*amqp.Publishing){
		func(p *amqp.Publishing) { p.Body = []byte("}") },
		func(p *amqp.Publishing) {
			p.Body = inner(`{"method":"note","_context_x":"` + strings.Repeat("x", 1000) + `"}`)
		},
		func(p *amqp.Publishing) { p.ContentType = "text/plain" },
		func(p *amqp.Publishing) { p.Headers = amqp.Table{"compression": "application/x-gzip"} },
		func(*amqp.Publishing) {},
		func(*amqp.Publishing) {},
		func(p *amqp.Publishing) { p.Body = inner(`{"method":"note"}`) },
		func(p *amqp.Publishing) { p.Body = inner(`{"method":"other","_unique_id":"2"}`) },
	} {
		p := good
		change(&p)
		if err := ch.Publish("", to.Name, false, false, p); err != nil {
			t.Fatal(err)
		}
	}
	count(t, "received", 8, func() uint64 { return s.Stats().Received })
	count(t, "unknown", 1, func() uint64 { return s.Stats().Unknown })
	if got := s.Stats(); got.Refused != 4 || got.Duplicates != 1 || seen.len() != 2 {
		t.Errorf("%+v, %d done", got, seen.len())
	}
	testenv.Eventually(t, soon, "all are acknowledged or dropped", func() error {
		if out := depths(t, to.Name); out != "0\t0" {
			return errors.New(out)
		}
		return nil
	})
}

// rawChannel is for what other programs send.
func rawChannel(t *testing.T, cfg Config) *amqp.Channel {
	t.Helper()
	conn, _, err := dial(t.Context(), cfg.withDefaults(), cfg.Hosts[0])
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	ch, err := conn.Channel()
	if err != nil {
		t.Fatal(err)
	}
	return ch
}

// A reply that cannot be understood does no harm; one in two parts, as older
// servers sent it, is put together.
func TestStrangeReplies(t *testing.T) {
	cfg := config(t)
	c := newClient(t, cfg)
	ch := rawChannel(t, cfg)
	name := "topic-" + newID()
	if err := cfg.topicQueue(name).declare(ch); err != nil {
		t.Fatal(err)
	}
	requests, err := ch.Consume(name, "", true, false, false, false, nil)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		request, err := decodeCall((<-requests).Body)
		if err != nil {
			t.Error(err)
		}
		for _, body := range []string{
			`{}`, `{"_msg_id":"another","ending":true}`, `{"_msg_id":"ID","result":null,"failure":null,"ending":false}`,
			`{"_msg_id":"ID","result":[1],"failure":null}`, `{"_msg_id":"ID","result":null,"ending":true}`, `{"_msg_id":"ID","result":[2],"ending":true}`,
		} {
			p := amqp.Publishing{ContentType: contentType, Body: inner(strings.ReplaceAll(body, "ID", request.msgID))}
			if err := ch.Publish("", request.replyQueue, false, false, p); err != nil {
				t.Error(err)
			}
		}
	}()
	var result []int
	if err := c.Call(in(t, soon), Message{Topic: name, Method: "m"}, &result); err != nil || !slices.Equal(result, []int{1}) {
		t.Errorf("%v: %v", result, err)
	}
	count(t, "unknown", 2, func() uint64 { return c.Stats().Unknown })
	if got := c.Stats(); got.Refused != 1 || got.Received != 6 {
		t.Errorf("%+v", got)
	}
}

// A caller that asks for signs of life gets them while a method runs.
func TestSignsOfLife(t *testing.T) {
	t.Parallel()
	cfg, to := config(t), topic()
	goOn := make(chan struct{})
	newServer(t, cfg, Service{Topics: []Topic{to}, Handlers: map[string]Handler{
		"wait": func(context.Context, Request) (any, error) { <-goOn; return "done", nil },
	}})
	ch := rawChannel(t, cfg)
	replies := replyQueue()
	if err := replies.declare(ch); err != nil {
		t.Fatal(err)
	}
	deliveries, err := replies.consume(ch)
	if err != nil {
		t.Fatal(err)
	}
	body, err := call{method: "wait", args: []byte("{}"), msgID: "1", replyQueue: replies.name, monitor: time.Second}.encode()
	if err != nil {
		t.Fatal(err)
	}
	if err := ch.Publish("", to.Name, false, false, amqp.Publishing{ContentType: contentType, Body: body}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if r, err := decodeReply((<-deliveries).Body); err != nil || r.ending || r.msgID != "1" {
			t.Errorf("%+v: %v", r, err)
		}
	}
	close(goOn)
	for d := range deliveries {
		if r, err := decodeReply(d.Body); err != nil || r.ending {
			if string(r.result) != `"done"` {
				t.Errorf("%+v: %v", r, err)
			}
			return
		}
	}
}
