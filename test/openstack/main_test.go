//go:build openstack

// Package openstack tests landbridge-server with real services of OpenStack,
// Keystone and Neutron, and with the clients that people use. It needs root.
package openstack

import (
	"testing"

	"landbridge/internal/lab/testenv"
)

func TestMain(m *testing.M) { testenv.MainWithPrograms(m) }
