package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/dynamodest/dynamodest"
)

// Limits of a Spec.
const (
	maxShards   = 10_000
	maxInFlight = 1_000 // Temporal allows 2,000 activities of a workflow in flight

	// Temporal takes 4 MB in one transaction, such as the start of several activities, and 50 MB in the history of a
	// run. The rest is for other events.
	// https://docs.temporal.io/self-hosted-guide/defaults
	maxTransaction = 3 << 20
	maxHistory     = 32 << 20
	planBytes      = 1 << 10 // at most, of a Plan
	maxInput       = 3 << 19 // Temporal takes 2 MB in one payload

	// maxPosition keeps the position of a row within the twelve digits that it has in a version.
	maxPosition int64 = 1_000_000_000_000
)

// Spec is what a load is to do: the input of its workflow. It is in the history, which others may read, so it
// has no rows and no secrets.
type Spec struct {
	Source           string             `json:"source"` // path of the file, below the folder of each worker
	Table            string             `json:"table"`
	Mapping          dynamodest.Mapping `json:"mapping,omitzero"`
	VersionAttribute string             `json:"version_attribute"`

	// Generation orders loads of one table: the rows of a load with a greater one win. 0 stands for the
	// time at which the workflow starts, in milliseconds since 1970.
	Generation int64 `json:"generation,omitempty"`

	Shards       int `json:"shards"`         // parts of the source, by the hash of the key
	InFlight     int `json:"in_flight"`      // most activities at a time
	ShardsPerRun int `json:"shards_per_run"` // activities in the history of one run, which then continues as new

	Units float64       `json:"units,omitempty"` // write units a second for the whole table; 0 sets no limit
	Lease time.Duration `json:"lease"`           // how long a share of the units is leased

	Heartbeat   time.Duration `json:"heartbeat"`    // an activity that is silent for so long is taken for dead
	RetryAfter  time.Duration `json:"retry_after"`  // first wait before an activity is tried again
	RetryMax    time.Duration `json:"retry_max"`    // longest wait
	MaxAttempts int32         `json:"max_attempts"` // of one shard; 0 sets no limit
}

// defaultSpec returns the Spec that the flags begin with.
func defaultSpec() Spec {
	return Spec{
		VersionAttribute: "dynamodest_version",
		Shards:           16,
		InFlight:         8,
		ShardsPerRun:     500,
		Lease:            15 * time.Second,
		Heartbeat:        30 * time.Second,
		RetryAfter:       time.Second,
		RetryMax:         time.Minute,
	}
}

// validate returns every fault of s, joined.
func (s Spec) validate() error {
	var faults []error
	check := func(ok bool, format string, args ...any) {
		if !ok {
			faults = append(faults, fmt.Errorf(format, args...))
		}
	}
	check(s.Source != "", "-source: name the file of the rows, relative to -dir of the workers")
	check(s.Table != "", "-table: name the table")
	check(s.VersionAttribute != "", "-version-attribute: name an attribute, so that a row does not overwrite a newer one")
	check(s.Generation >= 0 && s.Generation < 1e15, "-generation %d: give 0 to 999999999999999", s.Generation)
	check(s.Shards >= 1 && s.Shards <= maxShards, "-shards %d: give 1 to %d", s.Shards, maxShards)
	check(s.InFlight >= 1 && s.InFlight <= maxInFlight, "-in-flight %d: give 1 to %d", s.InFlight, maxInFlight)
	check(s.ShardsPerRun >= 1 && s.ShardsPerRun <= 5_000, "-shards-per-run %d: give 1 to 5000", s.ShardsPerRun)
	check(s.Units >= 0 && s.Units <= 1e9 && !math.IsNaN(s.Units), "-units %v: give 0 to 1e9", s.Units)
	check(s.Units == 0 || s.Units >= 1, "-units %v: give 1 or more, or 0 for no limit", s.Units)
	for _, d := range []struct {
		flag         string
		value, least time.Duration
	}{
		{"lease", s.Lease, time.Second}, // a request for it takes a part of it
		{"heartbeat", s.Heartbeat, 100 * time.Millisecond},
		{"retry-after", s.RetryAfter, 100 * time.Millisecond},
		{"retry-max", s.RetryMax, 100 * time.Millisecond},
	} {
		check(d.value >= d.least && d.value <= time.Hour, "-%s %v: give %v to 1h", d.flag, d.value, d.least)
	}
	check(s.RetryMax >= s.RetryAfter, "-retry-max %v is less than -retry-after", s.RetryMax)
	check(s.MaxAttempts >= 0, "-attempts %d: give 0 or more", s.MaxAttempts)
	text, err := json.Marshal(s)
	check(err == nil, "%w", err)
	size := len(text) + planBytes // of the input of an activity
	check(size <= maxInput, "-mapping has %d bytes, which is more than Temporal takes in one input", len(text))
	check(size*s.InFlight <= maxTransaction, "-mapping has %d bytes, which with -in-flight %d is more than Temporal takes at once: give less of either", len(text), s.InFlight)
	check(size*s.ShardsPerRun <= maxHistory, "-mapping has %d bytes, which with -shards-per-run %d is more than Temporal keeps: give less of either", len(text), s.ShardsPerRun)
	return errors.Join(faults...)
}

