package dynamodest

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/dynamodest/dynamodest/internal/fault"
	"github.com/dynamodest/dynamodest/internal/schedule"
	"github.com/dynamodest/dynamodest/internal/transport"
)

// Bounds of error texts, in bytes.
const (
	maxRowText   = 600
	maxTableText = 900
)

// RowError is why one row was not written, or may not have been.
type RowError struct {
	Index     int    `json:"index"`               // the row's position in the slice or sequence given, from 0
	Reason    Reason `json:"reason"`              // what kind of fault
	Column    string `json:"column,omitempty"`    // the column at fault, if one is
	Attribute string `json:"attribute,omitempty"` // the attribute at fault, if one is
	Attempts  int    `json:"attempts,omitempty"`  // requests that carried the row

	// Err is the cause: an error of the AWS SDK or of the mapping or, with ErrStopped, what stopped
	// the call; nil if the Reason says it all. Text that may quote a row is reached only by
	// unwrapping it further, as errors.As and [Cause] do.
	Err error `json:"-"`
}

// TableError is why New, Check or CheckWrites failed, or why a call stopped: a fault of the table, the credentials
// or the configuration that every row would meet.
//
// Its Reason.Scope() is ScopeCall if someone has to fix something first, and ScopePassing if the same may
// succeed later by itself, as after an outage that stopped a call.
type TableError struct {
	Reason Reason `json:"reason"`
	Op     string `json:"op,omitempty"`     // the DynamoDB action, such as "DescribeTable"
	Table  string `json:"table,omitempty"`  // name or ARN, as configured
	Region string `json:"region,omitempty"` // that requests went to; "" if not known
	Err    error  `json:"-"`                // the cause: an error of the AWS SDK, or what is wrong with the table

	arn string // of the table, as DescribeTable reported it; "" if it has not
}

// WriteError is the error of a call that left a row NotWritten or Unknown, or that
// stopped early.
//
// If Stop is a *TableError or a *ConfigError, stop the sync, fix the cause and read the rows again; the rows that say
// otherwise, with ScopeRow or ScopePassing, failed before that. If it is another error, such as that of ctx,
// the rest of the rows can be sent later. If it is nil, each row stands for itself: see [RowError.Scope].
type WriteError struct {
	Summary Summary `json:"summary"`

	// Reasons counts the rows that failed, by reason.
	Reasons map[Reason]int `json:"reasons,omitempty"`

	// First holds the first of those rows in row order, 10 at most. The Result, or report, has them
	// all.
	First []*RowError `json:"first,omitempty"`

	// Throttling says on how many partition keys the call's throttled rows fell, those included that
	// were written in the end. It is zero if no row was throttled, or if DescribeTable reported no keys.
	Throttling Throttling `json:"throttling,omitzero"`

	// Stop is what stopped the call early: a *TableError, a *ConfigError for Config.MaxKeys or the columns of
	// WriteColumns, or the error of the source, of report, of the Limiter or of ctx. It is nil if nothing did.
	Stop error `json:"-"`
}

// Throttling is how the refusals for want of capacity fell on partition keys: a large Share on few Keys
// is a matter of those keys, and not of the table's capacity. It never says which keys.
type Throttling struct {
	// Refusals is how many times DynamoDB had no capacity for a row. A row counts once for each request
	// that was throttled with it, or that returned it as unprocessed.
	Refusals int `json:"refusals"`

	// Keys is the number of partition keys with the most refusals: the fewest that have at least half of
	// them, and others that have nearly as many. It is 0 if there are too many to count, more than 4,096.
	Keys int `json:"keys"`

	// Share is the part of Refusals that fell on Keys partition keys, from 0 to 1. It is a lower bound if
	// more than 4,096 keys were refused.
	Share float64 `json:"share"`
}

// ConfigError is one fault in a Config, in the columns given to WriteColumns (then the Field is "columns"), or in a
// parameter of Config.Policy, TrustPolicy or NewMapper.
// Where it concerns the whole Config, as JSON that is broken, the Field is "Config" and the Pointer is "".
//
// Its texts are for the person who fills in a form. Of a setting they quote only a word, such as the name of a
// region, a mode or a type, in at most 40 bytes, and nothing that may be a secret in the wrong place: no table
// name, no column, and nothing in which 15 letters and digits follow each other.
type ConfigError struct {
	Field   string `json:"field"`             // the Go path of the field, such as "Mapping.Fields[2].Type"
	Pointer string `json:"pointer,omitempty"` // its JSON pointer, such as "/mapping/fields/2/type"; "" for what JSON does not have
	Problem string `json:"problem"`           // what is wrong with it, and how to fix it
}

