package dynamodest

import "github.com/dynamodest/dynamodest/internal/schedule"

// Outcome is the final state of a row as far as the client can know it. The zero Outcome is
// NotWritten, so a row that nothing has touched never reads as written.
type Outcome uint8

// The outcomes.
const (
	NotWritten Outcome = iota // DynamoDB certainly did not take the row; Err says why
	Written                   // DynamoDB acknowledged the row
	Skipped                   // with OnExisting "skip": an item with its key was there and was left alone; with Version: the table has a newer one
	Superseded                // another row with the same key was written or deleted instead; By says which
	Unknown                   // sent, and no response says whether it was written or deleted
	Deleted                   // with Delete: DynamoDB acknowledged that no item has the row's key
)

// The scheduler's outcomes are the same, in the same order: this does not compile if they part.
const _ = uint(Deleted-Outcome(schedule.Deleted)) + uint(Outcome(schedule.Deleted)-Deleted)

// String returns the name of o in lower case, such as "not written".
func (o Outcome) String() string {
	switch o {
	case NotWritten:
		return "not written"
	case Written:
		return "written"
	case Skipped:
		return "skipped"
	case Superseded:
		return "superseded"
	case Unknown:
		return "unknown"
	case Deleted:
		return "deleted"
	}
	return "invalid outcome"
}

// Result is what one Write did.
type Result struct {
	// Rows has one entry for each row given to Write, at the row's own index, whatever the error.
	Rows []RowResult

	// Summary counts Rows.
	Summary Summary
}

// RowResult is the result of one row.
type RowResult struct {
	// Index is the row's position in the slice or sequence given, from 0.
	Index int

	// Outcome is the final state of the row.
	Outcome Outcome

	// By is, with Superseded, the index of the row that was written or deleted instead; otherwise 0. It is
	// greater than Index, but with Config.Version it may be smaller.
	By int

	// Attempts is the number of requests that carried the row; 0 if it was never sent.
	Attempts int

	// SettledBefore is, with Config.ReportAsSettled, the index before which every row is settled and
	// has been reported, counting this report; otherwise 0.
	SettledBefore int

	// Err is nil exactly when Outcome is Written, Deleted, Skipped or Superseded; otherwise it is a
	// *RowError.
	Err error
}

// rowResult returns what the scheduler settled of j. stop is what stopped the call, if something
// did.
func (d *Destination) rowResult(j *job, stop error) RowResult {
	r := RowResult{Index: j.Index, Outcome: Outcome(j.Outcome), By: j.By, Attempts: j.Attempts}
	if j.Reason != "" {
		e := settledError(&j.Row, stop)
		if d.version != "" && (e.Reason == ErrMapping || e.Reason == ErrExists) {
			e.Column, e.Attribute = d.mapping.columnOf(d.version), d.version
		}
		r.Err = e
	}
	return r
}

// Summary counts what a call did, and names the columns that it missed. Rows is always the sum of Written,
// Deleted, Skipped, Superseded, NotWritten and Unknown.
type Summary struct {
	Rows       int // rows taken
	Written    int
	Deleted    int
	Skipped    int
	Superseded int
	NotWritten int
	Unknown    int

	Requests   int     // requests sent to write rows
	Resent     int     // rows sent again, once for each time
	WriteUnits float64 // write units that DynamoDB reports it charged, those of indexes included; for failed conditions, an estimate

	// VectorWriteBytes is how many bytes DynamoDB reports it charged for writes to vector indexes.
	VectorWriteBytes float64

	// MissingColumns lists the columns of Mapping.Fields, in their order, and of Config.Delete that no row of
	// the call had; nil if there is none, or if the call had no rows. Their attributes are in no item that was
	// written: a wrong name in the mapping, or a byte order mark before a name in the source, shows here.
	// Rows that could not be converted count as having the columns that they had.
	MissingColumns []string
}