// Totals counts rows by outcome. Rows is the sum of the others.
type Totals struct {
	Rows       int64 `json:"rows"`
	Written    int64 `json:"written"`
	Skipped    int64 `json:"skipped"`    // the table had a newer row of the key, by an earlier attempt or another load
	Superseded int64 `json:"superseded"` // a later row of the key was written instead
	NotWritten int64 `json:"not_written"`
	Unknown    int64 `json:"unknown"`
}

// Dead returns how many rows are dead letters.
func (t Totals) Dead() int64 { return t.NotWritten + t.Unknown }

func (t *Totals) add(o Totals) {
	t.Rows += o.Rows
	t.Written += o.Written
	t.Skipped += o.Skipped
	t.Superseded += o.Superseded
	t.NotWritten += o.NotWritten
	t.Unknown += o.Unknown
}

func (t *Totals) count(outcome dynamodest.Outcome) {
	t.Rows++
	switch outcome {
	case dynamodest.Written, dynamodest.Deleted: // with a version nothing is deleted
		t.Written++
	case dynamodest.Skipped:
		t.Skipped++
	case dynamodest.Superseded:
		t.Superseded++
	case dynamodest.NotWritten:
		t.NotWritten++
	case dynamodest.Unknown:
		t.Unknown++
	}
}

// Checkpoint is what an activity heartbeats: every row of its shard before the position Next is settled, and its
// dead letters are on disk.
type Checkpoint struct {
	Next   int64  `json:"next"`
	Totals Totals `json:"totals"`
}

// Plan is what all shards of a load share.
type Plan struct {
	Folder     string   `json:"folder"` // of the dead letters, below the folder of each worker
	Generation int64    `json:"generation"`
	File       Identity `json:"file"`
	Region     string   `json:"region"`
}

// ShardTask is the input of the activity that writes a shard.
type ShardTask struct {
	Spec  Spec `json:"spec"`
	Plan  Plan `json:"plan"`
	Shard int  `json:"shard"`
}

// ShardResult is the result of that activity.
type ShardResult struct {
	Totals     Totals `json:"totals"`
	SourceRows int64  `json:"source_rows"` // of all shards
	Attempt    int32  `json:"attempt"`
}

// Result is the result of a load.
type Result struct {
	Totals      Totals `json:"totals"`
	SourceRows  int64  `json:"source_rows"`
	Shards      int    `json:"shards"` // completed
	Attempts    int64  `json:"attempts"`
	DeadLetters string `json:"dead_letters,omitempty"` // file below the folder of the workers; "" if there is none

	Failed     int    `json:"failed,omitempty"` // shards that were given up; their rows count up to the last checkpoint
	FirstFault string `json:"first_fault,omitempty"`
}
