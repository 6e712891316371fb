package dynamodest_test

import (
	"bytes"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// A response of 400 MB is not read to its end, and acknowledges nothing although it begins as
// DynamoDB's would.
func TestEndlessResponseIsUnknown(t *testing.T) {
	t.Parallel()
	db := dynamodesttest.NewTable(table, "id:S")
	var sent atomic.Int64
	cfg := wireConfig(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.Header.Get("X-Amz-Target"), "DescribeTable") {
			db.ServeHTTP(w, r)
			return
		}
		_, err := w.Write([]byte(`{"UnprocessedItems":{}}`))
		for spaces := bytes.Repeat([]byte(" "), 1<<20); err == nil && sent.Add(1) < 400; {
			_, err = w.Write(spaces)
		}
	}))
	cfg.Retry.MaxAttempts = 1
	res, err := newDest(t, cfg).Write(t.Context(), numbered(25))
	require.ErrorIs(t, err, dynamodest.ErrUnavailable)
	assert.ErrorContains(t, err, "longer than 32 MiB")
	assert.Equal(t, map[dynamodest.Outcome]int{dynamodest.Unknown: 25}, outcomes(res.Rows))
	assert.Less(t, sent.Load(), int64(400), "MiB that the server could send: 32, and what the buffers of the sockets hold")
}
