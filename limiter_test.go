package dynamodest_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/assert"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// tokenBucket is a Limiter that behaves as golang.org/x/time/rate.Limiter: it begins full, refuses more
// than its burst, and gives units in the order in which they are asked for.
type tokenBucket struct {
	burst float64

	mu     sync.Mutex
	rate   float64
	tokens float64
	at     time.Time
	asked  []int
}

func newTokenBucket(rate, burst float64) *tokenBucket {
	return &tokenBucket{rate: rate, burst: burst, tokens: burst, at: time.Now()}
}

func (b *tokenBucket) WaitN(ctx context.Context, n int) error {
	wait, err := b.reserve(float64(n))
	if err != nil {
		return err
	}
	select {
	case <-time.After(wait):
		return nil
	case <-ctx.Done():
		b.mu.Lock()
		defer b.mu.Unlock()
		b.tokens += float64(n)
		return ctx.Err()
	}
}

func (b *tokenBucket) reserve(n float64) (wait time.Duration, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if n > b.burst {
		return 0, fmt.Errorf("%v units exceed the burst", n)
	}
	b.asked = append(b.asked, int(n))
	b.refill()
	b.tokens -= n
	return time.Duration(math.Ceil(max(0, -b.tokens) / b.rate * float64(time.Second))), nil
}

func (b *tokenBucket) refill() {
	now := time.Now()
	b.tokens = min(b.burst, b.tokens+b.rate*now.Sub(b.at).Seconds())
	b.at = now
}

// setRate changes the rate from now on.
func (b *tokenBucket) setRate(rate float64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.refill()
	b.rate = rate
}

// arrival is a request that reached the client.
type arrival struct {
	at    time.Time
	units int
}

// arrivals keeps, as a fault of db, when each request that writes came and what it costs. refuse, if
// not nil, returns the fault.
func arrivals(db *dynamodesttest.DB, refuse func(dynamodesttest.Call) dynamodesttest.Fault) *[]arrival {
	var mu sync.Mutex
	var came []arrival
	db.SetFault(func(c dynamodesttest.Call) dynamodesttest.Fault {
		if len(c.Keys) == 0 {
			return dynamodesttest.Fault{}
		}
		units := 0
		for i := range c.Keys {
			units += unitsOf(c.Item(i))
		}
		mu.Lock()
		came = append(came, arrival{c.At, units})
		mu.Unlock()
		if refuse == nil {
			return dynamodesttest.Fault{}
		}
		return refuse(c)
	})
	return &came
}

// unitsOf returns the write units of an item of the tests, which has the attributes id and fill.
func unitsOf(it map[string]types.AttributeValue) int {
	size := len("id") + len(it["id"].(*types.AttributeValueMemberS).Value)
	if fill, ok := it["fill"].(*types.AttributeValueMemberB); ok {
		size += len("fill") + len(fill.Value)
	}
	return (size + 1023) / 1024
}

// filled makes rows that cost so many units each.
func filled(units ...int) []dynamodest.Row {
	rows := make([]dynamodest.Row, len(units))
	for i, n := range units {
		rows[i] = dynamodest.Row{"id": fmt.Sprintf("r-%05d", i)}
		if n > 1 {
			rows[i]["fill"] = make([]byte, n*1024-len("idr-00000fill"))
		}
	}
	return rows
}

// mostInASecond returns the most units that came in a window of one second.
func mostInASecond(came []arrival) (most int) {
	for i := range came {
		units := 0
		for _, a := range came[i:] {
			if a.at.Sub(came[i].at) <= time.Second {
				units += a.units
			}
		}
		most = max(most, units)
	}
	return most
}

func total(came []arrival) (units int) {
	for _, a := range came {
		units += a.units
	}
	return units
}

