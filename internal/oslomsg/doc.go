// Package oslomsg speaks oslo.messaging 2.0 over RabbitMQ, as OpenStack's
// services do among each other: calls, casts and fanouts, as Client and as
// Server. It is the only package that imports an AMQP library. It knows no
// method names.
//
// # What is promised
//
// Casts and fanouts arrive at least once where a queue is there to hold them:
// they are confirmed by RabbitMQ, and sent again with the same id after a lost
// connection. A call is never sent twice: one whose fate is unknown fails.
// Servers acknowledge after work. They know the messages that they took last by
// their ids, so that what comes again after a lost connection is not done again;
// only the end of the process between work and acknowledgement makes a second
// execution.
//
// RabbitMQ keeps no queue of OpenStack over its own end, and fanouts reach only
// who is there. So after each connection whoever needs a complete picture asks
// for it anew: see Config.Connected.
//
// Everything is bounded: messages taken ahead, handlers at once, sizes, ids
// remembered, calls and confirmations waited for. All waiting ends with the
// context.
package oslomsg
