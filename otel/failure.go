package otel

import (
	"errors"
	"sync"

	"go.opentelemetry.io/otel/attribute"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"

	"github.com/dynamodest/dynamodest"
)

// rowsFailed is the error.type of a call that nothing stopped, and that has not written every row.
const rowsFailed = "rows_failed"

// Bounds of the status codes that a Telemetry reports, so that a server that is not DynamoDB cannot make up more series
// than a backend takes. https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html has
// some 30 codes, of 40 bytes at most.
const (
	maxStatusCodes     = 64
	maxStatusCodeBytes = 64
)

// writeError returns the WriteError that err is or wraps; nil if there is none.
func writeError(err error) *dynamodest.WriteError {
	var failed *dynamodest.WriteError
	if !errors.As(err, &failed) {
		return nil
	}
	return failed
}

// callErrorType returns the error.type of a call: the label of what stopped it, "stopped" if that has no label,
// rowsFailed if nothing has, and "_OTHER" for a call that did not return.
func callErrorType(err error) string {
	failed := writeError(err)
	if failed == nil {
		return semconv.ErrorTypeOther.Value.AsString()
	}
	// Not what it wraps: a source or report may give an error of another Destination.
	switch stop := failed.Stop.(type) { //nolint:errorlint // as above
	case nil:
		return rowsFailed
	case *dynamodest.TableError:
		return string(stop.Reason)
	case *dynamodest.ConfigError:
		return string(dynamodest.ErrConfig)
	}
	return string(dynamodest.ErrStopped)
}

// isAnswer reports whether the error of a response is an answer that was asked for: an item has the key. Inserts and
// versions ask, and what it means for the row is the row's outcome.
func isAnswer(r *dynamodest.Response) bool { return r.Reason == dynamodest.ErrExists }

// failure returns the attributes of a request that has an error: the label of the reason, unless the error is an answer,
// and DynamoDB's code if there is one.
func (t *Telemetry) failure(r *dynamodest.Response) []attribute.KeyValue {
	attributes := make([]attribute.KeyValue, 0, 2)
	if !isAnswer(r) {
		attributes = append(attributes, semconv.ErrorTypeKey.String(string(r.Reason)))
	}
	// Not what it wraps: that may be an error of another service, as of credentials, which has a code too.
	coded, ok := r.Err.(interface{ ErrorCode() string })
	if ok && t.codes.allow(coded.ErrorCode()) {
		attributes = append(attributes, semconv.DBResponseStatusCode(coded.ErrorCode()))
	}
	return attributes
}

// statusCodes are the codes that a Telemetry has reported, maxStatusCodes at most.
type statusCodes struct {
	mu       sync.Mutex
	reported map[string]bool
}

// allow reports whether code is one to report: of the form that AWS has, and among the first maxStatusCodes.
func (s *statusCodes) allow(code string) bool {
	if code == "" || len(code) > maxStatusCodeBytes {
		return false
	}
	for _, c := range []byte(code) {
		if c|0x20 < 'a' || c|0x20 > 'z' {
			return false
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.reported == nil {
		s.reported = map[string]bool{}
	}
	if !s.reported[code] && len(s.reported) < maxStatusCodes {
		s.reported[code] = true
	}
	return s.reported[code]
}
