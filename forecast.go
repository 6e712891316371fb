package dynamodest

import (
	"encoding/json"
	"time"
)

// MaxDryRunKeys is how many keys a [Destination.DryRun] keeps to find rows that have the same one.
const MaxDryRunKeys = 1_000_000

// RowForecast is what would become of one row, as far as that shows before it is sent.
type RowForecast struct {
	// Index is the row's position in the sequence, from 0.
	Index int `json:"index"`

	// Size is the size of the item as DynamoDB counts it, in bytes; of a row that is a delete the size of its key;
	// 0 with Err.
	Size int `json:"size"`

	// WriteUnits is what the put costs the table itself if no item has its key, or 1 of a delete, the least that
	// it costs; 0 with Err.
	WriteUnits float64 `json:"write_units"`

	// Delete is set if the row is a delete: see Config.Delete.
	Delete bool `json:"delete,omitempty"`

	// DuplicateOf is the index of the first row with the same key, or -1 if there is none before this row. Rows
	// with Err have none, unless it is the duplicate that is the fault (Config.Duplicates RefuseDuplicates). It
	// is -1 from row Forecast.KeysCompared on.
	DuplicateOf int `json:"duplicate_of"`

	// Err is nil, or the *RowError that WriteSeq would report for the row without sending it.
	Err error `json:"error,omitempty"`
}

// Forecast is what writing rows would do, as [Destination.DryRun] found it out without writing.
//
// Figures with a Least and a Most are ranges. Where no two valid rows have the same key the two are equal, and
// are those of a run into an empty table. Where items are replaced they are a lower bound: the write units of a
// put count the larger of the old item and the new one, and an index entry whose key changes is deleted and put.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
type Forecast struct {
	Rows    int            `json:"rows"`              // rows that were read
	Valid   int            `json:"valid"`             // rows that would be sent
	Invalid int            `json:"invalid"`           // rows that would be NotWritten without being sent
	Reasons map[Reason]int `json:"reasons,omitempty"` // the invalid rows by reason; nil if there is none
	First   []*RowError    `json:"first,omitempty"`   // the errors of the first of them, 10 at most
	Puts    int            `json:"puts"`              // valid rows that put an item
	Deletes int            `json:"deletes"`           // valid rows that delete an item

	// Duplicates is the number of rows whose key an earlier row has, and FirstDuplicates the first of them, 10 at
	// most.
	Duplicates      int         `json:"duplicates"`
	FirstDuplicates []Duplicate `json:"first_duplicates,omitempty"`

	// KeysCompared is the number of rows, from the first, whose keys were compared. It is Rows unless the rows
	// have more than MaxDryRunKeys keys: then it is the index of the row at which DryRun stopped looking for
	// duplicates. That row and the later ones count as rows of keys of their own, in the ranges too. It is 0 if a
	// fake client has not described the table's keys.
	KeysCompared int `json:"keys_compared"`

	// MissingColumns is as in Summary.
	MissingColumns []string `json:"missing_columns,omitempty"`

	// Sizes is of the items that would be put.
	Sizes Sizes `json:"sizes"`

	// WriteUnits is what the rows cost the table itself, and all secondary indexes together with it.
	WriteUnits UnitsForecast `json:"write_units"`

	// Requests is the number of requests that write the rows, if the table takes what is sent to it: by a
	// Destination that has just been made and makes no other call, with a response to each after 10 ms, and from a
	// source that is never waited for. A table that throttles gets more requests, of fewer rows, down to one: a
	// request carries at most a hundredth of a second's worth of the rate that the table was seen to take. So does
	// a slow source, by Config.MaxWait.
	Requests CountRange `json:"requests"`

	// Estimated is set if a figure depends on what the table holds: rows are deletes, which count one write unit
	// and cost as much as the item in the table and its index entries; or the rows have a Config.Version, or
	// Config.OnExisting is Skip or Fail, so that a row may cost what it takes to find another item there.
	Estimated bool `json:"estimated"`

	// Time is how long the table takes for the rows.
	Time TimeForecast `json:"time"`
}

