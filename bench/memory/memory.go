// Package memory tells what a process has of the machine's memory.
package memory

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// Usage is what a process has, in bytes.
type Usage struct {
	Now  int64 // VmRSS
	Peak int64 // VmHWM: the most that it has had
}

// Of tells what a process has, without its children.
func Of(pid int) (Usage, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return Usage{}, err
	}
	return parseStatus(text)
}

func parseStatus(text []byte) (m Usage, err error) {
	fields := map[string]*int64{"VmRSS": &m.Now, "VmHWM": &m.Peak}
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		name, rest, _ := strings.Cut(lines.Text(), ":")
		into := fields[name]
		if into == nil {
			continue
		}
		kib, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
		if err != nil {
			return m, fmt.Errorf("%s of a process: %w", name, err)
		}
		*into = kib << 10
		delete(fields, name)
	}
	if len(fields) > 0 {
		return m, errors.New("the status of a process has no VmRSS or no VmHWM")
	}
	return m, nil
}
