package fault

// Action is what to do about a request that failed.
type Action uint8

// The actions.
const (
	Retry       Action = iota // send the rows again after a backoff
	Split                     // bisect the batch; a row alone is at fault itself
	Abort                     // stop the call: every row would meet the same
	KeyExists                 // the condition of a conditional put failed
	Reauthorize               // send again once, at once, with new credentials and the right time; then stop
)

// String returns the name of a in lower case.
func (a Action) String() string {
	return [...]string{"retry", "split", "abort", "key exists", "reauthorize"}[a]
}

// Failure is what the error of a request means.
type Failure struct {
	Reason       Reason
	Action       Action
	MaybeApplied bool  // DynamoDB may have applied the request, or a part of it
	Throttled    bool  // the table or the account is out of capacity
	Unreachable  bool  // no connection was made, and trying often does not help: the host is wrong, or refuses
	Err          error // the error in a form that quotes no row and no secret
}
