// Package logfile shows what programs have written, where something failed.
package logfile

import "os"

// tailSize is how many bytes are shown.
const tailSize = 2000

// Tail gives the end of a log file; of one that cannot be read, why.
func Tail(path string) string {
	b, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	return string(b[max(0, len(b)-tailSize):])
}
