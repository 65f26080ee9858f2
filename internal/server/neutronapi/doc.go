// Package neutronapi is Neutron's REST conventions as a library: resources
// under /v2.0/ described by one attribute table each, singular and plural
// envelopes, NeutronError, the version and extension documents, and request
// ids. It knows nothing of the resources it serves.
//
// A Resource is data: its attribute table alone decides what a body may hold,
// how it is checked, what is shown, and what a list can be filtered by.
package neutronapi
