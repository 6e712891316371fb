package dynamodest

import (
	"runtime"
	"sync"
)

// convertAll converts rows on as many goroutines as there are processors, a
// fair share each.
func (c *converter) convertAll(rows []Row) ([]*item, []*RowError) {
	items, errs := make([]*item, len(rows)), make([]*RowError, len(rows))
	share := max(32, (len(rows)+runtime.GOMAXPROCS(0)-1)/runtime.GOMAXPROCS(0))
	var wg sync.WaitGroup
	for from := 0; from < len(rows); from += share {
		part := func() {
			for i := from; i < min(from+share, len(rows)); i++ {
				items[i], errs[i] = c.convert(rows[i])
			}
		}
		if from+share >= len(rows) {
			part() // the last share, on this goroutine
		} else {
			wg.Go(part)
		}
	}
	wg.Wait()
	return items, errs
}
