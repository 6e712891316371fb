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
	return c.inShares(ctx, rows, c.convert)
}

// ConvertKeys is ConvertAll for the keys of rows alone, as ConvertKey makes them.
func (c *Converter) ConvertKeys(ctx context.Context, rows []map[string]any) ([]*item.Item, []*fault.Error) {
	return c.inShares(ctx, rows, c.convertKey)
}

// inShares is ConvertAll by the given conversion of a row.
func (c *Converter) inShares(ctx context.Context, rows []map[string]any, convert conversion) ([]*item.Item, []*fault.Error) {
	all := share{convert: convert, rows: rows, items: make([]*item.Item, len(rows)), errs: make([]*fault.Error, len(rows))}
	procs := runtime.GOMAXPROCS(0)
	size := max(minShare, (len(rows)+procs-1)/procs)
	var workers sync.WaitGroup
	defer workers.Wait() // also if the caller's goroutine ends
	from := 0
	for ; from+size < len(rows); from += size {
		c.start(ctx, &workers, all.part(from, from+size))
	}
	if c.mapping.Convert != nil { // it may end its goroutine
		c.start(ctx, &workers, all.part(from, len(rows)))
		workers.Wait()
		return all.items, all.errs
	}
	all.part(from, len(rows)).finish(ctx)
	return all.items, all.errs
}

// conversion makes the item of a row, or says why there is none.
type conversion func(row map[string]any) (*item.Item, *fault.Error)

// share is the rows that one goroutine converts, with the results.
type share struct {
	convert conversion
	rows    []map[string]any
	items   []*item.Item
	errs    []*fault.Error
	done    int // rows converted
}

func (s *share) part(from, to int) *share {
	return &share{convert: s.convert, rows: s.rows[from:to], items: s.items[from:to], errs: s.errs[from:to]}
}

// unfinished reports whether there is a row left to convert.
func (s *share) unfinished(ctx context.Context) bool { return s.done < len(s.rows) && ctx.Err() == nil }

// finish converts the rows of s that are left.
func (s *share) finish(ctx context.Context) {
	for ; s.unfinished(ctx); s.done++ {
		s.items[s.done], s.errs[s.done] = s.convert(s.rows[s.done])
	}
}

// start converts s on a new goroutine. If a method of a value ends the goroutine, that row
// fails and another goroutine converts the rest.
func (c *Converter) start(ctx context.Context, workers *sync.WaitGroup, s *share) {
	workers.Go(func() {
		defer func() {
			if s.unfinished(ctx) {
				s.errs[s.done] = c.errGoexit()
				s.done++
				c.start(ctx, workers, s)
			}
		}()
		s.finish(ctx)
	})
}
