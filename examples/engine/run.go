package main

import (
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/dynamodest/dynamodest"
)

// status is how a run is.
type status string

const (
	running     status = "running"
	stopping    status = "stopping"    // no row is read any more, and those that were read settle
	done        status = "done"        // all rows are settled
	stopped     status = "stopped"     // by a person, or by the end of the engine
	failed      status = "failed"      // by what failure says
	interrupted status = "interrupted" // the engine was killed
)

// record is what the disk has of a run. The rows before NextRow are settled: written, or among the dead letters.
// All figures but Requests, Resent and WriteUnits of Totals, and Again, are of these rows.
type record struct {
	ID         int               `json:"id"`
	Source     sourceFile        `json:"source"`
	Config     dynamodest.Config `json:"config"`             // without secrets
	Instance   string            `json:"instance,omitempty"` // the process whose memory has the table; "" for a table that lasts
	Status     status            `json:"status"`
	Failure    *failure          `json:"failure,omitempty"` // that ended the run
	Started    time.Time         `json:"started"`
	Attempts   int               `json:"attempts"` // how often it was started and resumed
	NextRow    int               `json:"next_row"`
	LetterSize int64             `json:"letter_size"` // bytes of the file of dead letters

	Totals  dynamodest.Summary        `json:"totals"`
	Reasons map[dynamodest.Reason]int `json:"reasons"` // the dead letters by reason
	Again   int                       `json:"again"`   // rows that were read and are not settled: a resumed run reads them again
	Seconds float64                   `json:"seconds"`
	Samples []sampled                 `json:"samples"`
}

// sampled is how far a run was at a time: the seconds, the rows that were settled, and those of them that failed. A row
// that is to be read again is none of them, so that no figure falls.
type sampled [3]float64

// sample returns how far the run is after so many seconds.
func (r record) sample(seconds float64) sampled {
	return sampled{seconds, float64(r.Totals.Rows), float64(r.Totals.NotWritten + r.Totals.Unknown)}
}

// run is a run, in progress or not.
type run struct {
	folder string

	mu     sync.Mutex
	record record
	live   *attempt // nil unless it is in progress
}

// view is what the page shows of a run.
type view struct {
	record
	Table     string  `json:"table"`
	Resumable bool    `json:"resumable"`
	Taken     int     `json:"taken"`    // rows that were read
	InFlight  int     `json:"inFlight"` // requests
	Pace      float64 `json:"pace"`     // write units a second
	WaitFor   string  `json:"waitFor"`
}

// view returns what the page shows of the run, and a channel that is closed at the end of its attempt; nil if none is
// in progress.
func (r *run) view() (v view, ended <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	v = view{record: r.record, Table: r.record.Config.Table, Resumable: r.canResume(), Taken: r.record.NextRow + r.record.Again}
	v.Reasons, v.Samples = maps.Clone(v.Reasons), slices.Clone(v.Samples)
	v.Config = dynamodest.Config{} // the form has the settings
	if r.live != nil {
		v.Seconds = r.live.seconds()
	}
	v.Samples = append(v.Samples, r.record.sample(v.Seconds))
	if r.live == nil {
		return v, nil
	}
	stats := r.live.dest.Stats()
	v.Totals = r.live.totals(stats.Summary)
	v.Taken = r.live.first.NextRow + stats.Taken
	v.InFlight, v.Pace, v.WaitFor = stats.InFlight, stats.Pace, stats.WaitFor
	if r.live.isStopping() {
		v.Status = stopping
	}
	return v, r.live.done
}

// canResume reports whether the run is not complete. r.mu is held.
func (r *run) canResume() bool { return r.live == nil && r.record.Status != done }

func (r *run) resumable() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.canResume()
}

func (r *run) config() dynamodest.Config {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.record.Config
}

// attempt returns the attempt in progress; nil if there is none.
func (r *run) attempt() *attempt {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.live
}