// Error returns the index, the reason, the number of requests if there was more than one, the column
// and attribute, the cause and the remedy, in 600 bytes at most. It never quotes a value of the row.
func (e *RowError) Error() string {
	if e == nil {
		return "<nil>"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "row %d: %s", e.Index, e.Reason.Error())
	if e.Attempts > 1 {
		fmt.Fprintf(&b, " after %d requests", e.Attempts)
	}
	switch {
	case e.Column != "" && e.Attribute != "" && e.Column != e.Attribute:
		fmt.Fprintf(&b, ": column %s (attribute %s)", fault.Quote(e.Column), fault.Quote(e.Attribute))
	case e.Column != "":
		fmt.Fprintf(&b, ": column %s", fault.Quote(e.Column))
	case e.Attribute != "":
		fmt.Fprintf(&b, ": attribute %s", fault.Quote(e.Attribute))
	}
	return withCause(b.String(), e.Err, e.Remedy(), maxRowText)
}

// withCause adds the cause and the remedy to what, in limit bytes at most. The remedy is never cut.
func withCause(what string, cause error, remedy string, limit int) string {
	if cause != nil {
		what += ": " + cause.Error()
	}
	if remedy != "" {
		remedy = "; remedy: " + remedy
	}
	return fault.Cut(what, limit-len(remedy)) + remedy
}

// Remedy returns how to fix e: the particulars if they are known, otherwise the general advice of the
// Reason.
func (e *RowError) Remedy() string {
	if e == nil {
		return ""
	}
	return fault.Remedy(fault.Reason(e.Reason), e.Err)
}

// Scope returns what to do with the row: put it with the dead letters (ScopeRow), queue it (ScopePassing), or
// stop, fix the cause and read it again (ScopeCall). It is that of the Reason, except that ErrStopped is
// ScopeCall if a *TableError, or a *ConfigError for Config.MaxKeys, stopped the call.
func (e *RowError) Scope() Scope {
	if e == nil {
		return ""
	}
	var table *TableError
	var setting *ConfigError
	if e.Reason == ErrStopped && (errors.As(e.Err, &table) || errors.As(e.Err, &setting)) {
		return ScopeCall
	}
	return e.Reason.Scope()
}

// Unwrap returns e.Reason and e.Err.
func (e *RowError) Unwrap() []error {
	if e == nil {
		return nil
	}
	return causes(e.Reason, e.Err)
}

func causes(reason Reason, err error) []error {
	if err == nil {
		return []error{reason}
	}
	return []error{reason, err}
}

// Error returns the table, the region, the reason, the action, the cause and the remedy.
func (e *TableError) Error() string {
	if e == nil {
		return "<nil>"
	}
	var b strings.Builder
	b.WriteString("table " + fault.Quote(e.Table))
	if e.Region != "" {
		b.WriteString(" in " + fault.Cut(e.Region, fault.MaxRegion))
	}
	b.WriteString(": " + e.Reason.Error())
	var failed *transport.Error
	if !errors.As(e.Err, &failed) { // whose text names the action
		b.WriteString(": " + e.Op)
	}
	return withCause(b.String(), e.Err, e.Remedy(), maxTableText)
}

// Remedy returns how to fix e, with the actions, the ARN and the region that matter.
func (e *TableError) Remedy() string {
	if e == nil {
		return ""
	}
	table := fault.Table{Name: e.Table, Region: e.Region, ARN: e.arn}
	return table.Remedy(e.Op, fault.Reason(e.Reason), e.Err)
}

// Unwrap returns e.Reason and e.Err.
func (e *TableError) Unwrap() []error {
	if e == nil {
		return nil
	}
	return causes(e.Reason, e.Err)
}

// maxReasonsShown is how many reasons the text of a WriteError spells out.
const maxReasonsShown = 5

// Error returns the counts, the reasons, the commonest first, each with its first row, and what
// stopped the call. Its length does not grow with the number of rows.
func (e *WriteError) Error() string {
	if e == nil {
		return "<nil>"
	}
	var b strings.Builder
	var stop *TableError
	errors.As(e.Stop, &stop)
	switch s := e.Summary; {
	case s.NotWritten+s.Unknown == 0:
		fmt.Fprintf(&b, "stopped early: %d rows processed, none failed", s.Rows)
	case s.Unknown == 0:
		fmt.Fprintf(&b, "%d of %d rows not written", s.NotWritten, s.Rows)
	case s.NotWritten == 0:
		fmt.Fprintf(&b, "%d of %d rows have an unknown outcome", s.Unknown, s.Rows)
	default:
		fmt.Fprintf(&b, "%d of %d rows not written, %d have an unknown outcome", s.NotWritten, s.Rows, s.Unknown)
	}
	rest := 0
	for i, reason := range e.commonest() {
		if i >= maxReasonsShown {
			rest += e.Reasons[reason]
			continue
		}
		fmt.Fprintf(&b, "; %s: %d", reason.Error(), e.Reasons[reason])
		below := e.Stop != nil && (reason == ErrStopped || stop != nil && stop.Reason == reason)
		if first := e.first(reason); first != nil && !below {
			fmt.Fprintf(&b, " (%s)", first)
		}
	}
	if rest > 0 {
		fmt.Fprintf(&b, "; and %d more", rest)
	}
	if e.Reasons[ErrThrottled]+e.Reasons[ErrUnprocessed] > 0 {
		b.WriteString(e.Throttling.text())
	}
	if e.Stop != nil {
		b.WriteString("; the call was stopped by: " + fault.Cut(e.Stop.Error(), maxTableText))
	}
	return b.String()
}

