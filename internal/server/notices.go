package server

import (
	"context"

	"landbridge/internal/rpc"
)

// Latest gives the state of the plan; its zero value as long as there is none to
// be told.
func (b *book) Latest() rpc.Since {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.isWhole() {
		return rpc.Since{}
	}
	return rpc.Since{Epoch: b.epoch, Revision: b.revision}
}

// Changes waits until the plan has left a state, and gives what has changed
// since by switch, and the state that it has reached. Where that is not
// remembered nothing is given: then everything may have.
func (b *book) Changes(ctx context.Context, since rpc.Since) (changed map[string][]rpc.Notice, now rpc.Since, err error) {
	if err := b.Wait(ctx, since); err != nil {
		return nil, since, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	now = rpc.Since{Epoch: b.epoch, Revision: b.revision}
	if !b.remembers(since) {
		return nil, now, nil
	}
	changed = map[string][]rpc.Notice{}
	for _, c := range b.after(since.Revision) {
		changed[c.device] = append(changed[c.device], c.notice)
	}
	return changed, now, nil
}
