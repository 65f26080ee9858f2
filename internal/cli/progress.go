package cli

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// progress tells on standard error how far something is. On a terminal its line
// is drawn in place; elsewhere only changes of a status are told.
type progress struct {
	w     io.Writer
	live  bool
	last  string
	start time.Time
	drawn time.Time
}

func newProgress(s Streams) *progress {
	return &progress{w: s.Err, live: s.Live, start: time.Now()}
}

// Pieces of the line.
const (
	redraw    = "\r\x1b[K" // to the beginning of the line, which is emptied
	barWidth  = 30
	drawEvery = 100 * time.Millisecond
)

// status tells what something is waiting in.
func (p *progress) status(text string) {
	text = strings.Join(strings.Fields(text), " ")
	if p.live {
		p.draw(fmt.Sprintf("%s (%v)", text, time.Since(p.start).Round(time.Second)))
	} else if text != p.last {
		_, _ = fmt.Fprintln(p.w, text) // progress is not worth failing for
	}
	p.last = text
}

// count tells how many of all are done.
func (p *progress) count(done, all int, what string) {
	if !p.live || (done < all && time.Since(p.drawn) < drawEvery) {
		return
	}
	p.drawn = time.Now()
	filled := barWidth * done / max(all, 1)
	bar := strings.Repeat("#", filled) + strings.Repeat(".", barWidth-filled)
	rate := float64(done) / max(time.Since(p.start).Seconds(), 0.001)
	p.draw(fmt.Sprintf("[%s] %d of %d %s, %.0f/s", bar, done, all, what, rate))
}

func (p *progress) draw(text string) {
	_, _ = fmt.Fprint(p.w, redraw+text) // as above
	p.last = text
}

// end leaves the line as it is.
func (p *progress) end() {
	if p.live && p.last != "" {
		_, _ = fmt.Fprintln(p.w) // as above
	}
}
