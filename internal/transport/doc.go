// Package transport is the only place that talks to DynamoDB: it sends one request for one table,
// and reports what the response, or its absence, means for the items of the request.
//
// A [Client] sends. A trace records how far the request got, through the SDK's middleware and
// net/http. With it, classify turns an error into a [fault.Failure], whose MaybeApplied is false
// only where DynamoDB certainly applied nothing of the request. An [Error] is the client's error in
// a form that may be shown.
//
// It imports item, table and fault, and the AWS SDK. It knows no rows, no schedule and no pace:
// what to send, when, and whether to send again is for others to decide.
package transport
