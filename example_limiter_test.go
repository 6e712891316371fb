package dynamodest_test

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// unitStore hands out the write units of a budget that several processes share.
type unitStore interface {
	// Lease takes up to n units of what is left now. If nothing is left, more may be after retryAfter.
	Lease(ctx context.Context, n int) (granted int, retryAfter time.Duration, err error)
}

// README: budget
// leaser is the Limiter of one Destination. It leases units in chunks, so that the store is asked
// once for many requests. A Destination calls WaitN for one request at a time: no lock is needed.
type leaser struct {
	store unitStore
	units int // leased and not used
}

func (l *leaser) WaitN(ctx context.Context, n int) error {
	for l.units < n {
		granted, retryAfter, err := l.store.Lease(ctx, 500) // a request needs 400 at most
		if err != nil {
			return err // stops the call
		}
		if l.units += granted; granted > 0 {
			continue
		}
		select {
		case <-time.After(retryAfter):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	l.units -= n
	return nil
}

// README end

// memoryStore grants so many units in each second. In production it would be a counter for each second
// in a database that all processes reach, raised by an atomic update that fails above the budget, such
// as a conditional UpdateItem or a script in Redis.
type memoryStore struct {
	perSecond int

	mu     sync.Mutex
	second time.Time
	left   int
	leases int
}

func (s *memoryStore) Lease(_ context.Context, n int) (int, time.Duration, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := time.Now().Truncate(time.Second); now.After(s.second) {
		s.second, s.left = now, s.perSecond
	}
	if s.left == 0 {
		return 0, time.Until(s.second.Add(time.Second)), nil
	}
	granted := min(n, s.left)
	s.left -= granted
	s.leases++
	return granted, 0, nil
}

// Two processes, each with a Destination of its own, share one budget of write units.
func ExampleLimiter() {
	ctx := context.Background()
	db := dynamodesttest.NewTable("squares", "n:N")
	budget := &memoryStore{perSecond: 10_000}

	var processes sync.WaitGroup
	for process := range 2 {
		processes.Go(func() {
			dest, err := dynamodest.New(ctx, dynamodest.Config{
				Table:   "squares",
				Client:  db,
				Limiter: &leaser{store: budget},
			})
			if err != nil {
				fmt.Println(err)
				return
			}
			rows := make([]dynamodest.Row, 1000)
			for i := range rows {
				n := 1000*process + i
				rows[i] = dynamodest.Row{"n": n, "square": n * n}
			}
			if _, err := dest.Write(ctx, rows); err != nil {
				fmt.Println(err)
			}
		})
	}
	processes.Wait()
	fmt.Println(db.Len("squares"), "rows, at one unit each, by", budget.leases, "leases")
	// Output: 2000 rows, at one unit each, by 4 leases
}
