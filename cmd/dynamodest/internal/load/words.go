package load

import "github.com/dynamodest/dynamodest"

// Holding returns the words for what a load waits for, one of those of [dynamodest.Stats]; "" for nothing. capped
// says that the settings cap the rate.
func Holding(waitFor string, capped bool) string {
	switch waitFor {
	case dynamodest.WaitRetry:
		return "throttling or faults"
	case dynamodest.WaitPace:
		if capped {
			return "-max-rate"
		}
		return "the table's rate"
	case dynamodest.WaitWindow:
		return "rows that do not settle"
	case dynamodest.WaitSource:
		return "the source"
	}
	return ""
}
