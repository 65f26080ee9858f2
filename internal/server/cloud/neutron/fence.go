package neutron

import (
	"context"

	"landbridge/internal/oslomsg"
)

// fenced is RabbitMQ for who may speak there: Neutron and compute nodes cannot
// tell a server that leads no more from the one that does, so that each asks
// itself right before it sends.
type fenced struct {
	bus
	may func() error
}

func (f fenced) Call(ctx context.Context, m oslomsg.Message, result any) error {
	if err := f.may(); err != nil {
		return err
	}
	return f.bus.Call(ctx, m, result)
}

func (f fenced) Fanout(ctx context.Context, m oslomsg.Message) error {
	if err := f.may(); err != nil {
		return err
	}
	return f.bus.Fanout(ctx, m)
}
