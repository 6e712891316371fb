package load

import (
	"errors"
	"fmt"
	"iter"
	"sync/atomic"
	"time"

	"github.com/dynamodest/dynamodest"
)

// The measures of a Feed.
const (
	feedRows   = 256         // rows that are read ahead
	pauseAfter = time.Second // of silence, so that settled rows are reported
)

// Feed reads a source on a goroutine of its own, so that a load can stop, and report what is settled, while
// the source waits for its next row. Its methods are for one goroutine, but for Taken.
type Feed struct {
	items  chan item
	quit   chan struct{}
	ended  chan struct{} // closed when the source's goroutine is gone
	peeked []item
	check  func(dynamodest.Row) error // nil if rows are not checked
	taken  atomic.Int64

	refused   error // the error with which the call stopped
	exhausted bool  // the source has ended
}

// item is what a source yielded.
type item struct {
	row dynamodest.Row
	err error
}

// NewFeed begins to read rows. The caller calls Close.
func NewFeed(rows iter.Seq2[dynamodest.Row, error]) *Feed {
	f := &Feed{items: make(chan item, feedRows), quit: make(chan struct{}), ended: make(chan struct{})}
	go func() {
		defer close(f.ended)
		defer close(f.items)
		for row, err := range rows {
			select {
			case f.items <- item{row, err}:
			case <-f.quit:
				return
			}
		}
	}()
	return f
}

// Close ends the reading. It waits for the source's goroutine unless the source may wait forever, as standard
// input may: such a goroutine ends with the process.
func (f *Feed) Close(wait bool) {
	close(f.quit)
	if wait {
		<-f.ended
	}
}

// Peek returns the first n rows of the source, or as many as it has. Rows yields them again.
func (f *Feed) Peek(n int, stop <-chan struct{}) []dynamodest.Row {
	var rows []dynamodest.Row
	for len(f.peeked) < n {
		select {
		case it, ok := <-f.items:
			if !ok {
				return rows
			}
			f.peeked = append(f.peeked, it)
			if it.err == nil {
				rows = append(rows, it.row)
			}
		case <-stop:
			return rows
		}
	}
	return rows
}

// Check has Rows yield a row for which check returns an error with that error, as a BadRow.
func (f *Feed) Check(check func(dynamodest.Row) error) { f.check = check }

// Taken returns how many rows were taken from the source, those included that were skipped.
func (f *Feed) Taken() int { return int(f.taken.Load()) }

// Ended returns the error with which the source ended, if that is what err, which the call with its rows returned,
// is about; otherwise nil.
func (f *Feed) Ended(err error) error {
	if f.refused != nil && errors.Is(err, f.refused) {
		return f.refused
	}
	return nil
}

// Rows yields the rows of the source from number first on, until stop is closed. It calls next before it
// takes each row, and ends if next returns false.
func (f *Feed) Rows(first int, stop <-chan struct{}, next func() bool) iter.Seq2[dynamodest.Row, error] {
	return func(yield func(dynamodest.Row, error) bool) {
		if !f.skip(first, stop, yield) {
			return
		}
		idle := time.NewTimer(pauseAfter)
		defer idle.Stop()
		for next() {
			it, got := f.take(stop, idle)
			switch {
			case got == ended || got == stopped:
				return
			case got == silence:
				if !yield(nil, dynamodest.Pause) {
					return
				}
				continue
			}
			f.taken.Add(1)
			if it.err == nil && f.check != nil {
				if err := f.check(it.row); err != nil {
					it.err = dynamodest.BadRow(err)
				}
			}
			if !yield(it.row, it.err) {
				f.refused = it.err
				return
			}
		}
	}
}

// skip drops the first n rows. It reports whether the call goes on.
func (f *Feed) skip(n int, stop <-chan struct{}, yield func(dynamodest.Row, error) bool) bool {
	var last error
	for i := range n {
		it, got := f.take(stop, nil)
		switch got {
		case row:
			last = it.err
			f.taken.Add(1)
			continue
		case ended:
			if last == nil {
				last = fmt.Errorf("the source has %d rows, and the checkpoint is after row %d", i, n)
			}
			f.refused = last
			yield(nil, last)
		case stopped, silence:
		}
		return false
	}
	return true
}

// got is what a Feed has got from its source.
type got int

const (
	row     got = iota // a row, or an error
	ended              // the source has ended
	stopped            // stop is closed
	silence            // nothing for pauseAfter
)

// take returns the next item. Without idle it waits for as long as it takes.
func (f *Feed) take(stop <-chan struct{}, idle *time.Timer) (item, got) {
	select {
	case <-stop: // goes first
		return item{}, stopped
	default:
	}
	if len(f.peeked) > 0 {
		it := f.peeked[0]
		f.peeked = f.peeked[1:]
		return it, row
	}
	select {
	case it, ok := <-f.items:
		return f.took(it, ok)
	default:
	}
	var silent <-chan time.Time
	if idle != nil {
		idle.Reset(pauseAfter)
		silent = idle.C
	}
	select {
	case it, ok := <-f.items:
		return f.took(it, ok)
	case <-stop:
		return item{}, stopped
	case <-silent:
		return item{}, silence
	}
}

func (f *Feed) took(it item, ok bool) (item, got) {
	if !ok {
		f.exhausted = true
		return item{}, ended
	}
	return it, row
}
