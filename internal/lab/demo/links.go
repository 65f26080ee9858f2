package demo

import (
	"errors"

	"landbridge/internal/lab"
	"landbridge/internal/lab/capture"
)

// links has the captures of a demonstration: the links of the gateways, and
// those of VMs that must not hear what is not theirs.
type links struct {
	fabricA, fabricB *capture.Capture // the fabric's port towards the gateway
	wanA, wanB       *capture.Capture // the router's port towards the gateway
	redA2, vmB1      *capture.Capture // the VMs' own links
}

func listen(l *lab.Lab) (*links, error) {
	out := &links{}
	var errs []error
	for _, c := range []struct {
		to         **capture.Capture
		node, link string
	}{
		{&out.fabricA, "fabric-a", "gw-a"},
		{&out.fabricB, "fabric-b", "gw-b"},
		{&out.wanA, "wan", "to-a"},
		{&out.wanB, "wan", "to-b"},
		{&out.redA2, "red-a2", "eth0"},
		{&out.vmB1, "vm-b1", "eth0"},
	} {
		ns, err := l.Node(c.node)
		if err == nil {
			*c.to, err = capture.Start(ns, c.link)
		}
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		out.close()
		return nil, err
	}
	return out, nil
}

func (l *links) all() []*capture.Capture {
	return []*capture.Capture{l.fabricA, l.fabricB, l.wanA, l.wanB, l.redA2, l.vmB1}
}

// reset forgets what was heard so far.
func (l *links) reset() error {
	var errs []error
	for _, c := range l.all() {
		errs = append(errs, c.Reset())
	}
	return errors.Join(errs...)
}

func (l *links) close() {
	for _, c := range l.all() {
		if c != nil {
			_ = c.Close() // what it had to say was asked before
		}
	}
}
