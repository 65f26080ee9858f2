package apitest

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"landbridge/internal/l2gw"
)

// Attributes has what objects can be listed by: a string, a number as int64, a
// bool, an l2gw.Instant, names as []string, or nil where it is unset.
type Attributes[T any] map[string]func(T) any

func with[T any](own Attributes[T], standard func(T) l2gw.Standard) Attributes[T] {
	maps.Copy(own, Attributes[T]{
		"description":     func(v T) any { return standard(v).Description },
		"created_at":      func(v T) any { return standard(v).CreatedAt },
		"updated_at":      func(v T) any { return standard(v).UpdatedAt },
		"revision_number": func(v T) any { return int64(standard(v).Revision) },
	})
	return own
}

// GatewayAttributes has those of gateways.
func GatewayAttributes() Attributes[l2gw.Gateway] {
	type T = l2gw.Gateway
	return with(Attributes[T]{
		"id":         func(v T) any { return v.ID },
		"project_id": func(v T) any { return v.ProjectID },
		"name":       func(v T) any { return v.Name },
		"devices": func(v T) any {
			var names []string
			for _, d := range v.Devices {
				names = append(names, d.Name)
			}
			return names
		},
	}, func(v T) l2gw.Standard { return v.Standard })
}

// ConnectionAttributes has those of connections.
func ConnectionAttributes() Attributes[l2gw.Connection] {
	type T = l2gw.Connection
	return with(Attributes[T]{
		"id":            func(v T) any { return v.ID },
		"project_id":    func(v T) any { return v.ProjectID },
		"l2_gateway_id": func(v T) any { return v.GatewayID },
		"network_id":    func(v T) any { return v.NetworkID },
		"segmentation_id": func(v T) any {
			if v.VLAN == nil {
				return nil
			}
			return int64(*v.VLAN)
		},
		"status":        func(v T) any { return string(v.Status.State) },
		"status_reason": func(v T) any { return v.Status.Reason },
	}, func(v T) l2gw.Standard { return v.Standard })
}

// RemoteGatewayAttributes has those of remote gateways.
func RemoteGatewayAttributes() Attributes[l2gw.RemoteGateway] {
	type T = l2gw.RemoteGateway
	return with(Attributes[T]{
		"id":         func(v T) any { return v.ID },
		"project_id": func(v T) any { return v.ProjectID },
		"name":       func(v T) any { return v.Name },
		"ipaddr":     func(v T) any { return v.Addr.String() },
	}, func(v T) l2gw.Standard { return v.Standard })
}

// RemoteConnectionAttributes has those of remote connections.
func RemoteConnectionAttributes() Attributes[l2gw.RemoteConnection] {
	type T = l2gw.RemoteConnection
	return with(Attributes[T]{
		"id":                   func(v T) any { return v.ID },
		"project_id":           func(v T) any { return v.ProjectID },
		"l2_gateway_id":        func(v T) any { return v.GatewayID },
		"network_id":           func(v T) any { return v.NetworkID },
		"l2_remote_gateway_id": func(v T) any { return v.RemoteGatewayID },
		"segmentation_id":      func(v T) any { return int64(v.TunnelKey) },
		"flood":                func(v T) any { return v.Flood },
		"encapsulation":        func(v T) any { return string(v.Encapsulation) },
		"filter":               func(v T) any { return v.Filter.Words() },
		"status":               func(v T) any { return string(v.Status.State) },
		"status_reason":        func(v T) any { return v.Status.Reason },
	}, func(v T) l2gw.Standard { return v.Standard })
}

// RemoteMACAttributes has those of remote MACs.
func RemoteMACAttributes() Attributes[l2gw.RemoteMAC] {
	type T = l2gw.RemoteMAC
	return with(Attributes[T]{
		"id":         func(v T) any { return v.ID },
		"project_id": func(v T) any { return v.ProjectID },
		"mac":        func(v T) any { return v.MAC.String() },
		"ipaddr": func(v T) any {
			if !v.Addr.IsValid() {
				return ""
			}
			return v.Addr.String()
		},
		"rgw_connection": func(v T) any { return v.RemoteConnectionID },
	}, func(v T) l2gw.Standard { return v.Standard })
}

// List answers a query from objects in the order of their creation, the plain
// way. It is the measure for those that are quick.
func (a Attributes[T]) List(all []T, q l2gw.Query) ([]T, error) {
	all = slices.Clone(all)
	if n := len(q.Sort); n > 0 && q.Sort[n-1].Descending {
		slices.Reverse(all)
	}
	for i := len(q.Sort) - 1; i >= 0; i-- {
		s := q.Sort[i]
		get, ok := a[s.Attribute]
		if !ok {
			return nil, fmt.Errorf("sort by %q: there is no such attribute", s.Attribute)
		}
		slices.SortStableFunc(all, func(x, y T) int {
			if s.Descending {
				return compare(get(y), get(x))
			}
			return compare(get(x), get(y))
		})
	}
	if at := slices.IndexFunc(all, func(v T) bool { return a["id"](v) == q.Marker }); at >= 0 && q.Reverse {
		all = all[:at]
	} else if at >= 0 {
		all = all[at+1:]
	}
	for _, f := range q.Filters {
		get, ok := a[f.Attribute]
		if !ok {
			return nil, fmt.Errorf("filter by %q: there is no such attribute", f.Attribute)
		}
		all = slices.DeleteFunc(all, func(v T) bool { return !passes(get(v), f.Values) })
	}
	if q.Limit > 0 && q.Limit < len(all) && q.Reverse {
		all = all[len(all)-q.Limit:]
	} else if q.Limit > 0 && q.Limit < len(all) {
		all = all[:q.Limit]
	}
	return all, nil
}

func compare(x, y any) int {
	switch x := x.(type) {
	case string:
		return cmp.Compare(x, y.(string))
	case int64:
		if y, ok := y.(int64); ok {
			return cmp.Compare(x, y)
		}
		return 1 // after what is unset
	case l2gw.Instant:
		return cmp.Compare(x, y.(l2gw.Instant))
	case bool:
		return cmp.Compare(fmt.Sprint(x), fmt.Sprint(y))
	}
	if y == nil {
		return 0
	}
	return -1
}

func passes(has any, wanted []any) bool {
	return slices.ContainsFunc(wanted, func(w any) bool {
		switch has := has.(type) {
		case []string:
			return w == nil && len(has) == 0 || w != nil && slices.Contains(has, fmt.Sprint(w))
		case l2gw.Instant:
			i, ok := w.(l2gw.Instant)
			return ok && i.Second() == has.Second()
		case string:
			return w == nil && has == "" || w != nil && strings.Compare(fmt.Sprint(w), has) == 0
		case nil:
			return w == nil
		}
		return w != nil && fmt.Sprint(w) == fmt.Sprint(has)
	})
}
