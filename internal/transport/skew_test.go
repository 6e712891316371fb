package transport

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Responses that show another time, and by how many hours the next request is to be signed off the clock then. The
// SDK corrects the clock by the same, whatever the response is about.
var skewSteps = []struct {
	name   string
	status int
	header func(h http.Header)
	hours  int
}{
	{"ahead", 200, date(2), 2},
	{"no Date", 200, func(h http.Header) { h["Date"] = nil }, 2},
	{"Date that is none", 200, func(h http.Header) { h.Set("Date", "soon") }, 2},
	{"from a cache", 200, func(h http.Header) { date(5)(h); h.Set("Age", "0") }, 2},
	{"behind", 200, date(-3), -3},
	{"of an error", 400, date(7), 7},
	{"of a proxy", 502, date(8), 8},
	{"set right", 200, date(0), 0},
}

func date(hours int) func(http.Header) {
	return func(h http.Header) {
		h.Set("Date", time.Now().Add(time.Duration(hours)*time.Hour).UTC().Format(http.TimeFormat))
	}
}

func TestClockSkewFollowsTheRuleOfTheSDK(t *testing.T) {
	t.Parallel()
	for _, way := range []Way{Direct, Call, Inputs} {
		for _, disabled := range []bool{false, true} {
			t.Run(wayNames[way], func(t *testing.T) {
				t.Parallel()
				var signed time.Time
				step := -1
				server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					var err error
					signed, err = time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
					assert.NoError(t, err)
					skewSteps[step].header(w.Header())
					respond(skewSteps[step].status, `{"UnprocessedItems":{}}`)(w, r)
				}))
				defer server.Close()
				built := Build(Options{
					Endpoint: server.URL, AWS: awsConfig(nil),
					Client: []func(*dynamodb.Options){func(o *dynamodb.Options) { o.DisableClockSkewCorrection = disabled }},
				})
				client := New(onWay(t, built, way), "users")
				hours := 0
				for step = range skewSteps {
					_ = batch(client)
					assert.WithinDuration(t, time.Now().Add(time.Duration(hours)*time.Hour), signed, 10*time.Minute, "before "+skewSteps[step].name)
					if !disabled {
						hours = skewSteps[step].hours
					}
				}
			})
		}
	}
}

// The description of a table is requested by the SDK, and what its response shows of the time counts for the
// requests that are posted.
func TestClockSkewOfADescription(t *testing.T) {
	t.Parallel()
	var signed time.Time
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		signed, _ = time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
		date(4)(w.Header())
		respond(200, `{"UnprocessedItems":{}}`)(w, r)
	}))
	defer server.Close()
	client := New(onWay(t, builtClient(server.URL), Direct), "users")
	_ = describe(client)
	require.Nil(t, batch(client))
	assert.WithinDuration(t, time.Now().Add(4*time.Hour), signed, 10*time.Minute)
}

func TestClockSkew(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	at := func(date time.Time) http.Header { return http.Header{"Date": {date.Format(http.TimeFormat)}} }
	var skew clockSkew
	assert.Equal(t, now, skew.correct(now))
	skew.observe(at(now.Add(time.Hour)), now.Add(-maxTrustedRequest), now)
	assert.Equal(t, now.Add(time.Hour), skew.correct(now))
	skew.observe(at(now.Add(3*time.Hour)), now.Add(-maxTrustedRequest-1), now)
	assert.Equal(t, now.Add(time.Hour), skew.correct(now), "a request that took longer shows nothing")
	skew.observe(at(now), now, now)
	assert.Equal(t, now, skew.correct(now))

	var off *clockSkew
	off.observe(at(now.Add(time.Hour)), now, now)
	assert.Equal(t, now, off.correct(now))
}
