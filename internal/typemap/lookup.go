package typemap

import "slices"

// foundValue is a value of a row and the plan of its column.
type foundValue struct {
	col   *column
	v     any
	given bool // by the row; otherwise v is nil, and the plan says what that means
}

// lookUp appends to found the values of row in all columns that the mapping has, or, without mapping.Fields, in all
// columns of row. It returns these columns too, and reports whether they are all that row has.
func (c *Converter) lookUp(found []foundValue, row map[string]any) (out []foundValue, columns []column, complete bool) {
	if len(c.fields) > 0 {
		out, complete = lookUpIn(found, row, c.fields)
		return out, c.fields, complete
	}
	if seen := c.seen.Load(); seen != nil {
		if out, complete := lookUpIn(found, row, *seen); complete {
			return out, *seen, true
		}
	}
	planned := c.planRow(row)
	c.seen.Store(&planned)
	out, complete = lookUpIn(found, row, planned)
	return out, planned, complete
}

// lookUpIn appends to found the values of row in the given columns, before any of them is converted: lookups that
// follow one another overlap in the processor. complete reports whether the columns are all that row has.
func lookUpIn(found []foundValue, row map[string]any, columns []column) (out []foundValue, complete bool) {
	found = slices.Grow(found, len(columns))
	met := 0
	for i := range columns {
		col := &columns[i]
		v, given := row[col.name]
		switch {
		case !given && col.missing == skipColumn:
			continue
		case given && !col.repeated:
			met++
		}
		if !col.unmapped {
			found = append(found, foundValue{col, v, given})
		}
	}
	return found, met == len(row)
}
