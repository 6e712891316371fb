package dynamodest

import "slices"

// columnsMet records which columns that the settings name the rows of a call had. It is used on the
// caller's goroutine only, and costs nothing once every column was met.
type columnsMet struct {
	missing []string // the columns not met yet, in the order of the settings
	any     bool     // there was a row
}

// add records the columns of row.
func (m *columnsMet) add(row sourceRow) {
	m.any = m.any || row.given()
	if len(m.missing) > 0 && row.row != nil {
		m.missing = slices.DeleteFunc(m.missing, func(column string) bool {
			_, ok := row.row[column]
			return ok
		})
	}
}

// addAll records the columns that all rows of a call have.
func (m *columnsMet) addAll(columns []string) {
	m.missing = slices.DeleteFunc(m.missing, func(column string) bool { return slices.Contains(columns, column) })
}

// missed returns the columns that no row had; nil if there is none, or if there was no row.
func (m *columnsMet) missed() []string {
	if !m.any || len(m.missing) == 0 {
		return nil
	}
	return m.missing
}
