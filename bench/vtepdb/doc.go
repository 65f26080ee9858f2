// Package vtepdb speaks to the ovsdb-server of a hardware_vtep database, with
// nothing of Landbridge in between: it sees when rows are there, and writes rows
// as fast as the server takes them.
package vtepdb
