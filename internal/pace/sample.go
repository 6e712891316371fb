package pace

import "time"

// Sample is what the table made of one request. Units are write units of the table itself, one per
// KiB of a row, rounded up.
type Sample struct {
	// Sent and Now are the moments at which the request left and its response came, on the clock of
	// [Pace.Wait].
	Sent, Now time.Duration
	// Units is what the request asked for.
	Units float64
	// Rows is the number of rows that the request carried; 0 is unknown. It tells a table with big rows
	// from one with many.
	Rows int
	// Rejected is the part of Units that was throttled: the unprocessed rows of a request, or all rows
	// of a request that was throttled as a whole.
	Rejected float64
	// RetryUnits is the part of Units in rows that an earlier request carried, or whose keys are known to
	// be hot, and RetryRejected the part of Rejected in such rows. They distinguish hot keys from a table
	// at its limit: a caller that leaves them 0 is paced well only if its rows are evenly keyed.
	RetryUnits, RetryRejected float64
	// Consumed is the write units that DynamoDB reported for the table; 0 is unknown.
	Consumed float64
	// Failed is set if the request failed for another reason than throttling. Such a response says
	// nothing about the capacity.
	Failed bool
}

// maxUnits is the most units of one request that are believed.
const maxUnits = 1e6

// clean returns the sample with its parts in bounds.
func (s Sample) clean() Sample {
	s.Units = clean(s.Units, maxUnits)
	s.Consumed = clean(s.Consumed, maxUnits)
	s.Rejected = clean(s.Rejected, s.Units)
	s.RetryUnits = clean(s.RetryUnits, s.Units)
	s.RetryRejected = clean(s.RetryRejected, min(s.RetryUnits, s.Rejected))
	return s
}

// clean returns x limited to the range from 0 to most, and 0 for NaN.
func clean(x, most float64) float64 {
	if !(x > 0) {
		return 0
	}
	return min(x, most)
}