// No second sees more than the rate and the burst of a Limiter, whatever the concurrency, and the
// budget is used: over rows of any size, calls side by side, a hook that takes its time, and retries.
func TestLimiterLimits(t *testing.T) {
	t.Parallel()
	const rate, burst = 300, 400
	random := rand.New(rand.NewPCG(1, 2))
	mixed := make([]int, 400)
	for i := range mixed {
		mixed[i] = 1 + random.IntN(20)
		if i%50 == 0 {
			mixed[i] = 400 // the largest item
		}
	}
	for name, tt := range map[string]struct {
		units  []int
		calls  int
		hook   time.Duration
		refuse bool
		exists dynamodest.OnExisting
	}{
		"one call":          {units: slices.Repeat([]int{1}, 3000), calls: 1},
		"ten calls":         {units: slices.Repeat([]int{1}, 3000), calls: 10},
		"slow RequestStart": {units: slices.Repeat([]int{1}, 1000), calls: 3, hook: 3 * time.Second},
		"rows of all sizes": {units: mixed, calls: 3},
		"the largest rows":  {units: slices.Repeat([]int{400}, 20), calls: 2},
		"resends":           {units: slices.Repeat([]int{1, 7}, 400), calls: 2, refuse: true},
		"conditional puts":  {units: slices.Repeat([]int{1, 2}, 400), calls: 2, exists: dynamodest.Skip},
	} {
		testInBubble(t, name, func(t *testing.T) {
			db := dynamodesttest.NewTable(table, "id:S")
			db.SetLatency(10*time.Millisecond, 10*time.Millisecond, 1)
			var requests atomic.Int32
			came := arrivals(db, func(dynamodesttest.Call) dynamodesttest.Fault {
				switch n := requests.Add(1); {
				case !tt.refuse:
				case n%5 == 0:
					return dynamodesttest.Unprocessed(dynamodesttest.First(3))
				case n%7 == 0:
					return dynamodesttest.Throttled("ThrottlingException", dynamodesttest.ARN(table))
				}
				return dynamodesttest.Fault{}
			})
			limiter := newTokenBucket(rate, burst)
			cfg := dynamodest.Config{Table: table, Client: db, Concurrency: 64, Limiter: limiter}
			cfg.Retry.MaxAttempts = 50 // a third of the requests is refused, so that ten in a row happen
			if tt.exists != "" {
				cfg.Mode, cfg.OnExisting = dynamodest.Insert, tt.exists
			}
			if tt.hook > 0 {
				cfg.Observer.RequestStart = func(ctx context.Context, _ dynamodest.Request) context.Context {
					time.Sleep(rand.N(tt.hook))
					return ctx
				}
			}
			dest := newDest(t, cfg)
			began := time.Now()
			var calls sync.WaitGroup
			for rows := range slices.Chunk(filled(tt.units...), len(tt.units)/tt.calls+1) {
				calls.Go(func() {
					res, err := dest.Write(t.Context(), rows)
					assert.NoError(t, err)
					assert.Equal(t, len(rows), res.Summary.Written)
				})
			}
			calls.Wait()
			assert.LessOrEqual(t, mostInASecond(*came), rate+burst)
			assert.LessOrEqual(t, slices.Max(limiter.asked), burst)
			asked := make([]arrival, len(limiter.asked))
			for i, units := range limiter.asked {
				asked[i].units = units
			}
			assert.Equal(t, total(*came), total(asked), "units asked for are units sent, resends included")
			assert.Len(t, asked, len(*came), "one question for each request")
			if tt.hook == 0 && !tt.refuse {
				least := float64(total(*came)-burst) / rate
				assert.InDelta(t, least, time.Since(began).Seconds(), 0.1+0.02*least, "the budget is used")
			}
		})
	}
}

// Twenty Destinations keep to one budget, so that a table which has that much refuses next to nothing.
func TestDestinationsShareALimiter(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := dynamodesttest.NewTable(table, "id:S")
		db.SetLatency(8*time.Millisecond, 12*time.Millisecond, 1)
		limit := db.Limit(table, dynamodesttest.Capacity{UnitsPerSecond: 2000, Full: true})
		limiter := newTokenBucket(1800, 400)
		began := time.Now()
		var writers sync.WaitGroup
		for i := range 20 {
			writers.Go(func() {
				dest := newDest(t, dynamodest.Config{Table: table, Client: db, Concurrency: 64, Limiter: limiter})
				rows := numbered(1000)
				for _, row := range rows {
					row["id"] = fmt.Sprint(i, row["id"])
				}
				_, err := dest.Write(t.Context(), rows)
				assert.NoError(t, err)
			})
		}
		writers.Wait()
		_, refused := limit.Usage()
		assert.LessOrEqual(t, refused, 20.0, "of 20,000 rows")
		assert.InDelta(t, 20_000.0/1800, time.Since(began).Seconds(), 0.5)
	})
}
