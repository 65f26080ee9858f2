// Package control measures the way from the API to the switches, with an agent
// inside the server and with agents of their own. All of it are benchmarks: see
// docs/performance.md.
package control
