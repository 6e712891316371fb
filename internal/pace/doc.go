// Package pace learns how fast a DynamoDB table accepts writes and spaces requests accordingly.
//
// [Pace] is the rate controller; [Gate] shares one controller among concurrent calls and serves them in
// turn. To this package a request is a number of write units and a response is a [Sample]. It imports
// the standard library only, and does not know rows, keys, attempts or AWS. Time is passed in and
// nothing is random, so that a simulation can test the controller; a Gate reads the clock once, when it
// is made.
//
// # How the rate is learned
//
// DynamoDB meters a table by a token bucket. A moment at which the table rejects units is a moment at
// which its bucket is empty, so the units applied between two such moments, over the time between
// them, are the table's capacity, whatever burst credit it had and whatever rate was offered. A
// controller that only counts rejections must provoke many of them; this controller needs one every
// few seconds. The controller has three phases, named after those of TCP congestion control:
//
//   - slow start: there is no rate. The window of requests in flight grows until rejections are more
//     than a passing share, which never happens on a table that accepts all that this machine sends.
//   - probe: the rate doubles, from far below the capacity or from what DescribeTable reported, until
//     the table rejects: the first estimate.
//   - steady: the rate follows a curve like that of TCP CUBIC (https://www.rfc-editor.org/rfc/rfc9438).
//     The curve starts a little under the estimate, so that the bucket gathers what the next attempt
//     costs, approaches the estimate, stays on a plateau around it, grows beyond it, and doubles in the
//     end. A rejection renews the estimate and restarts the curve. Rejections far under the estimate,
//     or far over it, mean that the capacity has changed and lead back to the probe.
//
// # Samples that are ignored
//
// The controller does not learn from
//
//   - responses to requests sent before the last change of phase;
//   - failures other than throttling;
//   - time in which the rate was not used up: a slow source, the cap, too few requests in flight;
//   - retried rows that are rejected again while new rows are accepted: they met a hot key range, not
//     the limit of the table;
//   - rejections that stay when the rate falls, which is how a hot key range looks from the outside.
package pace
