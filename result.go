package dynamodest

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/dynamodest/dynamodest/internal/schedule"
)

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

// outcomeLabels are the labels of the outcomes, for JSON and metrics.
var outcomeLabels = [...]string{
	NotWritten: "not_written", Written: "written", Skipped: "skipped", Superseded: "superseded", Unknown: "unknown", Deleted: "deleted",
}

// String returns the name of o in lower case, such as "not written".
func (o Outcome) String() string {
	if int(o) >= len(outcomeLabels) {
		return "invalid outcome"
	}
	return strings.ReplaceAll(outcomeLabels[o], "_", " ")
}

// MarshalText returns the label of o in snake case, such as "not_written", which is also what
// encoding/json writes. An Outcome that is none of the constants is an error.
func (o Outcome) MarshalText() ([]byte, error) {
	if int(o) >= len(outcomeLabels) {
		return nil, fmt.Errorf("dynamodest: %d is not an Outcome", uint8(o))
	}
	return []byte(outcomeLabels[o]), nil
}

// UnmarshalText sets o by its label, as MarshalText returns it. Any other text is an error, which does not
// quote it.
func (o *Outcome) UnmarshalText(text []byte) error {
	i := slices.Index(outcomeLabels[:], string(text))
	if i < 0 {
		return errors.New("dynamodest: the text is not the label of an Outcome: must be " + strings.Join(outcomeLabels[:], ", "))
	}
	*o = Outcome(i) //nolint:gosec // less than the number of outcomes
	return nil
}

// Result is what one Write did.
type Result struct {
	// Rows has one entry for each row given to Write, at the row's own index, whatever the error.
	Rows []RowResult `json:"rows"`

	// Summary counts Rows.
	Summary Summary `json:"summary"`
}

// RowResult is the result of one row.
type RowResult struct {
	// Index is the row's position in the slice or sequence given, from 0.
	Index int `json:"index"`

	// Outcome is the final state of the row.
	Outcome Outcome `json:"outcome"`

	// By is, with Superseded, the index of the row that was written or deleted instead; otherwise 0. It is
	// greater than Index, but with Config.Version it may be smaller.
	By int `json:"by"`

	// Attempts is the number of requests that carried the row; 0 if it was never sent.
	Attempts int `json:"attempts"`

	// SettledBefore is, with Config.ReportAsSettled, the index before which every row is settled and
	// has been reported, counting this report; otherwise 0.
	SettledBefore int `json:"settled_before,omitempty"`

	// Err is nil exactly when Outcome is Written, Deleted, Skipped or Superseded; otherwise it is a
	// *RowError.
	Err error `json:"error,omitempty"`
}

// Reason returns the Reason of the row's error; "" if Err is nil, or if it neither is nor wraps a [*RowError].
func (r RowResult) Reason() Reason {
	var failed *RowError
	if !errors.As(r.Err, &failed) || failed == nil {
		return ""
	}
	return failed.Reason
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
	Rows       int `json:"rows"` // rows taken
	Written    int `json:"written"`
	Deleted    int `json:"deleted"`
	Skipped    int `json:"skipped"`
	Superseded int `json:"superseded"`
	NotWritten int `json:"not_written"`
	Unknown    int `json:"unknown"`

	Requests   int     `json:"requests"`    // requests sent to write rows
	Resent     int     `json:"resent"`      // rows sent again, once for each time
	WriteUnits float64 `json:"write_units"` // write units that DynamoDB reports it charged, those of indexes included; for failed conditions, an estimate

	// VectorWriteBytes is how many bytes DynamoDB reports it charged for writes to vector indexes.
	VectorWriteBytes float64 `json:"vector_write_bytes,omitempty"`

	// MissingColumns lists the columns of Mapping.Fields, in their order, and of Config.Delete that no row of
	// the call had; nil if there is none, or if the call had no rows. Their attributes are in no item that was
	// written: a wrong name in the mapping, or a byte order mark before a name in the source, shows here.
	// Rows that could not be converted count as having the columns that they had.
	MissingColumns []string `json:"missing_columns,omitempty"`
}
