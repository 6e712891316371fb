package dynamodest

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
	ErrUnavailable Reason = "no answer"   // server or network faults; the Outcome may be Unknown
	ErrStopped     Reason = "stopped"     // the call ended before the row was settled
)

// Reasons that every row meets until something is mended. Each stops the call.
const (
	ErrNoTable     Reason = "no such table"
	ErrTableStatus Reason = "table not ready"
	ErrAccess      Reason = "access denied"
	ErrCredentials Reason = "bad credentials"
	ErrConfig      Reason = "bad configuration"
)

// RowError is why one row was not written, or may not have been.
type RowError struct {
	Index     int    // the row's place in the slice or sequence given, from 0
	Reason    Reason // what kind of fault
	Column    string // the column at fault, if one is
	Attribute string // the attribute at fault, if one is
	Attempts  int    // requests that carried the row

	// Err is the cause: an error of the AWS SDK, of the mapping, or nil. Text
	// that may quote a row is reached only by unwrapping it further.
	Err error
}

// TableError is why New or Check failed, or why a call stopped: a fault of the
// table, the credentials or the configuration that every row would meet.
type TableError struct {
	Reason Reason
	Op     string // the DynamoDB action, such as "DescribeTable"
	Table  string // name or ARN, as configured
	Region string
	Err    error
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

	// Stop is what ended the call before every row was tried; nil if all
	// were.
	Stop error
}

// ConfigError is one fault in a Config.
type ConfigError struct {
	Field   string // the Go path of the field, such as "Mapping.Fields[2].Type"
	Problem string // what is wrong with it, and what would mend it
}

// Error returns r's text.
func (r Reason) Error() string { return string(r) }

// Error gives the index, the reason, the column and the cause.
func (e *RowError) Error() string { return string(e.Reason) }
