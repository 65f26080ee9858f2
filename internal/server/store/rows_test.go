package store

import (
	"errors"
	"net/netip"
	"testing"

	"landbridge/internal/l2gw"
)

// Each unique index refuses what its rule forbids even if nobody has judged,
// and the refusal becomes the rule's error.
func TestUniqueIndexes(t *testing.T) {
	each(t, func(t *testing.T, e Engine) { testUniqueIndexes(t, openOn(t, e.New(t))) })
}

func testUniqueIndexes(t *testing.T, s *Store) {
	rows := []any{
		&gatewayRow{ID: "g", standardRow: standardRow{CreatedAt: 1}}, &gatewayRow{ID: "g2", standardRow: standardRow{CreatedAt: 2}},
		&connectionRow{ID: "c", GatewayID: "g", NetworkID: "n", standardRow: standardRow{CreatedAt: 1}},
		&connectionRow{ID: "c2", GatewayID: "g", NetworkID: "n2", standardRow: standardRow{CreatedAt: 2}},
		&remoteGatewayRow{ID: "r", Addr: "192.0.2.1", standardRow: standardRow{CreatedAt: 1}},
		&remoteConnectionRow{ID: "x", GatewayID: "g", NetworkID: "n", RemoteGatewayID: "r", TunnelKey: 5, standardRow: standardRow{CreatedAt: 1}},
		&remoteMACRow{ID: "m", MAC: "02:00:00:00:00:01", RemoteConnectionID: "x", standardRow: standardRow{CreatedAt: 1}},
	}
	for _, r := range rows {
		if err := s.insert(t.Context(), s.db, r, nil); err != nil {
			t.Fatal(err)
		}
	}
	for index, row := range map[string]any{
		oneConnection:       &connectionRow{ID: "c9", GatewayID: "g", NetworkID: "n", standardRow: standardRow{CreatedAt: 9}},
		oneRemoteAddr:       &remoteGatewayRow{ID: "r9", Addr: "192.0.2.1", standardRow: standardRow{CreatedAt: 9}},
		oneRemoteConnection: &remoteConnectionRow{ID: "x9", GatewayID: "g", NetworkID: "n", RemoteGatewayID: "r", TunnelKey: 9, standardRow: standardRow{CreatedAt: 9}},
		oneTunnelKey:        &remoteConnectionRow{ID: "x9", GatewayID: "g", NetworkID: "n2", RemoteGatewayID: "r", TunnelKey: 5, standardRow: standardRow{CreatedAt: 9}},
		oneRemoteMAC:        &remoteMACRow{ID: "m9", MAC: "02:00:00:00:00:01", RemoteConnectionID: "x", standardRow: standardRow{CreatedAt: 9}},
	} {
		t.Run(index, func(t *testing.T) {
			rule := l2gw.Errorf(l2gw.Conflict, "Rule", "the rule")
			err := s.insert(t.Context(), s.db, row, map[string]*l2gw.Error{index: rule})
			if !errors.Is(err, rule) {
				t.Errorf("got %v, want the rule's error", err)
			}
			err = s.insert(t.Context(), s.db, row, nil)
			if err == nil || s.dialect.violated(err) != index {
				t.Errorf("without a rule: got %v, want a fault that names the index", err)
			}
		})
	}
	t.Run("other violations are faults", func(t *testing.T) {
		for _, row := range []any{
			&gatewayRow{ID: "g", standardRow: standardRow{CreatedAt: 9}}, &gatewayRow{ID: "g9", standardRow: standardRow{CreatedAt: 1}},
			&connectionRow{ID: "c9", GatewayID: "gone", NetworkID: "n", standardRow: standardRow{CreatedAt: 9}},
			&remoteConnectionRow{ID: "x9", GatewayID: "g2", NetworkID: "n", RemoteGatewayID: "r", standardRow: standardRow{CreatedAt: 9}},
			&remoteMACRow{ID: "m9", RemoteConnectionID: "gone", standardRow: standardRow{CreatedAt: 9}},
		} {
			if err := s.insert(t.Context(), s.db, row, nil); err == nil || s.dialect.violated(err) != "" {
				t.Errorf("%+v: got %v, want a fault without an index of a rule", row, err)
			}
		}
	})
}

// created_at grows even where the clock has gone back.
func TestStampsGrow(t *testing.T) {
	each(t, func(t *testing.T, e Engine) { testStampsGrow(t, openOn(t, e.New(t))) })
}

func testStampsGrow(t *testing.T, s *Store) {
	future := int64(1) << 60
	if err := s.insert(t.Context(), s.db, &remoteGatewayRow{ID: "r", Addr: "192.0.2.1", standardRow: standardRow{CreatedAt: future}}, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := s.RemoteGateways().Create(t.Context(), l2gw.RemoteGateway{Addr: netip.MustParseAddr("192.0.2.2")}); err != nil {
		t.Fatal(err)
	}
	stamp, err := nextStamp(t.Context(), s.db, "l2remotegateways")
	if err != nil || stamp != future+2 {
		t.Errorf("next is %d (%v), want %d", stamp, err, future+2)
	}
}
