package demo

import (
	"encoding/json"
	"fmt"

	"landbridge/internal/lab"
	"landbridge/internal/lab/rest"
)

// Topology draws the two clouds as text.
func Topology(s lab.Spec) string {
	a, b := s.Clouds[0], s.Clouds[1]
	ip := func(vm string) string { return s.VM(vm).Addr.Addr().String() }
	return fmt.Sprintf(`
     cloud A                                                      cloud B

  vm-a1 %-18s                             %18s vm-b1
    │                                                                   │
  node a1 %-13s ──┐                             ┌── %13s node b1
                          │ VNI %-5d         VNI %-5d │
                          ├─────── gw-a ══ WAN ══ gw-b ─┘
                          │             VNI %d
  node a2 %-13s ──┘
    │                         gw-a: fabric %s, WAN %s
  vm-a2 %-18s    gw-b: fabric %s, WAN %s
`,
		ip("vm-a1"), ip("vm-b1"), a.Computes[0].Addr.Addr(), b.Computes[0].Addr.Addr(), lab.VNIOfA, lab.VNIOfB, lab.WANKey,
		a.Computes[1].Addr.Addr(), a.Gateway.Fabric.Addr(), a.Gateway.WAN.Addr(), ip("vm-a2"), b.Gateway.Fabric.Addr(), b.Gateway.WAN.Addr())
}

// brief writes the attributes of a call.
func brief(o rest.Object) string {
	b, err := json.Marshal(o)
	if err != nil {
		return err.Error()
	}
	return string(b)
}
