package dynamodest_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/dynamodest/dynamodest"
)

// tally counts what the schedules of a test have met, by kinds of things.
type tally struct {
	mu     sync.Mutex
	counts map[string]int
}

func (t *tally) add(kind string, thing any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.counts == nil {
		t.counts = map[string]int{}
	}
	t.counts[fmt.Sprintf("%s: %v", kind, thing)]++
}

// assertAll fails for each of things that was not met.
func assertAll[T any](t *testing.T, met *tally, kind string, things ...T) {
	t.Helper()
	met.mu.Lock()
	defer met.mu.Unlock()
	for _, thing := range things {
		what := fmt.Sprintf("%s: %v", kind, thing)
		t.Logf("%5d %s", met.counts[what], what)
		assert.Positive(t, met.counts[what], "no schedule met %s", what)
	}
}

// count adds what the schedule met, besides its faults.
func (s *schedule) count() {
	s.met.add("mode", s.mode())
	for _, i := range s.reports {
		r := s.results[i]
		s.met.add("outcome", r.Outcome)
		var row *dynamodest.RowError
		if errors.As(r.Err, &row) {
			s.met.add("reason", row.Reason)
		}
	}
	if s.err == nil {
		s.met.add("end", "all settled")
	}
	var call *dynamodest.WriteError
	if !errors.As(s.err, &call) {
		return
	}
	var fault *dynamodest.TableError
	switch {
	case errors.As(call.Stop, &fault):
		s.met.add("end", fault.Reason)
	case call.Stop == nil:
		s.met.add("end", "rows failed")
	case s.breaks != nil:
		s.met.add("end", s.breaks)
	default:
		s.met.add("end", "the context ended")
	}
}

func (s *schedule) mode() string {
	return fmt.Sprintf("%s %s, version %q, delete %q, by %s, as settled: %v", s.cfg.Mode, s.cfg.OnExisting, s.cfg.Version, s.cfg.Delete, s.by, s.asSettled())
}

// assertAllMet fails for each outcome, reason, mode, end and fault that no
// schedule of the run has met: the promises were not held against it then. No
// Write ends with ErrTableStatus, which is for New and Check.
func assertAllMet(t *testing.T, met *tally) {
	t.Helper()
	assertAll(t, met, "outcome", dynamodest.Written, dynamodest.Deleted, dynamodest.Skipped, dynamodest.Superseded, dynamodest.NotWritten, dynamodest.Unknown)
	assertAll(t, met, "reason",
		dynamodest.ErrMapping, dynamodest.ErrKey, dynamodest.ErrTooLarge, dynamodest.ErrRefused, dynamodest.ErrExists,
		dynamodest.ErrUnprocessed, dynamodest.ErrThrottled, dynamodest.ErrUnavailable, dynamodest.ErrStopped,
		dynamodest.ErrNoTable, dynamodest.ErrAccess, dynamodest.ErrCredentials)
	assertAll(t, met, "end", "all settled", "rows failed", "the context ended")
	assertAll(t, met, "end", errSource, errReport)
	assertAll(t, met, "end",
		dynamodest.ErrNoTable, dynamodest.ErrAccess, dynamodest.ErrCredentials, dynamodest.ErrConfig,
		dynamodest.ErrThrottled, dynamodest.ErrUnavailable)
	for _, by := range callKinds {
		for _, cfg := range modes {
			assertAll(t, met, "mode", (&schedule{cfg: cfg, by: by}).mode())
		}
		if by != "Write" {
			assertAll(t, met, "mode", (&schedule{cfg: dynamodest.Config{ReportAsSettled: true}, by: by}).mode())
		}
	}
	assertAll(t, met, "source", "pause", "bad row")
	assertAll(t, met, "fault", "hot keys")
	for _, f := range passingFaults {
		assertAll(t, met, "fault", f.name)
	}
	for _, f := range stopFaults {
		assertAll(t, met, "stop", f.name)
	}
}
