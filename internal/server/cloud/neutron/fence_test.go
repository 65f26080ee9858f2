package neutron

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"landbridge/internal/l2gw"
)

// A server that leads no more changes nothing in Neutron, tells compute nodes
// nothing and forgets nothing, whatever it had begun.
func TestAFormerLeaderChangesNothing(t *testing.T) {
	vm := l2gw.Host{MAC: l2gw.MAC{2, 0, 0, 0, 0, 1}}
	for name, late := range map[string][]l2gw.Service{
		"it adds":    {service(net1, "10.0.0.2", vm), service(net2, "10.0.0.2", vm)},
		"it removes": {},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAttached(t)
			a.want([]l2gw.Service{service(net1, "10.0.0.2", vm)})
			a.settled()
			a.asked, a.calls, a.fanouts = nil, nil, nil
			ports, told := a.gatewayPorts(), a.kept[place{addr("10.0.0.2"), net1}]

			a.led = errors.New("another server leads")
			a.want(late)
			if left, err := a.work(3); !left {
				t.Errorf("nothing is left to do: %v", err)
			}
			for _, request := range a.asked {
				if !strings.HasPrefix(request, http.MethodGet) {
					t.Errorf("it has sent %s", request)
				}
			}
			if len(a.calls)+len(a.fanouts) > 0 {
				t.Errorf("it has sent %v, %v", a.calls, a.fanouts)
			}
			a.expect(ports...)
			if now := a.kept[place{addr("10.0.0.2"), net1}]; len(now.Hosts) != len(told.Hosts) || len(a.kept) != 1 {
				t.Errorf("compute nodes were told %+v, kept is %+v", told, a.kept)
			}

			a.led = nil
			a.settled()
			if got := len(a.gatewayPorts()); got != len(late) {
				t.Errorf("%d ports, want %d", got, len(late))
			}
		})
	}
}
