package static

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"
)

// lookEvery is how often the file is read without a notification: some file
// systems (networks', containers') send none.
const lookEvery = 5 * time.Second

// settleFor is how long the file has to be left alone before a change counts:
// while it is written in place there is only half of it.
const settleFor = 100 * time.Millisecond

// Watch implements cloud.Cloud. It follows the folder of the file, so that a
// file that is replaced by a new one is seen too.
func (c *Cloud) Watch(ctx context.Context, changed func(networkIDs []string)) error {
	var events chan fsnotify.Event
	var faults chan error
	if w, err := c.notify(); err != nil {
		c.cfg.Logger.Warn("changes of the cloud's file cannot be notified; it is read from time to time",
			"file", c.cfg.File, "every", lookEvery, "error", err)
	} else {
		defer func() { _ = w.Close() }() // nothing is lost with it
		events, faults = w.Events, w.Errors
	}
	tick, settled := time.NewTicker(lookEvery), time.NewTimer(settleFor)
	defer tick.Stop()
	defer settled.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-settled.C:
			c.look(changed)
		case <-tick.C:
			settled.Reset(settleFor)
		case e := <-events:
			if filepath.Base(e.Name) == filepath.Base(c.cfg.File) {
				settled.Reset(settleFor)
			}
		case err := <-faults:
			c.cfg.Logger.Warn("watch the cloud's file", "file", c.cfg.File, "error", err)
		}
	}
}

func (c *Cloud) notify() (*fsnotify.Watcher, error) {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, err
	}
	if err := w.Add(filepath.Dir(c.cfg.File)); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	return w, nil
}

// look reads the file and takes over what it says. A bad one leaves the last
// good one in use; then, and when that is over, all networks are told, since
// their answers have become doubtful or are so no more.
func (c *Cloud) look(changed func([]string)) {
	raw, err := load(c.cfg.File)
	if err == nil && c.same(raw) {
		return
	}
	var next *content
	if err == nil {
		next, err = parse(c.cfg.File, raw)
	}
	was, healthWas := c.take(raw, next, err)
	switch {
	case err == nil:
		c.follow(was, next, healthWas, changed)
	case healthWas == nil || healthWas.Error() != err.Error():
		c.cfg.Logger.Error("the cloud's file is not usable; what it said before stays in use", "error", err)
		changed(nil)
	}
}

// same tells whether the file was like this at the last look.
func (c *Cloud) same(raw []byte) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.raw != nil && bytes.Equal(raw, c.raw)
}

// take keeps what a look has found, and gives what was before.
func (c *Cloud) take(raw []byte, next *content, health error) (was *content, healthWas error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	was, healthWas = c.now, c.health
	c.raw, c.health = raw, health
	if health == nil {
		c.now = next
	}
	return was, healthWas
}

// follow makes known what a good file has changed.
func (c *Cloud) follow(was, next *content, healthWas error, changed func([]string)) {
	ids := changes(was, next)
	c.cfg.Logger.Info("the cloud's file has changed", "file", c.cfg.File, "networks", len(ids))
	if err := c.announceAgain(); err != nil {
		c.cfg.Logger.Error("the announcement does not follow the cloud's file", "error", err)
	}
	switch {
	case healthWas != nil:
		changed(nil)
	case len(ids) > 0:
		changed(ids)
	}
}
