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
// few seconds. Three phases, named after those of TCP congestion control, follow the capacity:
//
//   - slow start: there is no rate. The window of requests in flight grows until rejections are more
//     than a passing share, which never happens on a table that accepts all that this machine sends.
//   - probe: the rate doubles, from far below the capacity or from an eighth of what DescribeTable
//     reported, until the table rejects: the first estimate.
//   - steady: the rate follows a curve like that of TCP CUBIC (https://www.rfc-editor.org/rfc/rfc9438).
//     The curve starts a little under the estimate, so that the bucket gathers what the next attempt
//     costs, approaches the estimate, stays on a plateau around it, grows beyond it, and doubles in the
//     end. A rejection renews the estimate and restarts the curve.
//
// # Rejections that are not for lack of capacity
//
// A table has other writers and hot keys. Rejections then come at any rate, and a controller that takes
// each for an empty bucket slows down for ever. Early rejections, where the rate is under the estimate,
// are the sign. The question is the one that PCC asks (https://www.usenix.org/conference/nsdi15/technical-sessions/presentation/dong):
// do the rejections follow our rate? A fourth phase asks it:
//
//   - contended: it begins as a drain, a fifth of what was accepted, in small requests. If less than half
//     of the share before is rejected at that rate, the capacity fell, to what was accepted. If at least
//     half of it still is, up to 35 %, that share is noise, which counts no more: the rate goes back up, and
//     later rejections count only if a CUSUM test finds more of them. If more is rejected, others have the
//     table: the rate falls until something passes, and small requests ask whether the table is free again.
//
// When it is, the probe goes back to the best rate that the table accepted lately (it fades by half in a
// minute), as TCP does to ssthresh (https://www.rfc-editor.org/rfc/rfc5681) and BBR by its max filter
// (https://datatracker.ietf.org/doc/draft-ietf-ccwg-bbr/). A spell of rejections costs seconds.
//
// A fifth is low on purpose. Among equal writers that overload a table together, a cut of one changes the
// share rejected by that writer's part of the load: too little to see after a small cut, and enough after a
// large one. So peers do not take one another for noise. A small share of early rejections, as on a hot key
// range, is not worth the drain: the estimate is held for ten seconds, and the rate rises slowly.
//
// # Samples that are ignored
//
// The controller does not learn from
//
//   - responses to requests sent before the last change of phase;
//   - failures other than throttling;
//   - time in which the rate was not used up: a slow source, the cap, too few requests in flight;
//   - rows that are retried, or whose keys are known to be hot, if they are rejected while new rows are
//     accepted, or all of them: they met a hot key, not the limit of the table.
package pace
