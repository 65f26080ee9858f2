package underlay

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// event is a change in the kernel: of one neighbour, or (nil) of something
// that may concern any pair.
type event struct {
	neighbour *netlink.Neigh // State is NUD_NONE where the entry was removed
}

// watchBuffer is the room, in bytes, for changes that are not read yet; more
// is lost and costs a full pass.
const watchBuffer = 1 << 20

// subscribe opens a socket that hears of all changes.
func subscribe() (*nl.NetlinkSocket, error) {
	s, err := nl.Subscribe(unix.NETLINK_ROUTE,
		unix.RTNLGRP_LINK, unix.RTNLGRP_NEIGH, unix.RTNLGRP_IPV4_IFADDR,
		unix.RTNLGRP_IPV6_IFADDR,
		unix.RTNLGRP_IPV4_ROUTE, unix.RTNLGRP_IPV4_RULE, unix.RTNLGRP_IPV6_ROUTE, unix.RTNLGRP_IPV6_RULE, unix.RTNLGRP_NEXTHOP)
	if err != nil {
		return nil, fmt.Errorf("subscribe to changes of links, addresses, routes and neighbours: %w", err)
	}
	if s.SetReceiveBufferSize(watchBuffer, true) != nil {
		_ = s.SetReceiveBufferSize(watchBuffer, false) // the default does too
	}
	return s, nil
}

// watch reads changes until the socket is closed.
func watch(ctx context.Context, s *nl.NetlinkSocket, events chan<- event) error {
	for {
		msgs, from, err := s.Receive()
		switch {
		case errors.Is(err, os.ErrClosed), ctx.Err() != nil:
			return nil
		case errors.Is(err, unix.ENOBUFS): // some are lost
			if !send(ctx, events, event{}) {
				return nil
			}
			continue
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			return fmt.Errorf("read changes of links, addresses, routes and neighbours: %w", err)
		case from.Pid != nl.PidKernel:
			continue
		}
		for _, m := range msgs {
			if !send(ctx, events, parse(m.Header.Type, m.Data)) {
				return nil
			}
		}
	}
}

func send(ctx context.Context, events chan<- event, e event) bool {
	select {
	case events <- e:
		return true
	case <-ctx.Done():
		return false
	}
}

// parse reads one message. What it cannot read may concern anything.
func parse(kind uint16, data []byte) event {
	if kind != unix.RTM_NEWNEIGH && kind != unix.RTM_DELNEIGH || len(data) < unix.SizeofNdMsg {
		return event{}
	}
	n, err := netlink.NeighDeserialize(data)
	if err != nil {
		return event{}
	}
	if kind == unix.RTM_DELNEIGH {
		n.State = netlink.NUD_NONE
	}
	return event{neighbour: n}
}
