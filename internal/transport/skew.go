package transport

import (
	"net/http"
	"sync/atomic"
	"time"

	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// maxTrustedRequest is the longest request whose response shows the time. It is the SDK's.
const maxTrustedRequest = 15 * time.Minute

// clockSkew is how far the clock of this machine is behind DynamoDB's, as the last response showed it. It
// corrects the time that requests are signed at by the rule of the SDK, which keeps its own to itself. A nil
// clockSkew corrects nothing.
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
type clockSkew struct{ offset atomic.Int64 }

// correct returns DynamoDB's time at now.
func (s *clockSkew) correct(now time.Time) time.Time {
	if s == nil {
		return now
	}
	return now.Add(time.Duration(s.offset.Load()))
}

// observe notes what the header of a response shows of the time, unless a cache has given the response.
func (s *clockSkew) observe(h http.Header, sent, received time.Time) {
	text := h.Get("Date")
	if s == nil || text == "" || h.Get("Age") != "" || received.Sub(sent) > maxTrustedRequest {
		return
	}
	if date, err := smithyhttp.ParseTime(text); err == nil {
		s.offset.Store(int64(date.Sub(received)))
	}
}
