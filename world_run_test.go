package dynamodest_test

import (
	"context"
	"errors"
	"iter"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dynamodest/dynamodest"
)

// step changes a capacity at a moment.
type step struct {
	at       time.Duration
	capacity float64
}

// world is a table, the others who write to it, and our own processes. One or more Destinations of
// the default Config write to it in virtual time.
type world struct {
	name string

	// the table
	capacity  float64       // units/s
	steps     []step        // later capacities
	burst     float64       // seconds of unused capacity that it keeps; default 1
	credit    float64       // seconds of capacity that it has at the start
	window    time.Duration // of metering
	whole     bool          // a request that does not fit is refused whole
	jitters   bool          // requests take 8 to 12 ms, not 10; so with all seeds but the first
	noise     noise
	ranges    []float64         // units/s of limited key ranges
	rangeOf   func(row int) int // the range of a row; -1 = in none
	possible  float64           // units/s that the ranges leave possible; 0 = the capacity
	told      int64             // units/s that DescribeTable reports; 0 = no capacity
	toldIndex int64             // the same of a global index; 0 = no index

	rivals rivals // the other writers

	// our processes
	peers    int           // default 1
	runs     time.Duration // the calls are cancelled then; 0 = they end with their rows
	rows     int           // of each call; 0 = no end
	calls    int           // of each process, one after the other; default 1
	attempts int           // Retry.MaxAttempts
	budget   int           // units/s that they share as the README has it; 0 = no Limiter

	recovers time.Duration // the moment from which recovery is measured
	wants    []want
}

func (w *world) keeps() float64 { return max(1, w.burst) }

// outcome is what a run has measured.
type outcome struct {
	world    *world
	seconds  []second
	peers    []peerCount
	end      time.Duration // of the last call
	lastCall time.Duration // that the last call took
	free     float64       // units that the others leave, alone on the table
	capacity float64       // units that the table had
	givenUp  int           // rows that were throttled until their attempts were used up
	stops    []error       // what ended calls early
}

// run runs the world, in virtual time.
func (w world) run(t *testing.T, seed uint64) (o outcome) {
	t.Helper()
	w.jitters = w.jitters || seed > 1
	synctest.Test(t, func(t *testing.T) {
		wt := newWorldTable(&w, seed)
		o.world = &w
		ctx, cancel := t.Context(), context.CancelFunc(func() {})
		if w.runs > 0 {
			ctx, cancel = context.WithTimeout(ctx, w.runs)
		}
		defer cancel()
		var peers sync.WaitGroup
		var mu sync.Mutex
		store := &memoryStore{perSecond: w.budget}
		for peer := range wt.peers {
			cfg := dynamodest.Config{
				Table: table, Client: worldClient{wt, peer}, Retry: dynamodest.Retry{MaxAttempts: w.attempts},
			}
			if w.budget > 0 {
				cfg.Limiter = &leaser{store: store}
			}
			dest := newDest(t, cfg)
			peers.Go(func() {
				for range max(1, w.calls) {
					began := time.Now()
					givenUp, err := w.call(ctx, dest)
					mu.Lock()
					o.givenUp += givenUp
					o.lastCall = time.Since(began)
					o.end = time.Since(wt.began)
					if err != nil {
						o.stops = append(o.stops, err)
					}
					mu.Unlock()
				}
			})
		}
		peers.Wait()
		if w.runs > 0 {
			o.end = w.runs
		}
		wt.advance(o.end)
		o.seconds, o.peers = wt.seconds, wt.peers
	})
	o.measureFree(seed)
	return o
}

// call makes one call. It returns how many rows were given up as throttled, and any other failure.
func (w *world) call(ctx context.Context, dest *dynamodest.Destination) (givenUp int, err error) {
	if w.calls > 1 {
		_, err = dest.Write(ctx, numbered(w.rows))
	} else {
		_, err = dest.WriteSeq(ctx, w.source(), nil)
	}
	var failed *dynamodest.WriteError
	if !errors.As(err, &failed) {
		return 0, err
	}
	givenUp = failed.Reasons[dynamodest.ErrThrottled] + failed.Reasons[dynamodest.ErrUnprocessed]
	if failed.Stop != nil && ctx.Err() == nil {
		return givenUp, failed
	}
	return givenUp, nil
}

// source yields small rows.
func (w *world) source() iter.Seq2[dynamodest.Row, error] {
	return func(yield func(dynamodest.Row, error) bool) {
		for i := 0; w.rows == 0 || i < w.rows; i++ {
			if !yield(dynamodest.Row{"id": strconv.Itoa(i)}, nil) {
				return
			}
		}
	}
}

// measureFree computes what the table had and what the others would have got of it alone.
func (o *outcome) measureFree(seed uint64) {
	rate, from := o.world.capacity, time.Duration(0)
	o.capacity = rate * o.world.credit
	for _, s := range o.world.steps {
		to := min(s.at, o.end)
		o.capacity += rate * (to - from).Seconds()
		rate, from = s.capacity, to
	}
	o.capacity += rate * (o.end - from).Seconds()
	if o.world.possible > 0 {
		o.capacity = o.world.possible * o.end.Seconds()
	}
	alone := newWorldTable(o.world, seed)
	alone.advance(o.end)
	o.free = o.capacity
	for _, s := range alone.seconds {
		o.free -= float64(s.foreign)
	}
}

func (o *outcome) applied() (n float64) {
	for _, p := range o.peers {
		n += float64(p.applied)
	}
	return n
}

func (o *outcome) foreign() (n float64) {
	for _, s := range o.seconds {
		n += float64(s.foreign)
	}
	return n
}
