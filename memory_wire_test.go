package dynamodest

import (
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/internal/testsize"
)

// At any moment the library takes about what Config.WindowBytes says, requests in flight and the SDK's
// part included, whatever the size of the rows. Little garbage is left to lie here.
// It is no parallel test, so that the heap is its own.
func TestPeakMemoryOverWire(t *testing.T) {
	cases := wireMemoryCases()
	testPeakMemory(t, cases[:testsize.Pick(1, 2)])
}

// TestHeavyPeakMemoryOverWire is TestPeakMemoryOverWire with more kinds of rows.
func TestHeavyPeakMemoryOverWire(t *testing.T) {
	testsize.Heavy(t)
	testPeakMemory(t, wireMemoryCases())
}

// wireMemoryCase is rows of one kind, enough to fill the window.
type wireMemoryCase struct {
	name string
	rows int
	row  func(int) Row
}

func wireMemoryCases() []wireMemoryCase {
	column := func(value func() any) func(int) Row {
		return func(i int) Row { return Row{"user_id": strconv.Itoa(i), "value": value()} }
	}
	return []wireMemoryCase{
		{"400 KB of text", 50, column(func() any { return strings.Repeat("x", 400_000) })},
		{"400 KB of bytes", 50, column(func() any { return make([]byte, 400_000) })},
		{"400 KB of JSON", 50, column(func() any { return map[string]any{"text": strings.Repeat("x", 400_000)} })},
		{"200 KB, escaped", 100, column(func() any { return strings.Repeat(`"`, 200_000) })},
		{"4 KB of text", 8000, column(func() any { return strings.Repeat("x", 4000) })},
		{"small", 20_000, rowNumber},
	}
}

func testPeakMemory(t *testing.T, cases []wireMemoryCase) {
	t.Helper()
	defer debug.SetGCPercent(debug.SetGCPercent(10))
	dest := discardingDest(t)
	for _, tt := range cases {
		t.Run(tt.name, func(t *testing.T) {
			var rows iter.Seq2[Row, error] = func(yield func(Row, error) bool) {
				for i := 0; i < tt.rows && yield(tt.row(i), nil); i++ {
				}
			}
			peak := heapPeak()
			sum, err := dest.WriteSeq(t.Context(), rows, func(Row, RowResult) error { return nil })
			most := peak()
			require.NoError(t, err)
			assert.Equal(t, tt.rows, sum.Written)
			assert.Less(t, most, float64(mostHeap), "WriteSeq")
			t.Logf("WriteSeq: %.0f MiB, %d requests", most, sum.Requests)

			var slice []Row
			for row, err := range rows {
				require.NoError(t, err)
				slice = append(slice, row)
			}
			peak = heapPeak()
			res, err := dest.Write(t.Context(), slice)
			most = peak()
			require.NoError(t, err)
			assert.Less(t, most, float64(mostHeap), "Write")
			t.Logf("Write: %.0f MiB, %d requests", most, res.Summary.Requests)
		})
	}
}

// discardingDest is a Destination whose requests go through the SDK's client and over HTTP to a table
// that keeps nothing.
func discardingDest(t *testing.T) *Destination {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		response, err := instant{}.RoundTrip(r) // reads the body
		if !assert.NoError(t, err) {
			return
		}
		time.Sleep(20 * time.Millisecond)
		_, err = io.Copy(w, response.Body)
		assert.NoError(t, err)
		assert.NoError(t, response.Body.Close())
	}))
	t.Cleanup(server.Close)
	dest, err := New(t.Context(), Config{
		Region: "eu-west-1", Table: "users", Endpoint: server.URL, Credentials: Credentials{AccessKeyID: "a", SecretAccessKey: "b"},
	})
	require.NoError(t, err)
	return dest
}

// heapPeak samples the heap, garbage included, until the func that it returns is called, which returns
// by how many MiB the heap has grown at most.
func heapPeak() func() float64 {
	runtime.GC()
	heap := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	read := func() float64 {
		metrics.Read(heap)
		return float64(heap[0].Value.Uint64()) / (1 << 20)
	}
	before, most := read(), 0.0
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			most = max(most, read())
			select {
			case <-stop:
				return
			case <-time.After(time.Millisecond):
			}
		}
	}()
	return func() float64 {
		close(stop)
		<-stopped
		return most - before
	}
}
