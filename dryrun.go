package dynamodest

import (
	"context"
	"iter"
	"slices"

	"github.com/dynamodest/dynamodest/internal/fault"
	"github.com/dynamodest/dynamodest/internal/forecast"
	"github.com/dynamodest/dynamodest/internal/item"
	"github.com/dynamodest/dynamodest/internal/schedule"
	"github.com/dynamodest/dynamodest/internal/table"
)

// DryRun reports what writing rows would do and cost, and writes nothing: it converts and checks each row as
// [Destination.WriteSeq] does, and measures the items against the table's description, which it requests once,
// first. It needs no permission to write.
//
// It calls each, if not nil, once for every row it read, in row order, on its caller's goroutine. rows is as in
// WriteSeq: a [BadRow] is an invalid row in its place, and a [Pause] is passed over. each may keep the row.
//
// Invalid rows are what DryRun is for, and no failure of it: the error is nil if all rows were read. It is that
// of [Destination.Check] if the table does not take the rows of this Destination; the error of rows or of each,
// hidden as in [WriteError].Stop, if one of them ended it; ctx's if ctx has ended; and with Config.Duplicates
// RefuseDuplicates a [*ConfigError] if the rows have more keys than Config.MaxKeys, as in WriteSeq. The Forecast
// is of the rows read before that.
//
// With RefuseDuplicates the rows of a key are refused with ErrKey as WriteSeq refuses them, all but the first;
// Write would refuse the first too. What shows only in the table, or only when rows of a key wait together, such
// as versions of two types, is not foreseen.
//
// DryRun takes memory for at most [MaxDryRunKeys] keys, up to 62 bytes for each by measurement, and 8 more for each
// index of the table; up to 3.3 MB to count sizes; and some 350 bytes for each of 32 × Config.Concurrency rows, whose
// values it does not keep. It runs on its caller's goroutine.
func (d *Destination) DryRun(ctx context.Context, rows iter.Seq2[Row, error], each func(Row, RowForecast) error) (Forecast, error) {
	d.mustBeMade()
	now, err := d.current(ctx)
	if err != nil {
		return Forecast{}, err
	}
	r := d.newDryRun(&now, each)
	for row, err := range rows {
		if !r.take(ctx, sourceRow{row: row}, err) {
			break
		}
	}
	if r.stop == nil && ctx.Err() != nil { // the end of ctx may have ended the source
		r.stop = fault.Ended(ctx)
	}
	return r.forecast(), r.stop
}

// dryRun is one DryRun.
type dryRun struct {
	d     *Destination
	table *table.Description // as it is now
	each  func(Row, RowForecast) error

	sum      Forecast // the counts, and what is known row by row
	stop     error    // why no further row is read
	failures failures
	columns  columnsMet
	sizes    forecast.Sizes
	meter    *forecast.Meter
	tally    *forecast.Tally
	planner  *planner

	hasher  keyHasher
	keys    *forecast.Keys
	looking bool // for duplicates
}

func (d *Destination) newDryRun(now *table.Description, each func(Row, RowForecast) error) *dryRun {
	winner := forecast.LastWins
	switch d.scheduling.OnExisting {
	case schedule.Skip, schedule.Fail:
		winner = forecast.FirstWins
	case schedule.Newer:
		winner = forecast.AnyWins
	case schedule.Overwrite:
	}
	most := MaxDryRunKeys
	if d.refuseDuplicates {
		most = min(most, d.maxKeys)
	}
	r := &dryRun{
		d: d, table: now, each: each,
		meter:   forecast.NewMeter(now),
		tally:   forecast.NewTally(winner, len(now.Projections), len(now.VectorProjections)),
		planner: d.newPlanner(now.Units),
		keys:    forecast.NewKeys(most), looking: d.description.Known,
	}
	r.columns.missing = slices.Clone(d.columns)
	return r
}

// take takes what the source yielded. It reports whether the run goes on.
func (r *dryRun) take(ctx context.Context, row sourceRow, err error) bool {
	var it *item.Item
	var invalid *fault.Error
	if err != nil {
		invalid, r.stop = readNoRow(row, err)
	}
	switch {
	case r.stop != nil || ctx.Err() != nil:
		return false
	case err != nil && invalid == nil: // Pause
		return true
	case err == nil:
		it, invalid = r.d.converter.Convert(row.row)
	}
	seen := RowForecast{Index: r.sum.Rows, DuplicateOf: -1}
	slot := -1
	if r.looking && err == nil {
		slot, invalid = r.compareKey(row.row, it, invalid, &seen)
		if r.stop != nil {
			return false
		}
	}
	if err == nil {
		r.columns.add(row)
	}
	r.sum.Rows++
	if r.looking {
		r.sum.KeysCompared++
	}
	if invalid != nil {
		rowErr := conversionError(seen.Index, invalid)
		seen.Err = rowErr
		r.sum.Invalid++
		r.failures.add(rowErr)
	} else {
		r.count(it, slot, &seen)
	}
	if r.each != nil {
		if err := r.each(row.row, seen); err != nil {
			r.stop = fault.Hide("each", err)
		}
	}
	return r.stop == nil
}

