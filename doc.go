// Package dynamodest writes rows to an Amazon DynamoDB table in batches and
// says what became of every row.
//
// A [Destination] is made once for a table, by [New], and used from any number
// of goroutines. [Destination.Write] takes a slice of rows;
// [Destination.WriteSeq] takes a sequence of any length. Both return only when
// every row they took has an [Outcome], and both return an error if any row
// was not written, so that a caller who checks only the error cannot lose a
// row unnoticed.
//
// # Words
//
// A row has columns: what the source gives. An item has attributes: what
// DynamoDB holds. A [Mapping] has fields, each of which turns a column into an
// attribute. Write units are AWS's, provisioned and on-demand alike.
//
// # Promises
//
//   - One outcome a row, always, whatever the error: [Result].Rows[i] is row i,
//     and WriteSeq reports rows in order, once each.
//   - The outcome is true. [Written]: DynamoDB acknowledged the row.
//     [NotWritten]: no request that carried it was applied. Where neither is
//     certain, as after a lost answer, it is [Unknown]; sending an upsert again
//     does no harm.
//   - One bad row costs one row. What can be known before sending is checked
//     before sending; a batch that DynamoDB refuses is halved until the row at
//     fault stands alone.
//   - The last of equal keys wins within a call, whatever the concurrency,
//     throttling and retries; equal as DynamoDB sees it, so 1 is 1.0. The one
//     exception is a key for which a request was given up without an answer:
//     DynamoDB may still apply it, later. Calls that overlap are unordered.
//   - Cancelling is clean: no request starts after the context ended, and no
//     goroutine is left when the call returns.
//   - Memory is bounded by a window of rows and bytes, not by their number.
//   - No value of a row and no secret is in an error, nor in what fmt prints of
//     this package's types. Texts of errors that a source, report, a Limiter
//     or whoever ended the context gave, and those of DynamoDB that may quote a
//     row, are reached only by unwrapping.
//   - The caller's rows are not changed, and not kept after the call.
//   - Rows that DynamoDB hands back or throttles are sent again, with
//     exponential backoff and full jitter, by [Retry]; the SDK's own retries
//     are off. A total outage stops the call: after 3 × MaxAttempts waits in a
//     row (30 at least) in which nothing at all was taken it ends with what it
//     last met, ErrUnavailable or ErrThrottled; rows that were refused keep
//     their own reason.
//   - The Destination learns what rate the table takes, over all calls, and
//     keeps to it; [Config].WriteUnitsPerSecond caps it.
//
// # Types
//
// By the Go value, unless [Field].Type forces a type:
//
//	string and named strings                     S; "" becomes NULL, see Mapping.EmptyString
//	int and uint kinds, floats, json.Number,
//	*big.Int, *big.Float                         N, exact; NaN, Inf, more than 38 digits: ErrMapping
//	bool                                         BOOL
//	nil, nil pointers, maps and slices           NULL, see Mapping.Null
//	maps, slices, arrays, structs,
//	json.RawMessage                              S holding compact JSON: keys sorted, numbers exact
//	time.Time                                    S, RFC 3339 with nanoseconds as needed
//	[]byte                                       B
//	driver.Valuer                                its value
//	encoding.TextMarshaler                       S holding its text
//	json.Marshaler                               speaks for maps, slices, arrays and
//	                                             structs that are neither of those, and
//	                                             for every value inside JSON
//	pointers                                     what they point to
//	types.AttributeValue                         itself, checked
//	a mapped column that the row does not have   no attribute
//
// A floating-point number becomes the shortest decimal that reads back equal
// at its precision; everything else is exact. Numbers are written plainly, or
// as in 1.5E100 where that would take more than 20 zeros.
//
// Mapping.Null and Mapping.EmptyString are for attributes: inside JSON nil is
// null and "" is "", and inside a forced L or M they are NULL and an empty S.
// An empty []byte stays an empty B. L and M nest 32 levels deep, JSON text
// 1,000. JSON follows the rules of encoding/json for structs, tags and
// marshalers, those of Go 1.26 on every version of Go (Go 1.27 reads more names
// and options from tags), but refuses what that would change without a
// word, such as text that is not UTF-8; of equal keys in JSON text the last
// one counts.
//
// An attribute of the table's key must have the declared type and must be
// neither null nor empty. A null or empty value for a key of a secondary index
// is left out of the item, which is then not in that index.
package dynamodest
