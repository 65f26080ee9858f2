// Package api measures the API of landbridge-server beside that of a real
// neutron-server. All of it are benchmarks: see docs/performance.md.
package api
