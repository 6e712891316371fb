package dynamodest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Bounds of error texts, in bytes.
const (
	maxRowText    = 600
	maxTableText  = 900
	maxDetailText = 300
)

// Reason is why a row was not written, or why a call failed. It is an error,
// so errors.Is finds it in a [*RowError], a [*TableError] and a [*WriteError],
// and a constant, so no one can change it. Its text makes a good metric label.
type Reason string

// Reasons that stay: the same row would fail again.
const (
	ErrMapping  Reason = "value does not map"  // the mapping has no form for a value
	ErrKey      Reason = "bad key"             // a key attribute is missing, empty, too long or of another type
	ErrTooLarge Reason = "item too large"      // over 400 KB
	ErrRefused  Reason = "refused by DynamoDB" // refused by DynamoDB for this row alone
	ErrExists   Reason = "item exists"         // insert with OnExisting "fail": the key is taken
)

// Reasons that pass: the same row may succeed later.
const (
	ErrUnprocessed Reason = "unprocessed" // handed back by DynamoDB each time; errors.Is finds ErrThrottled too
	ErrThrottled   Reason = "throttled"   // requests refused for want of capacity
	ErrUnavailable Reason = "unavailable" // server or network faults; the Outcome may be Unknown
	ErrStopped     Reason = "stopped"     // the call ended before the row was settled
)

// Reasons that every row meets until something is mended. Each stops the call.
const (
	ErrNoTable     Reason = "no such table"     // none of this name in this region and account
	ErrTableStatus Reason = "table not ready"   // being created or deleted, archived, or without its KMS key
	ErrAccess      Reason = "access denied"     // the policy does not allow the action
	ErrCredentials Reason = "bad credentials"   // wrong, inactive or expired keys, or a clock that is off
	ErrConfig      Reason = "bad configuration" // a setting is at fault, or the table's keys are not those of the mapping
)

// RowError is why one row was not written, or may not have been.
type RowError struct {
	Index     int    // the row's place in the slice or sequence given, from 0
	Reason    Reason // what kind of fault
	Column    string // the column at fault, if one is
	Attribute string // the attribute at fault, if one is
	Attempts  int    // requests that carried the row

	// Err is the cause: an error of the AWS SDK or of the mapping or, with
	// ErrStopped, what stopped the call; nil if the Reason says it all. Text
	// that may quote a row is reached only by unwrapping it further.
	Err error
}

// TableError is why New or Check failed, or why a call stopped: a fault of the
// table, the credentials or the configuration that every row would meet.
type TableError struct {
	Reason Reason
	Op     string // the DynamoDB action, such as "DescribeTable"
	Table  string // name or ARN, as configured
	Region string // that requests went to; "" if not known
	Err    error  // the cause: an error of the AWS SDK, or what is wrong with the table

	arn string // of the table, as DescribeTable told it; "" if it has not
}

// WriteError is the error of a Write or WriteSeq that left a row NotWritten or
// Unknown, or that stopped early.
type WriteError struct {
	Summary Summary

	// Reasons counts the rows that failed, by reason.
	Reasons map[Reason]int

	// First holds the first of those rows in row order, 10 at most. The
	// Result, or report, has them all.
	First []*RowError

	// Stop is what stopped the call early: a *TableError, or the error of the
	// source, of report, of the Limiter or of ctx. It is nil if nothing did.
	Stop error
}

// ConfigError is one fault in a Config.
type ConfigError struct {
	Field   string // the Go path of the field, such as "Mapping.Fields[2].Type", or its path in JSON, such as "mapping.fields[2].type"
	Problem string // what is wrong with it, and what would mend it
}

// Error returns r's text.
func (r Reason) Error() string { return string(r) }

// Is reports whether target is ErrThrottled and r is ErrUnprocessed, which is
// how DynamoDB throttles a part of a batch.
func (r Reason) Is(target error) bool { return r == ErrUnprocessed && target == ErrThrottled }

// Permanent reports whether the fault lies with the row, as the mapping and the
// table are now: the same row would only fail again. But where WriteError.Stop
// is an ErrConfig, the table's keys have changed under the Destination, and
// rows with ErrRefused failed for that.
func (r Reason) Permanent() bool {
	switch r {
	case ErrMapping, ErrKey, ErrTooLarge, ErrRefused, ErrExists:
		return true
	}
	return false
}

// Error gives the index, the reason, the column and attribute, the cause and
// the remedy, in 600 bytes at most. It never quotes a value of the row.
func (e *RowError) Error() string {
	if e == nil {
		return "<nil>"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "row %d: %s", e.Index, e.Reason)
	switch {
	case e.Column != "" && e.Attribute != "" && e.Column != e.Attribute:
		fmt.Fprintf(&b, ": column %s (attribute %s)", quote(e.Column), quote(e.Attribute))
	case e.Column != "":
		fmt.Fprintf(&b, ": column %s", quote(e.Column))
	case e.Attribute != "":
		fmt.Fprintf(&b, ": attribute %s", quote(e.Attribute))
	}
	return withCause(b.String(), e.Err, e.Remedy(), maxRowText)
}