// Duplicate is a row whose key an earlier row has.
type Duplicate struct {
	Index int `json:"index"`
	Of    int `json:"of"` // the first row with the key
}

// Sizes describes the sizes of items, in bytes as DynamoDB counts them. All are exact, and 0 if there is no item.
type Sizes struct {
	Min    int   `json:"min"`
	Median int   `json:"median"` // at least half of the items are not larger
	P95    int   `json:"p95"`    // at least 95 % of the items are not larger
	Max    int   `json:"max"`
	Total  int64 `json:"total"`

	Largest LargestAttribute `json:"largest_attribute"`
}

// LargestAttribute is the attribute that takes the most bytes of all items.
type LargestAttribute struct {
	Name string `json:"name"`
	Size int    `json:"size"`  // its name included
	Row  int    `json:"index"` // of the row that it is in
}

// Range is a figure that is at least and at most so large.
type Range struct {
	Least float64 `json:"least"`
	Most  float64 `json:"most"`
}

// CountRange is a count that is at least and at most so large.
type CountRange struct {
	Least int `json:"least"`
	Most  int `json:"most"`
}

// UnitsForecast is what rows cost, in write units, and in bytes of vector indexes. Copies in other Regions, which a
// global table makes, are not in it.
type UnitsForecast struct {
	Total   Range           `json:"total"`             // of the table and its secondary indexes
	Table   Range           `json:"table"`             // of the table itself
	Indexes []IndexForecast `json:"indexes,omitempty"` // of each secondary index, those in which no row is included

	// VectorIndexes is the bytes that writes to each vector index are charged for.
	VectorIndexes []VectorIndexForecast `json:"vector_indexes,omitempty"`
}

// IndexForecast is what the entries of rows cost in a secondary index. A row without one of the index's keys has
// no entry.
type IndexForecast struct {
	Name       string `json:"name"`
	WriteUnits Range  `json:"write_units"`
}

// VectorIndexForecast is what the entries of rows cost in a vector index.
type VectorIndexForecast struct {
	Name  string `json:"name"`
	Bytes Range  `json:"bytes"`
}

// Bound is what limits the rate at which a table takes rows. It is a string so that an engine can show and store
// it.
type Bound string

// The bounds.
const (
	BoundUnknown     Bound = ""            // nothing is described that limits it
	BoundProvisioned Bound = "provisioned" // provisioned write capacity
	BoundMaxOnDemand Bound = "max_on_demand"
	BoundWarm        Bound = "warm_throughput" // what an on-demand table takes at once; it takes more as its traffic grows
	BoundCap         Bound = "cap"             // Config.WriteUnitsPerSecond
)

// TimeForecast is how long rows take at the rate that the table is described to take, or under
// Config.WriteUnitsPerSecond, whichever takes longer. It counts neither the time in which a call learns the rate,
// some seconds, nor throttled partition keys, of which each takes 1,000 write units a second, nor the quotas of the
// account, nor a slow source, nor the time of requests where Concurrency bounds the rate, nor the burst credit of
// an idle table.
//
// The zero TimeForecast says that nothing is described that bounds the rate, as with a fake client.
type TimeForecast struct {
	Least, Most time.Duration

	// WriteUnitsPerSecond is the rate that takes the longest for its share of the rows, and Bound what limits it,
	// of the index Index or, if that is "", of the table.
	WriteUnitsPerSecond float64
	Bound               Bound
	Index               string
}

// MarshalJSON writes t with its times as numbers of seconds.
func (t TimeForecast) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Least float64 `json:"least_seconds"`
		Most  float64 `json:"most_seconds"`
		Rate  float64 `json:"write_units_per_second"`
		Bound Bound   `json:"bound"`
		Index string  `json:"index,omitempty"`
	}{t.Least.Seconds(), t.Most.Seconds(), t.WriteUnitsPerSecond, t.Bound, t.Index})
}
