package lab

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
)

// Down removes a lab, whoever has built it.
func Down(name string, options Options) error {
	if os.Geteuid() != 0 {
		return ErrNotRoot
	}
	l, err := Open(name, options)
	if err != nil {
		return err
	}
	return l.Remove()
}

// Exec becomes a command on a node of a lab, a shell where there is none. It
// returns only where that fails.
func Exec(name string, options Options, node string, command []string) error {
	l, err := Open(name, options)
	if err != nil {
		return err
	}
	ns, err := l.Node(node)
	if err != nil {
		return fmt.Errorf("lab %s has no node %s: %w", name, node, err)
	}
	if len(command) == 0 {
		command = []string{shell()}
	}
	path, err := exec.LookPath(command[0])
	if err != nil {
		return err
	}
	return ns.Do(func() error { return syscall.Exec(path, command, os.Environ()) })
}

func shell() string {
	if s := os.Getenv("SHELL"); s != "" {
		return s
	}
	return "/bin/sh"
}
