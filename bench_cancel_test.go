package dynamodest

import (
	"context"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// cancelledRows is how many rows BenchmarkCancelledWrite gives to a cancelled Write.
const cancelledRows = 5_000_000

// BenchmarkCancelledWrite measures how long a Write of rows that were never begun takes to return once
// its context has ended, beside a fill of the results by one goroutine: the shortest run of each, since
// a run whose memory is new to the process takes as long as the system takes to provide it.
func BenchmarkCancelledWrite(b *testing.B) {
	dest, err := New(b.Context(), Config{Region: "eu-west-1", Table: "users", Client: taker{}})
	require.NoError(b, err)
	ctx, cancel := context.WithCancel(b.Context())
	cancel()
	rows := make([]Row, cancelledRows)
	serial := func() Result {
		res := Result{Rows: make([]RowResult, len(rows))}
		errs := make([]RowError, len(rows))
		for i := range errs {
			errs[i] = notStarted(i, ctx.Err())
			res.Rows[i] = RowResult{Index: i, Err: &errs[i]}
		}
		return res
	}
	write := func() Result {
		res, err := dest.Write(ctx, rows)
		require.ErrorIs(b, err, context.Canceled)
		return res
	}
	shortest := map[string]time.Duration{}
	for b.Loop() {
		for name, run := range map[string]func() Result{"write": write, "serial": serial} {
			runtime.GC() // the heap keeps the memory of the run before
			began := time.Now()
			res := run()
			took := time.Since(began)
			require.Equal(b, cancelledRows-1, res.Rows[cancelledRows-1].Index)
			if before, ok := shortest[name]; !ok || took < before {
				shortest[name] = took
			}
		}
	}
	for name, took := range shortest {
		b.ReportMetric(float64(took.Milliseconds()), "ms/"+name)
	}
}
