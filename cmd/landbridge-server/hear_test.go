package main

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"testing"
	"time"

	"landbridge/internal/oslomsg"
	"landbridge/internal/server/config"
	"landbridge/internal/server/store"
)

// What a server has changed comes to the leader also where no word reaches it.
func TestALostWordIsFoundInTheDatabase(t *testing.T) {
	ctx, stop := context.WithTimeout(t.Context(), 20*time.Second)
	defer stop()
	db, err := store.Open(ctx, "sqlite:"+t.TempDir()+"/server.db")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	log := slog.New(slog.DiscardHandler)
	nowhere, err := oslomsg.ParseURL("rabbit://nobody:x@127.0.0.1:1/none")
	if err != nil {
		t.Fatal(err)
	}
	tells, err := openControl(&config.Control{Bus: nowhere}, db, log)
	if err != nil {
		t.Fatal(err)
	}
	lease, _, err := db.TakeLease(ctx, "plan", "the leader", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	heard := make(chan []string)
	hears, end := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- hear(hears, db, lease, func(networks []string) { heard <- networks }, log) }()
	for _, want := range [][]string{{"a", "b"}, nil, {"a"}} {
		if err := tells.Tell(ctx, want); err != nil {
			t.Fatal(err)
		}
		select {
		case got := <-heard:
			if !slices.Equal(got, want) || (got == nil) != (want == nil) {
				t.Errorf("heard of %v, want %v", got, want)
			}
		case <-ctx.Done():
			t.Fatalf("nothing was heard of %v", want)
		}
	}
	end()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