// withCause adds the cause and the remedy to what, in limit bytes at most. It
// is not the remedy that is cut.
func withCause(what string, cause error, remedy string, limit int) string {
	if cause != nil {
		what += ": " + cause.Error()
	}
	if remedy != "" {
		remedy = "; remedy: " + remedy
	}
	return cut(what, limit-len(remedy)) + remedy
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

// Error gives the action, the table, the region, the reason, the cause and the
// remedy.
func (e *TableError) Error() string {
	if e == nil {
		return "<nil>"
	}
	var b strings.Builder
	var told *serviceError
	if !errors.As(e.Err, &told) { // which begins with the action itself
		b.WriteString(e.Op + ": ")
	}
	b.WriteString("table " + quote(e.Table))
	if e.Region != "" {
		b.WriteString(" in " + cut(e.Region, 64))
	}
	b.WriteString(": " + string(e.Reason))
	return withCause(b.String(), e.Err, e.Remedy(), maxTableText)
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

// Error gives the counts, the reasons, the commonest first, each with its
// first row, and what stopped the call. Its length does not grow with the
// number of rows.
func (e *WriteError) Error() string {
	if e == nil {
		return "<nil>"
	}
	var b strings.Builder
	var stop *TableError
	errors.As(e.Stop, &stop)
	switch s := e.Summary; {
	case s.NotWritten+s.Unknown == 0:
		fmt.Fprintf(&b, "stopped after %d rows, none of which failed", s.Rows)
	case s.Unknown == 0:
		fmt.Fprintf(&b, "%d of %d rows not written", s.NotWritten, s.Rows)
	case s.NotWritten == 0:
		fmt.Fprintf(&b, "%d of %d rows in doubt", s.Unknown, s.Rows)
	default:
		fmt.Fprintf(&b, "%d of %d rows not written, %d in doubt", s.NotWritten, s.Rows, s.Unknown)
	}
	rest := 0
	for i, reason := range e.commonest() {
		if i >= maxReasonsShown {
			rest += e.Reasons[reason]
			continue
		}
		fmt.Fprintf(&b, "; %s: %d", reason, e.Reasons[reason])
		told := e.Stop != nil && (reason == ErrStopped || stop != nil && stop.Reason == reason) // below
		if first := e.first(reason); first != nil && !told {
			fmt.Fprintf(&b, " (%s)", first)
		}
	}
	if rest > 0 {
		fmt.Fprintf(&b, "; and %d more", rest)
	}
	if e.Stop != nil {
		b.WriteString("; the call was stopped by: " + cut(e.Stop.Error(), maxTableText))
	}
	return b.String()
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

// Is reports whether target is the Reason of any row that failed, kept in
// First or not. ErrUnprocessed counts as ErrThrottled too.
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

// Error gives the field and the problem.
func (e *ConfigError) Error() string {
	if e == nil {
		return "<nil>"
	}
	return e.Field + ": " + e.Problem
}

// Unwrap returns ErrConfig.
func (e *ConfigError) Unwrap() error { return ErrConfig }

// hiddenText says where the text of an error is that may quote a row.
const hiddenText = " (its text may quote a row and is not shown: errors.As or errors.Is finds it)"

// callbackError is an error of the caller's own source, report or Limiter. Its
// text may quote a row, so it is reached only by unwrapping.
type callbackError struct {
	who string
	err error
}

func (e *callbackError) Error() string {
	return fmt.Sprintf("%s gave an error of type %T"+hiddenText, e.who, e.err)
}

func (e *callbackError) Unwrap() error { return e.err }

// Format keeps fmt from walking into the cause.
func (e callbackError) Format(s fmt.State, verb rune) { printText(s, verb, e.Error()) }

// endError is the end of a context, and the cause that its owner gave, whose
// text may quote a row too.
type endError struct{ end, cause error }

func (e *endError) Error() string {
	return fmt.Sprintf("%v: whoever ended it gave an error of type %T"+hiddenText, e.end, e.cause)
}

func (e *endError) Unwrap() []error { return []error{e.end, e.cause} }

// Format keeps fmt from walking into the cause.
func (e endError) Format(s fmt.State, verb rune) { printText(s, verb, e.Error()) }

// stopCause is why ctx ended.
func stopCause(ctx context.Context) error {
	err, cause := ctx.Err(), context.Cause(ctx)
	if errors.Is(err, cause) {
		return err
	}
	return &endError{err, cause}
}
