package dynamodest

import (
	"context"
	"iter"
)

// WriteColumns writes the rows of a sequence whose values lie beside a list of columns, as a database or a
// file with a header gives them, so that no row needs a map.
//
// It is as [Destination.WriteSeq] in all else. The value at index i of a row is its value in columns[i]; nil is
// a value, and a row cannot lack a column. Each column needs a name of its own: if two have the same one, no row
// is taken, and [WriteError].Stop is a [*ConfigError] with the Field "columns". A row with more or fewer values
// than there are columns is NotWritten with ErrMapping.
//
// The slice of a row belongs to WriteColumns until the row is reported or, without report, until WriteColumns
// returns: the source yields another slice for each row, and touches neither it nor bytes in it before. report
// may keep the slice.
func (d *Destination) WriteColumns(ctx context.Context, columns []string, rows iter.Seq2[[]any, error], report func([]any, RowResult) error) (Summary, error) {
	var reportValues func(sourceRow, RowResult) error
	if report != nil {
		reportValues = func(row sourceRow, result RowResult) error { return report(row.values, result) }
	}
	return d.stream(ctx, OpWriteColumns, reportValues, func(ctx context.Context, c *call) bool {
		plan, invalid := d.converter.PlanValues(columns)
		if invalid != nil {
			c.sourceErr = configError("columns", "%s", invalid.Text)
			return false
		}
		c.plan = plan
		c.columns.addAll(columns)
		for values, err := range rows {
			if !c.takeYielded(ctx, sourceRow{values: values}, err) {
				return false
			}
		}
		return true
	})
}
