package pace

import "time"

// Config sets up a [Pace].
type Config struct {
	// MaxInFlight is the most requests in flight. The default is 64.
	MaxInFlight int
	// Start is the table's write units a second, as DescribeTable tells them: where to begin, not a limit. 0 is unknown.
	Start float64
	// Cap is the most write units a second of the table itself, over all calls. 0 is none.
	Cap float64
}

// Answer is what became of a request. Units are those of the table itself, one for each begun KiB of a row.
type Answer struct {
	Sent, Now time.Duration // when the request left and when its answer came, in the time of [Pace.Wait]
	Units     float64       // that the request asked for
	Refused   float64       // of Units: unprocessed, or all of them when the whole request was throttled
	// Again is the part of Units in rows that had been refused before; AgainRefused is the part of Refused in such rows.
	// They tell a hot key range from a table at its limit. An engine that leaves them 0 is paced well on evenly keyed rows.
	Again, AgainRefused float64
	Consumed            float64 // table units that DynamoDB told; 0 is unknown
	Failed              bool    // for another reason than throttling: says nothing about the capacity
}

// mostUnits is the most units of one request that are believed.
const mostUnits = 1e6

// clean gives the answer with its parts in bounds.
func (a Answer) clean() Answer {
	a.Units = clean(a.Units, mostUnits)
	a.Consumed = clean(a.Consumed, mostUnits)
	a.Refused = clean(a.Refused, a.Units)
	a.Again = clean(a.Again, a.Units)
	a.AgainRefused = clean(a.AgainRefused, min(a.Again, a.Refused))
	return a
}

// clean gives x between 0 and most, and 0 for what is not a number.
func clean(x, most float64) float64 {
	if !(x > 0) {
		return 0
	}
	return min(x, most)
}
