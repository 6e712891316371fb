package typemap

import (
	"sync"

	"github.com/dynamodest/dynamodest/internal/item"
)

// Scratch is the memory that one goroutine converts rows in, one after another. The zero value is ready for
// use. Between rows it holds nothing of a row but the bytes of the last one, which the next one overwrites.
type Scratch struct {
	buf     []byte
	found   []foundValue
	builder item.Builder
	attr    item.Attr // of the value that is being converted
}

var scratches = sync.Pool{New: func() any { return new(Scratch) }}

// BorrowScratch returns a Scratch that was returned before, or a new one. Whoever borrows it returns it, but not
// after a panic or runtime.Goexit in the middle of a row.
func BorrowScratch() *Scratch {
	return scratches.Get().(*Scratch) //nolint:forcetypeassert // its New makes no other
}

// Return gives s back for others.
func (s *Scratch) Return() {
	s.release()
	scratches.Put(s)
}

// release drops what the Scratch refers to of a row.
func (s *Scratch) release() {
	clear(s.found)
	s.found = s.found[:0]
	s.attr = item.Attr{}
	s.builder.Release()
}
