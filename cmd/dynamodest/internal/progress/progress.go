// Package progress shows how far a load has come: as a bar on a terminal, as plain lines elsewhere.
package progress

import (
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
)

// How often the progress is shown, and over which time its rates are.
const (
	barEvery  = 200 * time.Millisecond
	lineEvery = 10 * time.Second
	window    = 15 * time.Second
)

// Sample is how far a load has come at one moment.
type Sample struct {
	Rows   int     // settled
	Failed int     // of them
	Taken  int     // from the source; at least Rows
	Units  float64 // write units used

	Read, Size int64 // bytes of the source, read and in all; Size is -1 if it is not known

	Holding string // what holds the load back, such as "the table's capacity"; "" if nothing is known to
}

// fraction returns how much of the source is settled, from 0 to 1; -1 if that is not known. It counts the
// bytes read only for the rows of them that are settled, since reading runs ahead of writing.
func (s Sample) fraction() float64 {
	if s.Size <= 0 || s.Taken == 0 {
		return -1
	}
	return min(1, float64(s.Read)/float64(s.Size)) * float64(s.Rows) / float64(s.Taken)
}

// Reporter shows progress until Stop.
type Reporter struct {
	out     io.Writer
	sample  func() Sample
	width   func() int // of the terminal; nil without one
	bar     *progressbar.ProgressBar
	first   timed
	samples []timed // of the last window, the oldest first
	stop    chan struct{}
	stopped chan struct{}
}

// timed is a Sample and when it was taken.
type timed struct {
	Sample
	at time.Time
}

// Start begins to show what sample returns on out: a bar if width is given, which returns the width of the
// terminal that out is, and otherwise a line every ten seconds. sample is called from a goroutine that ends
// with Stop.
func Start(out io.Writer, width func() int, sample func() Sample) *Reporter {
	r := &Reporter{out: out, sample: sample, width: width, stop: make(chan struct{}), stopped: make(chan struct{})}
	r.first = timed{sample(), time.Now()}
	r.samples = []timed{r.first}
	every := lineEvery
	if width != nil {
		every = barEvery
		r.bar = newBar(out, r.first.Size >= 0)
	}
	go r.run(every)
	return r
}

// permille is the length of a bar: it is full only when Stop ends it.
const permille = 1000

func newBar(out io.Writer, known bool) *progressbar.ProgressBar {
	length := int64(-1)
	if known {
		length = permille
	}
	return progressbar.NewOptions64(length,
		progressbar.OptionSetWriter(out),
		progressbar.OptionSetWidth(20),
		progressbar.OptionSetPredictTime(false),
		progressbar.OptionSetElapsedTime(false),
		progressbar.OptionSetSpinnerChangeInterval(0), // or a goroutine of the bar's own turns the spinner
		progressbar.OptionShowDescriptionAtLineEnd(),
		progressbar.OptionUseANSICodes(true),
	)
}

// Stop shows a last line with the whole load, and returns when nothing more will be shown.
func (r *Reporter) Stop() {
	close(r.stop)
	<-r.stopped
}

func (r *Reporter) run(every time.Duration) {
	defer close(r.stopped)
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			r.show()
		case <-r.stop:
			r.last()
			return
		}
	}
}

// show shows the present state.
func (r *Reporter) show() {
	now := timed{r.sample(), time.Now()}
	r.samples = append(r.samples, now)
	for len(r.samples) > 2 && now.at.Sub(r.samples[0].at) > window {
		r.samples = r.samples[1:]
	}
	text := describe(r.samples[0], now)
	if r.bar == nil {
		fmt.Fprintln(r.out, text)
		return
	}
	if done := now.fraction(); done >= 0 {
		_ = r.bar.Set64(min(permille-1, int64(permille*done))) // the bar is on its way to a terminal: there is nobody to report to
	}
	r.bar.Describe(cut(text, r.width()))
}

// barWidth is the width of the bar itself, its percentage included.
const barWidth = 32

// cut returns text in as many runes as a terminal of the given width has room for after the bar; all of it if the width
// is not known, which is 0.
func cut(text string, width int) string {
	runes, room := []rune(text), max(0, width-barWidth)
	if width <= 0 || len(runes) <= room {
		return text
	}
	return string(runes[:room])
}

// last shows the whole load.
func (r *Reporter) last() {
	if r.bar != nil {
		fmt.Fprint(r.out, "\r\033[0K") // the bar goes, and a line stays
	}
	now := timed{r.sample(), time.Now()}
	now.Holding, now.Size = "", -1
	fmt.Fprintf(r.out, "%s in %s\n", describe(r.first, now), now.at.Sub(r.first.at).Round(10*time.Millisecond))
}

// describe returns the state now, with rates since then.
func describe(then, now timed) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s rows", Count(now.Rows))
	if now.Failed > 0 {
		fmt.Fprintf(&b, " (%s failed)", Count(now.Failed))
	}
	if seconds := now.at.Sub(then.at).Seconds(); seconds > 0 {
		fmt.Fprintf(&b, ", %s rows/s, %s units/s", Count(int(math.Round(float64(now.Rows-then.Rows)/seconds))), Count(int(math.Round((now.Units-then.Units)/seconds))))
	}
	if left := timeLeft(then, now); left > 0 {
		fmt.Fprintf(&b, ", %s left", left)
	}
	if now.Holding != "" {
		fmt.Fprintf(&b, ", held back by %s", now.Holding)
	}
	return b.String()
}

// timeLeft returns how long the rest takes at the rate since then; 0 if that is not known.
func timeLeft(then, now timed) time.Duration {
	done, before := now.fraction(), max(0, then.fraction())
	if done <= before {
		return 0
	}
	left := float64(now.at.Sub(then.at)) * (1 - done) / (done - before)
	if left > float64(1000*time.Hour) {
		return 0
	}
	return max(time.Second, time.Duration(left)).Round(time.Second)
}

// Count returns n with commas between thousands.
func Count(n int) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
