package dynamodest

import "slices"

// Add adds what another call did, or several: all counts, WriteUnits and VectorWriteBytes. Of
// MissingColumns it keeps, in the order of s, those that other misses too, since the other ones were met in a row.
// A Summary without rows has met no column and missed none: then the list of the other one stands. Add changes no
// list that the two had.
func (s *Summary) Add(other Summary) {
	s.MissingColumns = missingInBoth(s, &other)

	s.Rows += other.Rows
	s.Written += other.Written
	s.Deleted += other.Deleted
	s.Skipped += other.Skipped
	s.Superseded += other.Superseded
	s.NotWritten += other.NotWritten
	s.Unknown += other.Unknown

	s.Requests += other.Requests
	s.Resent += other.Resent
	s.WriteUnits += other.WriteUnits
	s.VectorWriteBytes += other.VectorWriteBytes
}

// missingInBoth returns the columns that no row of a and of b had; nil for none.
func missingInBoth(a, b *Summary) []string {
	var missing []string
	switch {
	case a.Rows == 0:
		missing = slices.Clone(b.MissingColumns)
	case b.Rows == 0:
		missing = slices.Clone(a.MissingColumns)
	default:
		for _, column := range a.MissingColumns {
			if slices.Contains(b.MissingColumns, column) {
				missing = append(missing, column)
			}
		}
	}
	return missing
}
