package typemap

import (
	"context"
	"runtime"
	"sync"

	"github.com/dynamodest/dynamodest/internal/fault"
	"github.com/dynamodest/dynamodest/internal/item"
)

// minShare is the fewest rows that are worth a goroutine.
const minShare = 32

// ConvertAll converts rows on as many goroutines as there are processors, the caller's included, in
// equal shares. If ctx is done it stops early; rows not reached have neither an item nor an error.
//
// A method of a value that calls runtime.Goexit fails the value's row alone, unless the call ends the
// caller's own goroutine; so does the mapping's Convert, which never runs on that goroutine.
func (c *Converter) ConvertAll(ctx context.Context, rows []map[string]any) ([]*item.Item, []*fault.Error) {
	return c.convertEach(ctx, rows, c.convert)
}

// ConvertKeys is ConvertAll for the keys of rows alone, as ConvertKey makes them.
func (c *Converter) ConvertKeys(ctx context.Context, rows []map[string]any) ([]*item.Item, []*fault.Error) {
	return c.convertEach(ctx, rows, c.convertKey)
}

// convertEach is ConvertAll by the given conversion of a row.
func (c *Converter) convertEach(ctx context.Context, rows []map[string]any, convert conversion) ([]*item.Item, []*fault.Error) {
	items := make([]*item.Item, len(rows))
	errs := c.inShares(ctx, len(rows), 1, func(i int) (err *fault.Error) {
		items[i], err = convert(rows[i])
		return err
	})
	return items, errs
}

// conversion makes the item of a row, or says why there is none.
type conversion func(row map[string]any) (*item.Item, *fault.Error)

// Slab is the memory of the items of some rows that follow one another.
type Slab struct {
	Items []item.Item
	Texts *item.Texts
}

// EncodeAll is ConvertAll by Encode. It sets the items of slabs, which together have one for each row: all slabs
// but the last have the same number of Items. The rows of a slab are encoded by one goroutine. Rows not
// reached have neither JSON nor an error.
func (c *Converter) EncodeAll(ctx context.Context, rows []map[string]any, slabs []Slab) []*fault.Error {
	if len(rows) == 0 {
		return nil
	}
	size := len(slabs[0].Items)
	return c.inShares(ctx, len(rows), size, func(i int) *fault.Error {
		s := BorrowScratch()
		slab := &slabs[i/size]
		err := c.encode(s, slab.Texts, &slab.Items[i%size], rows[i])
		s.Return()
		return err
	})
}

// inShares calls convert for each index from 0 to n, in shares of a multiple of unit, and returns the errors.
func (c *Converter) inShares(ctx context.Context, n, unit int, convert func(i int) *fault.Error) []*fault.Error {
	errs := make([]*fault.Error, n)
	procs := runtime.GOMAXPROCS(0)
	size := max(minShare, (n+procs-1)/procs)
	size = (size + unit - 1) / unit * unit
	var workers sync.WaitGroup
	defer workers.Wait() // also if the caller's goroutine ends
	from := 0
	for ; from+size < n; from += size {
		c.start(ctx, &workers, &share{convert: convert, errs: errs, next: from, end: from + size})
	}
	last := &share{convert: convert, errs: errs, next: from, end: n}
	if c.mapping.Convert != nil { // it may end its goroutine
		c.start(ctx, &workers, last)
		workers.Wait()
		return errs
	}
	last.finish(ctx)
	return errs
}

// share is the rows that one goroutine converts, by their indexes.
type share struct {
	convert   func(i int) *fault.Error
	errs      []*fault.Error // of all shares
	next, end int            // of the rows that are left
}

// unfinished reports whether there is a row left to convert.
func (s *share) unfinished(ctx context.Context) bool { return s.next < s.end && ctx.Err() == nil }

// finish converts the rows of s that are left.
func (s *share) finish(ctx context.Context) {
	for ; s.unfinished(ctx); s.next++ {
		s.errs[s.next] = s.convert(s.next)
	}
}

// start converts s on a new goroutine. If a method of a value ends the goroutine, that row
// fails and another goroutine converts the rest.
func (c *Converter) start(ctx context.Context, workers *sync.WaitGroup, s *share) {
	workers.Go(func() {
		defer func() {
			if s.unfinished(ctx) {
				s.errs[s.next] = c.errGoexit()
				s.next++
				c.start(ctx, workers, s)
			}
		}()
		s.finish(ctx)
	})
}
