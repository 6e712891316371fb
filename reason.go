package dynamodest

import "github.com/dynamodest/dynamodest/internal/fault"

// Reason is why a row was not written, or why a call failed. It is an error, so errors.Is finds it in
// a [*RowError], a [*TableError] and a [*WriteError], and a constant, so no one can change it.
//
// Its string is a stable label for metrics and JSON, in lower case with underscores: string(ErrKey) is
// "bad_key". Error returns the phrase that people read, and so does fmt: "bad key".
type Reason string

// Reasons that lie with the row: the same row would fail again. Their Scope is ScopeRow.
const (
	ErrMapping  Reason = "unmappable_value" // a value cannot be mapped to DynamoDB
	ErrKey      Reason = "bad_key"          // a key attribute is missing, empty, too long or of another type; with Duplicates "fail": another row has the key
	ErrTooLarge Reason = "item_too_large"   // over 400 KB
	ErrRefused  Reason = "refused"          // refused by DynamoDB for this row alone
	ErrExists   Reason = "item_exists"      // insert with OnExisting "fail": an item with the key exists; with Version: one that cannot be compared
)

// Reasons that lie with the moment: the same row may succeed later. Their Scope is ScopePassing.
const (
	ErrUnprocessed Reason = "unprocessed" // returned by DynamoDB as unprocessed in the last request that carried it; errors.Is finds ErrThrottled too
	ErrThrottled   Reason = "throttled"   // the table or the account had no capacity for the request
	ErrUnavailable Reason = "unavailable" // server or network faults; the Outcome may be Unknown
	ErrStopped     Reason = "stopped"     // the call ended before the row was settled
)

// Reasons that every row meets until a setting is fixed. Each stops the call. Their Scope is ScopeCall.
const (
	ErrNoTable     Reason = "no_table"          // no table of this name in this region and account
	ErrTableStatus Reason = "table_not_ready"   // being created or deleted, archived, or without its KMS key
	ErrAccess      Reason = "access_denied"     // the policy does not allow the action
	ErrCredentials Reason = "bad_credentials"   // wrong, inactive or expired keys, or a skewed system clock
	ErrConfig      Reason = "bad_configuration" // a setting is at fault, or the table's keys are not those of the mapping
)

// Scope says what a fault lies with, and so what to do about a row that failed: see [Reason.Scope] and
// [RowError.Scope].
type Scope string

// The scopes.
const (
	// ScopeRow: the row itself is at fault, and would fail again. Put it with the dead letters.
	ScopeRow Scope = "row"

	// ScopePassing: the same row may succeed later. Queue it, and send it again unless a newer row of its
	// key was written in the meantime; with Config.Version, in any case.
	ScopePassing Scope = "passing"

	// ScopeCall: every row meets the fault until a setting, the table or the access is fixed. Neither
	// dead-letter nor queue the rows: stop, fix the cause, and read them again.
	ScopeCall Scope = "call"
)

// Error returns the phrase that people read for r, such as "bad key".
func (r Reason) Error() string { return fault.Reason(r).Phrase() }

// Is reports whether target is ErrThrottled and r is ErrUnprocessed, which is how DynamoDB throttles
// a part of a batch.
func (r Reason) Is(target error) bool { return r == ErrUnprocessed && target == ErrThrottled }

// Scope returns what a fault of reason r lies with; "" if r is none of the constants. For a row that failed,
// [RowError.Scope] is more exact.
//
// There is one exception to ScopeRow: if WriteError.Stop is a *TableError with ErrConfig and the Op
// "DescribeTable", the table's keys have changed since New, and rows with ErrRefused failed for that. They
// are no dead letters.
func (r Reason) Scope() Scope { return Scope(fault.Reason(r).Scope()) }

// Permanent reports whether the row itself is at fault, so that sending it again fails again:
// Scope() == ScopeRow, with the exception that [Reason.Scope] names. False does not mean that the row can
// be queued.
func (r Reason) Permanent() bool { return r.Scope() == ScopeRow }

// Remedy returns the general advice for r in a sentence or two; "" if r is none of the constants.
func (r Reason) Remedy() string { return fault.Reason(r).Remedy() }
