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
	all := share{rows: rows, items: make([]*item.Item, len(rows)), errs: make([]*fault.Error, len(rows))}
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
	c.convertShare(ctx, all.part(from, len(rows)))
	return all.items, all.errs
}

// share is the rows that one goroutine converts, with the results.
type share struct {
	rows  []map[string]any
	items []*item.Item
	errs  []*fault.Error
	done  int // rows converted
}

func (s *share) part(from, to int) *share {
	return &share{rows: s.rows[from:to], items: s.items[from:to], errs: s.errs[from:to]}
}

// unfinished reports whether there is a row left to convert.
func (s *share) unfinished(ctx context.Context) bool { return s.done < len(s.rows) && ctx.Err() == nil }

// convertShare converts the rows of s that are left.
func (c *Converter) convertShare(ctx context.Context, s *share) {
	for ; s.unfinished(ctx); s.done++ {
		s.items[s.done], s.errs[s.done] = c.convert(s.rows[s.done])
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
		c.convertShare(ctx, s)
	})
}
