package otel_test

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// Many goroutines write by Destinations of one Telemetry, while others collect and watch: no row is counted twice, and
// none is missed.
func TestManyGoroutines(t *testing.T) {
	t.Parallel()
	const goroutines, rows = 64, 30
	b, db := newBackend(t), dynamodesttest.NewTable(table, "id:S")
	shared := b.dest(t, db, dynamodest.Config{})
	var wg sync.WaitGroup
	for i := range goroutines {
		wg.Go(func() {
			dest := shared
			if i%4 == 0 { // has a Destination of its own, whose figures stay when it is stopped
				own, stop, err := b.telemetry.NewDestination(t.Context(), dynamodest.Config{Table: table, Region: region, Client: db})
				assert.NoError(t, err)
				defer stop()
				dest = own
			}
			batch := make([]dynamodest.Row, rows)
			for j := range batch {
				batch[j] = dynamodest.Row{"id": fmt.Sprint(i, "-", j)}
			}
			batch[0]["id"] = i // a bad key
			_, err := dest.Write(t.Context(), batch)
			assert.ErrorIs(t, err, dynamodest.ErrKey)
			b.collect(t)
		})
	}
	wg.Wait()
	assert.Equal(t, outcomes(users, 0, goroutines, 0, 0, 0, goroutines*(rows-1)), b.series(t, "dynamodest.rows"))
	assert.Equal(t, []string{fmt.Sprint(users, " dynamodest.scope=row error.type=bad_key: ", goroutines)}, b.series(t, "dynamodest.failed_rows"))
	assert.Equal(t, []string{users + ": 0"}, b.series(t, "dynamodest.active_requests"))
	assert.Len(t, b.spansNamed("dynamodest.Write users"), goroutines)
}

// The first 1,000 requests of a call are in its trace. Later ones begin traces of their own, with a link to the call.
func TestLongCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, db := newBackend(t), dynamodesttest.NewTable(table, "id:S")
		dest := b.dest(t, db, dynamodest.Config{Mode: dynamodest.Insert, OnExisting: dynamodest.Skip, Concurrency: 1, WriteUnitsPerSecond: 5})
		_, err := dest.Write(t.Context(), numbered(1010))
		require.NoError(t, err)
		call := b.spansNamed("dynamodest.Write users")[0]
		puts := b.spansNamed("PutItem users")
		require.Len(t, puts, 1010)
		for i, put := range puts {
			if i < 1000 {
				require.Equal(t, call.SpanContext.SpanID(), put.Parent.SpanID(), i)
				require.Empty(t, put.Links, i)
				continue
			}
			require.False(t, put.Parent.IsValid(), i)
			require.NotEqual(t, call.SpanContext.TraceID(), put.SpanContext.TraceID(), i)
			require.Len(t, put.Links, 1, i)
			require.Equal(t, call.SpanContext, put.Links[0].SpanContext, i)
		}
		assert.Len(t, call.Events, 128, "the SDK keeps the last 128 events")
		assert.Greater(t, call.DroppedEvents, 800)

		b.spans.Reset()
		_, err = dest.Write(t.Context(), numbered(1))
		require.NoError(t, err)
		assert.Equal(t, b.spansNamed("dynamodest.Write users")[0].SpanContext.SpanID(), b.spansNamed("PutItem users")[0].Parent.SpanID(),
			"another call begins anew")
	})
}