// text returns t as a part of a WriteError's text; "" if nothing was throttled.
func (t Throttling) text() string {
	times := "times"
	if t.Refusals == 1 {
		times = "time"
	}
	switch {
	case t.Refusals == 0:
		return ""
	case t.Keys == 0:
		return fmt.Sprintf("; rows were throttled %d %s, on too many partition keys to count", t.Refusals, times)
	case t.Keys == 1:
		return fmt.Sprintf("; rows were throttled %d %s, %d %% of that on 1 partition key", t.Refusals, times, int(100*t.Share))
	}
	return fmt.Sprintf("; rows were throttled %d %s, %d %% of that on %d partition keys", t.Refusals, times, int(100*t.Share), t.Keys)
}

// commonest returns the reasons of e, the commonest first.
func (e *WriteError) commonest() []Reason {
	reasons := make([]Reason, 0, len(e.Reasons))
	for reason, n := range e.Reasons {
		if n > 0 {
			reasons = append(reasons, reason)
		}
	}
	slices.SortFunc(reasons, func(a, b Reason) int {
		return cmp.Or(cmp.Compare(e.Reasons[b], e.Reasons[a]), cmp.Compare(a, b))
	})
	return reasons
}

// first returns the first row that failed for reason, if First has one.
func (e *WriteError) first(reason Reason) *RowError {
	for _, row := range e.First {
		if row != nil && row.Reason == reason {
			return row
		}
	}
	return nil
}

// Is reports whether target is the Reason of any row that failed, in First or not. ErrUnprocessed
// counts as ErrThrottled too.
func (e *WriteError) Is(target error) bool {
	reason, ok := target.(Reason)
	if e == nil || !ok {
		return false
	}
	return e.Reasons[reason] > 0 || reason == ErrThrottled && e.Reasons[ErrUnprocessed] > 0
}

// Unwrap returns Stop and First.
func (e *WriteError) Unwrap() []error {
	if e == nil {
		return nil
	}
	errs := make([]error, 0, 1+len(e.First))
	if e.Stop != nil {
		errs = append(errs, e.Stop)
	}
	for _, row := range e.First {
		if row != nil {
			errs = append(errs, row)
		}
	}
	return errs
}

// Error returns the field and the problem.
func (e *ConfigError) Error() string {
	if e == nil {
		return "<nil>"
	}
	return e.Field + ": " + e.Problem
}

// Unwrap returns ErrConfig.
func (e *ConfigError) Unwrap() error { return ErrConfig }

// Format prints the text of e for fmt, under every verb: fields of the causes of e may hold what
// their texts do not show.
func (e RowError) Format(s fmt.State, verb rune) { fault.Format(s, verb, e.Error()) }

// Format prints the text of e for fmt, under every verb; see [RowError.Format].
func (e TableError) Format(s fmt.State, verb rune) { fault.Format(s, verb, e.Error()) }

// Format prints the text of e for fmt, under every verb; see [RowError.Format].
func (e WriteError) Format(s fmt.State, verb rune) { fault.Format(s, verb, e.Error()) }

// conversionError returns the error of a row that was not converted.
func conversionError(index int, err *fault.Error) *RowError {
	return &RowError{Index: index, Reason: Reason(err.Reason), Column: err.Column, Attribute: err.Attribute, Err: err}
}

// settledError returns the error of a row that the scheduler settled without writing it. stop is what
// stopped the call, if something did.
func settledError(row *schedule.Row, stop error) *RowError {
	e := &RowError{Index: row.Index, Reason: Reason(row.Reason), Attempts: row.Attempts, Err: row.Err}
	if e.Reason == ErrStopped {
		e.Err = stop
	}
	return e
}

// tableError returns an error that every row would meet.
func (d *Destination) tableError(op string, reason fault.Reason, err error) *TableError {
	return &TableError{Reason: Reason(reason), Op: op, Table: d.table, Region: d.region, Err: err, arn: d.description.ARN}
}
