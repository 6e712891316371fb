// Package dynamodest writes rows to an Amazon DynamoDB table in batches and reports the outcome of
// every row.
//
// A [Destination] is created once for a table, by [New], and used from any number of goroutines.
// [Destination.Write] takes a slice of rows; [Destination.WriteSeq] takes a sequence of any length,
// [Destination.WriteColumns] a sequence of rows without maps, as a database returns them, and
// [Destination.WriteChan] a channel. Each returns only when every row it took has an [Outcome], and
// returns an error if any row is NotWritten or Unknown, so a caller that checks only the error cannot
// lose a row unnoticed.
//
// # Terms
//
// A row has columns: what the source gives. An item has attributes: what DynamoDB stores. A [Mapping]
// has fields, each of which turns a column into an attribute. Write units are AWS's, for provisioned
// and on-demand tables alike.
//
// # Promises
//
//   - Every row has exactly one outcome, whatever the error: [Result].Rows[i] is row i, and WriteSeq,
//     WriteColumns and WriteChan report each row once, in row order unless [Config].ReportAsSettled is set.
//   - The outcome is true. [Written] and [Deleted]: DynamoDB acknowledged the row. [NotWritten]: no request that
//     carried the row was applied. [Unknown]: neither is certain, as after a lost response; sending an
//     upsert again does no harm unless a newer row of its key came between.
//   - The value is true too. It is written as what it means, exactly, or its row is refused with a
//     reason that names the column and the way out; it is never silently narrowed, emptied, quoted
//     twice or left out.
//   - One bad row costs one row. What can be checked before sending is checked before sending; a batch
//     that DynamoDB rejects is bisected until the offending row is isolated. Errors that affect every
//     row, such as a missing table, stop the call immediately.
//   - The last of equal keys wins within a call, whatever the concurrency, throttling and retries.
//     Keys are compared as DynamoDB compares them, so 1 equals 1.0. There is no ordering between
//     concurrent calls. One exception that no client can rule out: a request that timed out may still
//     be applied later, over a newer row. With [Config].Version the newest version wins instead, over
//     calls, machines and lost responses.
//   - Cancellation is clean: once ctx is done, no new request starts, and no goroutine is left when
//     the call returns, within 100 ms plus 100 ms for each million rows never begun.
//   - Memory is bounded by a window of unsettled rows (32 × [Config].Concurrency, 512 at least, and up
//     to 16,384 while rows are held back) and by [Config].WindowBytes, not by the number of rows. Only with Duplicates "fail" a stream also keeps up to 38 bytes a key.
//   - No row value and no secret is in an error, nor in what fmt prints of this package's types, but for [Item]. The
//     text of errors from the caller's own code (the source, report, a Limiter, the cause of ctx), and
//     DynamoDB messages that may quote a row, is available by unwrapping only.
//   - The caller's rows are not changed, and not kept after the call.
//   - Rows that DynamoDB throttles or returns as unprocessed are sent again, with exponential backoff
//     and full jitter, as [Retry] says; the SDK's own retries are off. If nothing is accepted for
//     3 × MaxAttempts consecutive waits (minimum 30), the call fails with the last error,
//     ErrUnavailable or ErrThrottled; rows that had been sent keep the reason of their last attempt.
//   - The Destination learns the write rate that the table accepts, over all calls, and keeps to it;
//     [Config].WriteUnitsPerSecond caps the rate.
//
// # When rows fail
//
// Every failed row has a [Reason], and [RowError.Scope] says what to do with it:
//
//   - ScopeRow: the row is at fault. The same row would fail again, and belongs with the dead letters.
//   - ScopePassing: the row can be sent again.
//   - ScopeCall: the table, the access or a setting is at fault (ErrNoTable, ErrTableStatus, ErrAccess,
//     ErrCredentials, ErrConfig). The call stops with a [*TableError] (a [*ConfigError] for
//     Config.MaxKeys), and its rows belong neither with the dead letters nor in a queue: the caller
//     stops, fixes the cause and reads them again. So look for a TableError in the call's error before
//     looking at rows.
//
// An older row that is sent after a newer row of the same key overwrites it. So set [Config].Version, or keep
// the queue by [Destination.Key] and drop a row from it when a newer row of its key has been settled, or read
// the rows again from the source, in order. The examples of [Destination.Write] show both kinds of queue.
//
// # Types
//
// The Go value decides, unless [Field].Type forces a type:
//
//	string and named strings                     S; "" becomes NULL, see Mapping.EmptyString
//	int and uint kinds, floats, json.Number,
//	*big.Int, *big.Float, *big.Rat               N, exact; NaN, Inf, fractions without a finite
//	                                             decimal, more than 38 digits: ErrMapping
//	bool                                         BOOL
//	nil, nil pointers, maps and slices           NULL, see Mapping.Null
//	[]byte, arrays of bytes                      B; see Mapping.Bytes for bytes that are text
//	time.Time                                    S, RFC 3339 with nanoseconds as needed
//	maps, slices, arrays, structs,
//	json.RawMessage                              S holding compact JSON: keys sorted, numbers exact
//	types.AttributeValue                         itself, checked
//	MarshalDynamoDBAttributeValue                what it returns, checked
//	driver.Valuer                                its value, or what it wraps
//	encoding.TextMarshaler                       S holding its text
//	json.Marshaler                               what its JSON says: S, N, BOOL or nil; S holding
//	                                             JSON for objects and arrays
//	pointers                                     what they point to
//	a column of Mapping.Fields that the row
//	does not have                                no attribute, see Mapping.Missing
//
// A value is asked what it means in one order, the same at the top level, in L, M and sets and in
// JSON: an AttributeValue; the built-in types, which are the first rows of the table; Mapping.Convert;
// the methods MarshalDynamoDBAttributeValue, Value, MarshalText and MarshalJSON; then its kind, by
// reflection.
//
// Value answers for SQL, which has six types. Where it cuts a number (an unsigned or a float32), spells
// a wrapped number or bool, writes a slice or a map as a literal of SQL, or fails as database/sql does
// for a type that SQL lacks, the value that the Valuer wraps is written instead: its only field, the
// field beside a true Valid, the result of its method Get() (T, bool), or its kind. An answer that differs
// on purpose stays: cents as "12.50", a postal code with its zeros, a UUID as text. JSON that a Valuer
// holds in bytes stays JSON.
//
// A struct that has one of these methods only from a type that it embeds, and has other fields, is
// refused, since the method says nothing of them; a bool named Valid is no such field. A struct type of
// which nothing can be written is refused too.
//
// A floating-point number becomes the shortest decimal that reads back equal at its precision;
// everything else is exact. Numbers are written in plain notation, or as in 1.5E100 where that would
// take more than 20 zeros.
//
// Mapping.Null and Mapping.EmptyString apply to attributes. Inside JSON, nil is null and "" is "";
// inside a forced L or M, nil is a NULL and "" an empty S. An empty []byte stays an empty B. L and M
// nest 32 levels deep, JSON text 1,000.
//
// JSON follows the rules of encoding/json for structs and their json tags, as of Go 1.26 on every
// version of Go (Go 1.27 reads more names and options from tags), with two differences: values are
// asked in the order above, and arrays of bytes are base64, as encoding/json/v2 writes them. L and M
// take names and options from dynamodbav tags first; a field tagged dynamodbav:"-" is written nowhere.
// Input that encoding/json would silently alter, such as invalid UTF-8, is refused. If JSON text
// repeats a key, the last occurrence counts.
//
// An attribute of the table's key must have the declared type and must be neither null nor empty. JSON
// text that no Field asks for does not become a key. A null or empty value for a key of a secondary
// index is left out of the item, which then does not appear in that index. The length limits of an
// index apply to items that have all of its key attributes.
//
// An attribute that a vector index is built on becomes an L of N, as with the Type L: from slices,
// arrays and JSON text of an array. The list must have as many numbers as the index has dimensions,
// each in the range of a 32-bit float: otherwise the row fails with ErrMapping. The partition key and
// the filters in the index's search schema must have the declared types. A null for any of them is left
// out of the item, since DynamoDB takes no NULL there.
//
// # Columns
//
// Names of columns are compared exactly. If a row lacks the column of a key, or a required one, and has
// one whose name differs only by a byte order mark, white space, case or Unicode form, the error names
// it. [Field].Required and [Mapping].Missing say what becomes of a row without a column;
// [Summary].MissingColumns lists the mapped columns that no row of a call had. An engine should warn of
// those: an upsert replaces the whole item, so their attributes are gone from the items written.
package dynamodest
