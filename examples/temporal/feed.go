package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"iter"

	"github.com/dynamodest/dynamodest"
)

// pauseAfter is after how many rows of other shards the settled ones are reported.
const pauseAfter = 4096

// errVersionColumn is why a row is not written.
var errVersionColumn = errors.New("the source has a column of the name -version-attribute: give another one")

// feed picks the rows of a shard from those of the source, and gives each its version. It is used on the goroutine of
// WriteSeq alone.
type feed struct {
	task     ShardTask
	dest     *dynamodest.Destination
	from     int64           // the first position that is not settled yet
	stopping <-chan struct{} // of the worker
	done     <-chan struct{} // of the attempt

	position int64   // of the next row of the source
	taken    []int64 // positions of the rows that are not reported yet, in order
	ended    bool
	stopped  bool // the source ended because the worker stops
}

// end ends the rows before their end.
func (f *feed) end() { f.ended = true }

// reported returns the position of the next row in the order of reports, which is that of the rows.
func (f *feed) reported() int64 {
	position := f.taken[0]
	f.taken = f.taken[1:]
	return position
}

// rows returns the rows of the shard.
func (f *feed) rows(all iter.Seq2[dynamodest.Row, error]) iter.Seq2[dynamodest.Row, error] {
	return func(yield func(dynamodest.Row, error) bool) {
		others := 0
		for row, err := range all {
			if f.over() || (err != nil && !isBadRow(err)) || f.position >= maxPosition {
				f.last(yield, err)
				return
			}
			position := f.position
			f.position++
			mine, keyErr := f.mine(row, err, position)
			switch {
			case keyErr != nil:
				yield(nil, keyErr)
				return
			case mine && position >= f.from:
				f.taken = append(f.taken, position)
				if err == nil {
					err = f.stamp(row, position)
				}
				if !yield(row, err) {
					return
				}
				others = 0
			default:
				if others++; others%pauseAfter == 0 && !yield(nil, dynamodest.Pause) {
					return
				}
			}
		}
	}
}

// last yields the error that ends the rows, if there is one.
func (f *feed) last(yield func(dynamodest.Row, error) bool, err error) {
	switch {
	case f.ended || f.stopped:
	case err != nil:
		yield(nil, err)
	case f.position >= maxPosition:
		yield(nil, failure(faultSource, fmt.Sprintf("the source has more than %d rows: split it", maxPosition)))
	}
}

// over reports whether no more rows are to be read.
func (f *feed) over() bool {
	select {
	case <-f.stopping:
		f.stopped = true
	case <-f.done:
		f.ended = true
	default:
	}
	return f.ended || f.stopped
}

// mine reports whether a row belongs to the shard: by the hash of its key, so that all rows of a key are in one shard,
// and by its position if it has no key.
func (f *feed) mine(row dynamodest.Row, bad error, position int64) (bool, error) {
	shards := f.task.Spec.Shards
	if bad == nil {
		key, err := f.dest.Key(row)
		if err == nil {
			return key.Shard(shards) == f.task.Shard, nil
		}
		var rowErr *dynamodest.RowError
		if !errors.As(err, &rowErr) {
			return false, err
		}
	}
	return position%int64(shards) == int64(f.task.Shard), nil
}

// stamp gives the row its version: greater than that of each earlier row of this load and of every earlier load.
func (f *feed) stamp(row dynamodest.Row, position int64) error {
	name := f.task.Spec.VersionAttribute
	if _, taken := row[name]; taken {
		return dynamodest.BadRow(errVersionColumn)
	}
	row[name] = json.Number(fmt.Sprintf("%d%012d", f.task.Plan.Generation, position))
	return nil
}
