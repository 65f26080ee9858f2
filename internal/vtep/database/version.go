package database

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// ours is what a version of Open vSwitch's is raised by: far enough from the
// versions that Open vSwitch itself may give next.
const ours = 100

// raised gives the version of a schema that has more than the one of that
// version: 1.7.0 becomes 1.7.100, and 1.7.101 after that.
func raised(version string) string {
	n, _ := numbers(version)
	if n[2] < ours {
		n[2] += ours
	} else {
		n[2]++
	}
	return fmt.Sprintf("%d.%d.%d", n[0], n[1], n[2])
}

// newer tells whether version a comes after b.
func newer(a, b string) bool {
	x, _ := numbers(a)
	y, _ := numbers(b)
	return slices.Compare(x[:], y[:]) > 0
}

// numbers reads a version.
func numbers(version string) (n [3]uint64, ok bool) {
	parts := strings.Split(version, ".")
	if len(parts) != len(n) {
		return n, false
	}
	for i, part := range parts {
		var err error
		if n[i], err = strconv.ParseUint(part, 10, 32); err != nil {
			return n, false
		}
	}
	return n, true
}
