package schedule

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/internal/fault"
)

// linger is how long rows that fill no request wait in a harness.
const linger = 200 * time.Millisecond

// harness is a Scheduler under test with a clock of its own. Its backoffs last as long as they may.
type harness struct {
	*Scheduler
	t       *testing.T
	now     time.Time
	rows    []*Row // Rows[i] has Index i
	settled []*Row // in the order of their settling
}

var errCause = errors.New("cause")

func newHarness(t *testing.T, change func(*Config)) *harness {
	c := Config{
		MaxAttempts: 3, MinDelay: 50 * time.Millisecond, MaxDelay: 5 * time.Second, MaxWait: linger, EnvelopeSize: 100,
		Jitter: func(bound time.Duration) time.Duration { return bound },
	}
	if change != nil {
		change(&c)
	}
	return &harness{Scheduler: New(c), t: t, now: time.Unix(1_700_000_000, 0)}
}

// newClosedHarness is newHarness for a call whose source has ended: nothing lingers.
func newClosedHarness(t *testing.T, change func(*Config)) *harness {
	h := newHarness(t, change)
	h.Close()
	return h
}

// add adds a row for each key: "a@N5" has the rank N5, and "a@delete" is a delete.
func (h *harness) add(keys ...string) {
	for _, k := range keys {
		key, rank, _ := strings.Cut(k, "@")
		r := &Row{Index: len(h.rows), Key: key, Rank: rank, Units: 1, Size: 100, EncodedSize: 150, Payload: k}
		if rank == "delete" {
			r.Rank, r.Delete = "", true
		}
		h.rows = append(h.rows, r)
		if !h.Add(r, h.now) {
			h.settled = append(h.settled, r)
		}
	}
}

// addNew adds n rows whose keys are their own.
func (h *harness) addNew(n int) {
	for range n {
		h.add(fmt.Sprint("row ", len(h.rows)))
	}
}

// later moves the clock past any backoff.
func (h *harness) later() { h.now = h.now.Add(time.Minute) }

// ask returns what is next for a budget without bounds.
func (h *harness) ask() Next { return h.Next(h.now, BudgetOf(1e9)) }

// request returns the next request.
func (h *harness) request() *Batch {
	h.t.Helper()
	next := h.ask()
	require.Equal(h.t, Send, next.Kind, "nothing to send")
	return next.Batch
}

// next returns the next request and checks which rows it carries.
func (h *harness) next(want ...int) *Batch {
	h.t.Helper()
	b := h.request()
	require.Equal(h.t, want, indexes(b.Rows))
	return b
}

// wait checks that there is nothing to send, and returns until when; zero for ever.
func (h *harness) wait() time.Time {
	h.t.Helper()
	next := h.ask()
	require.Equal(h.t, Wait, next.Kind)
	return next.Until
}

func indexes(rows []*Row) (all []int) {
	for _, r := range rows {
		all = append(all, r.Index)
	}
	return all
}

// respond settles b by a failure, or without one but for the unprocessed rows.
func (h *harness) respond(b *Batch, f *fault.Failure, unprocessed ...int) {
	h.respondWith(Response{Batch: b, Failure: f, Unprocessed: flags(b, unprocessed), Existing: OtherItem})
}

// flags returns which rows of b are among those of the given indexes; nil if there are none.
func flags(b *Batch, rows []int) []bool {
	if len(rows) == 0 {
		return nil
	}
	is := make([]bool, len(b.Rows))
	for i, r := range b.Rows {
		is[i] = slices.Contains(rows, r.Index)
	}
	return is
}

// respondWith settles r, which came now, with the cause of a stop if it is one.
func (h *harness) respondWith(r Response) {
	r.Sent, r.Done = true, h.now
	if f := r.Failure; f != nil && (f.Action == fault.Abort || f.Action == fault.Reauthorize) {
		r.Stop = errCause
	}
	h.settle(r)
}

func (h *harness) settle(r Response) { h.settled = append(h.settled, h.Settle(r)...) }

func (h *harness) abandon() { h.settled = append(h.settled, h.Abandon()...) }

// outcome is what became of a row, in short.
func (h *harness) outcome(i int) string {
	r := h.rows[i]
	switch {
	case r.queue != nil:
		return "unsettled"
	case r.Outcome == Superseded:
		return fmt.Sprintf("superseded by %d", r.By)
	case r.Reason != "":
		return fmt.Sprintf("%v: %s", r.Outcome, r.Reason)
	}
	return r.Outcome.String()
}

// want checks the outcomes of rows 0 and up.
func (h *harness) want(outcomes ...string) {
	h.t.Helper()
	for i, want := range outcomes {
		assert.Equal(h.t, want, h.outcome(i), "row %d", i)
	}
	assert.Equal(h.t, h.Idle(), len(h.settled) == len(h.rows))
}

// assertOutage checks whether the call was stopped for an outage.
func (h *harness) assertOutage(want bool) {
	h.t.Helper()
	var o *Outage
	assert.Equal(h.t, want, errors.As(h.Stopped(), &o))
}

var (
	throttled = &fault.Failure{Action: fault.Retry, Reason: fault.Throttled, Throttled: true, Err: errCause}
	lost      = &fault.Failure{Action: fault.Retry, Reason: fault.Unavailable, MaybeApplied: true, Err: errCause}
	rejected  = &fault.Failure{Action: fault.Split, Reason: fault.Refused, Err: errCause}
	tooLarge  = &fault.Failure{Action: fault.Split, Reason: fault.TooLarge, Err: errCause}
	keyTaken  = &fault.Failure{Action: fault.KeyExists, Reason: fault.Exists, Err: errCause}
	denied    = &fault.Failure{Action: fault.Abort, Reason: fault.Access, Err: errCause}
	expired   = &fault.Failure{Action: fault.Reauthorize, Reason: fault.Credentials, Err: errCause}
	cancelled = &fault.Failure{Action: fault.Abort, Reason: fault.Stopped, MaybeApplied: true, Err: errCause}
)
