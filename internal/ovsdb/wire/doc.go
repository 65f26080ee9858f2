// Package wire is OVSDB as bytes (RFC 7047; update2 of ovsdb-server(7)): JSON is
// read from a stream piece by piece, and what a database tells is handed on row
// by row while the message is still coming, so that nobody ever holds a message as a
// whole. It opens no connection and knows no schema.
package wire
