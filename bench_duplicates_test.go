package dynamodest

import (
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// BenchmarkDuplicates measures what Duplicates "fail" adds to Write and WriteSeq: the time with it as a ratio to
// the time with "last" in the same run, to a table that answers at once, by the shortest of the runs of each.
// The rows have ten columns, or their key alone.
func BenchmarkDuplicates(b *testing.B) {
	const count = 200_000
	wide, narrow := make([]Row, count), make([]Row, count)
	for i := range wide {
		wide[i] = rowNumber(i)
		narrow[i] = Row{"user_id": wide[i]["user_id"]}
	}
	dests := map[Duplicates]*Destination{}
	for _, duplicates := range []Duplicates{LastWins, RefuseDuplicates} {
		dest, err := New(b.Context(), Config{Region: "eu-west-1", Table: "users", Client: taker{}, Duplicates: duplicates})
		require.NoError(b, err)
		dests[duplicates] = dest
	}
	write := func(d *Destination, rows []Row) error {
		_, err := d.Write(b.Context(), rows)
		return err
	}
	writeSeq := func(d *Destination, rows []Row) error {
		_, err := d.WriteSeq(b.Context(), func(yield func(Row, error) bool) {
			for _, row := range rows {
				if !yield(row, nil) {
					return
				}
			}
		}, nil)
		return err
	}
	for _, bb := range []struct {
		name string
		run  func(*Destination, []Row) error
		rows []Row
	}{
		{"Write", write, wide}, {"Write of keys alone", write, narrow},
		{"WriteSeq", writeSeq, wide}, {"WriteSeq of keys alone", writeSeq, narrow},
	} {
		b.Run(bb.name, func(b *testing.B) {
			shortest := map[Duplicates]time.Duration{}
			for b.Loop() {
				for duplicates, dest := range dests {
					runtime.GC()
					began := time.Now()
					require.NoError(b, bb.run(dest, bb.rows))
					took := time.Since(began)
					if before, ok := shortest[duplicates]; !ok || took < before {
						shortest[duplicates] = took
					}
				}
			}
			b.ReportMetric(shortest[RefuseDuplicates].Seconds()/shortest[LastWins].Seconds(), "fail/last")
			b.ReportMetric(float64((shortest[RefuseDuplicates]-shortest[LastWins]).Nanoseconds())/count, "more-ns/row")
		})
	}
}