// compareKey compares the key of a row with those of the rows before it. It returns the slot of the key, or -1 if
// the row has none that counts, and what is wrong with the row: invalid, or that it is a duplicate. If the key is
// one too many it sets stop, or ends the looking.
func (r *dryRun) compareKey(row Row, it *item.Item, invalid *fault.Error, seen *RowForecast) (slot int, wrong *fault.Error) {
	if invalid != nil {
		var noKey *fault.Error
		if !r.d.refuseDuplicates { // the row supersedes no other
			return -1, invalid
		}
		if it, noKey = r.d.converter.ConvertKey(row); noKey != nil {
			return -1, invalid
		}
	}
	slot, first, ok := r.keys.Meet(forecast.Hash(r.hasher.hash(it)), seen.Index)
	switch {
	case !ok && r.d.refuseDuplicates && r.d.maxKeys <= MaxDryRunKeys:
		r.stop = tooManyKeys(r.d.maxKeys)
		return -1, invalid
	case !ok:
		r.looking = false
		return -1, invalid
	case first == seen.Index:
		return slot, invalid
	}
	seen.DuplicateOf = first
	r.sum.Duplicates++
	if len(r.sum.FirstDuplicates) < maxFirst {
		r.sum.FirstDuplicates = append(r.sum.FirstDuplicates, Duplicate{Index: seen.Index, Of: first})
	}
	if r.d.refuseDuplicates {
		return -1, r.d.duplicate("an earlier row")
	}
	return slot, invalid
}

// count counts a valid row, whose key has the given slot; -1 if it was not looked for.
func (r *dryRun) count(it *item.Item, slot int, seen *RowForecast) {
	cost, largest := r.meter.Measure(it)
	seen.Size, seen.WriteUnits, seen.Delete = it.Size, float64(cost.Table), it.Delete
	r.sum.Valid++
	if it.Delete {
		r.sum.Deletes++
	} else {
		r.sum.Puts++
		r.sizes.Add(it.Size)
		if of := &r.sum.Sizes.Largest; largest.Size > of.Size {
			*of = LargestAttribute{Name: largest.Name, Size: largest.Size, Row: seen.Index}
		}
	}
	if slot < 0 || r.d.refuseDuplicates {
		r.tally.Add(cost)
	} else {
		r.tally.AddOf(slot, cost)
	}
	r.planner.add(it)
}

// forecast returns the Forecast of the rows read.
func (r *dryRun) forecast() Forecast {
	f := &r.sum
	f.Reasons, f.First = r.failures.reasons, r.failures.first
	f.MissingColumns = r.columns.missed()
	f.Sizes.Min, f.Sizes.Max, f.Sizes.Total = r.sizes.Min, r.sizes.Max, r.sizes.Total
	f.Sizes.Median, f.Sizes.P95 = r.sizes.Percentile(50), r.sizes.Percentile(95)
	f.WriteUnits = r.writeUnits()
	f.Requests = r.requests()
	f.Estimated = f.Deletes > 0 || r.d.conditional() && f.Valid > 0
	f.Time = r.time()
	return *f
}

func (r *dryRun) writeUnits() UnitsForecast {
	least, most := &r.tally.Least, &r.tally.Most
	units := UnitsForecast{Total: rangeOf(least.Total(), most.Total()), Table: rangeOf(least.Table, most.Table)}
	for i := range r.table.Projections {
		units.Indexes = append(units.Indexes, IndexForecast{r.table.Projections[i].Index, rangeOf(least.Indexes[i], most.Indexes[i])})
	}
	for i := range r.table.VectorProjections {
		units.VectorIndexes = append(units.VectorIndexes, VectorIndexForecast{r.table.VectorProjections[i].Index, rangeOf(least.Vectors[i], most.Vectors[i])})
	}
	return units
}

func rangeOf(least, most int64) Range { return Range{float64(least), float64(most)} }

// requests returns how many requests the valid rows take. Where rows have the same key, a request may carry the
// last row of each key alone, and no two of its rows have the same key.
func (r *dryRun) requests() CountRange {
	planned := r.planner.finish()
	if r.sum.Duplicates == 0 || r.d.refuseDuplicates {
		return CountRange{planned, planned}
	}
	distinct := r.sum.Valid - r.sum.Duplicates
	perRequest := r.d.scheduling.BatchRows()
	least := (distinct + perRequest - 1) / perRequest
	return CountRange{least, min(r.sum.Valid, planned+r.sum.Duplicates)}
}

func (r *dryRun) time() TimeForecast {
	b := forecast.Time(r.table, r.d.cap, &r.tally.Least, &r.tally.Most)
	bounds := map[table.From]Bound{table.Provisioned: BoundProvisioned, table.MaxOnDemand: BoundMaxOnDemand, table.Warm: BoundWarm}
	word := bounds[b.From]
	if b.Cap {
		word = BoundCap
	}
	return TimeForecast{Least: b.Least, Most: b.Most, WriteUnitsPerSecond: b.UnitsPerSecond, Bound: word, Index: b.Index}
}
