package testenv

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A server keeps its data and address over its end, in a namespace of its own
// too, and leaves no process behind.
func TestRabbitMQ(t *testing.T) {
	var dir string
	t.Run("server", func(t *testing.T) {
		r := StartRabbitMQ(t, RabbitMQConfig{Namespace: Namespace(t, "rabbit"), Address: "0.0.0.0", Port: 5672})
		dir = r.Dir
		r.AddVHost(t, "kept")
		r.Stop(t)
		if err := r.answers(); err == nil {
			t.Error("it answers after its end")
		}
		r.Start(t)
		if vhosts := r.Ctl(t, "list_vhosts"); !strings.Contains(vhosts, "kept") {
			t.Errorf("the virtual host was not kept: %q", vhosts)
		}
		if u := r.URL("a/b"); !strings.HasPrefix(u, "rabbit://landbridge:p%40%3A") || !strings.HasSuffix(u, "@0.0.0.0:5672/a%2Fb") {
			t.Errorf("URL %s", u)
		}
		r.Freeze(t)
		if err := r.answers(); err == nil {
			t.Error("it answers while it stands still")
		}
		r.Thaw(t)
		Eventually(t, rabbitWithin, "it goes on", r.answers)
	})
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s is left: %v", dir, err)
	}
	Eventually(t, 10*time.Second, "all its processes end", func() error { return noneWith(dir) })
}

// noneWith is an error where a process has the text in its environment.
func noneWith(text string) error {
	files, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil {
		return err
	}
	for _, file := range files {
		b, _ := os.ReadFile(file) // what cannot be read has ended
		if strings.Contains(string(b), text) {
			return fmt.Errorf("%s has %s", file, text)
		}
	}
	return nil
}

func TestSharedRabbitMQNotStarted(t *testing.T) {
	var never SharedRabbitMQ
	if err := never.Close(); err != nil {
		t.Error(err)
	}
}
