package dynamodest

// converter turns rows into items by a mapping and a table's keys. It is
// immutable and safe for use by many goroutines at once.
type converter struct {
	mapping Mapping
	schema  tableSchema
}

func newConverter(m Mapping, s tableSchema) *converter { return &converter{m, s} }

// convert returns the item for row, or why there is none.
func (c *converter) convert(row Row) (*item, *RowError) { panic("to be written") }
