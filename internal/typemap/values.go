package typemap

import (
	"cmp"
	"slices"
	"strings"

	"github.com/dynamodest/dynamodest/internal/fault"
	"github.com/dynamodest/dynamodest/internal/item"
)

// ValuesPlan is the plan for rows whose values lie beside a list of columns instead of in a map. It is safe
// for use by many goroutines at once.
type ValuesPlan struct {
	names    []string
	columns  []placedColumn // in the order of the item's attributes
	complete bool           // the mapping has every column
	needsMap bool           // a setting works on rows as maps
}

// placedColumn is the plan of a column, and the place of its value in a row.
type placedColumn struct {
	col   *column
	place int // -1: the rows lack the column
}

// PlanValues plans rows whose values are those of columns, in that order. It fails if two columns have the same
// name, since a row as a map would have only one of them. The text of the error ends with what to do, since it
// stops a call and belongs to no row.
func (c *Converter) PlanValues(columns []string) (*ValuesPlan, *fault.Error) {
	p := &ValuesPlan{
		names: make([]string, len(columns)), complete: true,
		needsMap: c.mapping.Version != "" || c.mapping.Delete != "" || c.mapping.Convert != nil,
	}
	places := make(map[string]int, len(columns))
	for i, name := range columns {
		if first, ok := places[name]; ok {
			return nil, fault.New(fault.Config, "the columns of indexes %d and %d have the same name: give one of the two another name in the source, such as by AS in SQL, or leave it out",
				first, i).At(name, "")
		}
		p.names[i] = strings.Clone(name) // the plan outlives the caller's list
		places[name] = i
	}
	if len(c.fields) == 0 {
		for i, name := range p.names {
			col := c.plan(name, name, Auto)
			p.columns = append(p.columns, placedColumn{&col, i})
		}
		slices.SortFunc(p.columns, func(x, y placedColumn) int { return cmp.Compare(x.col.name, y.col.name) })
		return p, nil
	}
	for i := range c.fields {
		col := &c.fields[i]
		place, ok := places[col.name]
		if !ok {
			place = -1
		}
		p.columns = append(p.columns, placedColumn{col, place})
	}
	p.complete = !slices.ContainsFunc(p.names, func(name string) bool {
		return !slices.ContainsFunc(c.fields, func(col column) bool { return col.name == name })
	})
	return p, nil
}

// Row returns the row of the given values as a map, or the error of a row with another number of values than there
// are columns.
func (p *ValuesPlan) Row(values []any) (map[string]any, *fault.Error) {
	if len(values) != len(p.names) {
		return nil, fault.NewMapping("the number of values is %d, but there are %d columns", len(values), len(p.names)).
			WithRemedy("provide one value for each column, in the order of the columns, and nil where there is none")
	}
	row := make(map[string]any, len(values))
	for i, name := range p.names {
		row[name] = values[i]
	}
	return row, nil
}

// EncodeValues is Encode for a row of the given values: it has the result of Encode with the row that
// plan.Row returns, without making that map. If plan.Row has an error, EncodeValues returns that error.
func (c *Converter) EncodeValues(s *Scratch, texts *item.Texts, it *item.Item, plan *ValuesPlan, values []any) *fault.Error {
	quickly := !plan.needsMap && c.encodeValuesQuickly(s, texts, it, plan, values)
	s.release()
	if quickly {
		return nil
	}
	row, err := plan.Row(values)
	switch {
	case err != nil:
		return err
	case plan.needsMap:
		return c.Encode(s, texts, it, row)
	}
	return c.encodeFlat(s, texts, it, row)
}

// encodeValuesQuickly is encodeQuickly for a row of the given values.
func (c *Converter) encodeValuesQuickly(s *Scratch, texts *item.Texts, it *item.Item, plan *ValuesPlan, values []any) bool {
	if len(values) != len(plan.names) {
		return false
	}
	e := c.begin(s, false)
	for i := range plan.columns {
		p := &plan.columns[i]
		var v any
		switch {
		case p.place >= 0:
			v = values[p.place]
		case p.col.missing == skipColumn:
			continue
		case p.col.missing == refuseRow:
			return false
		}
		if !e.add(p.col, v) {
			return false
		}
	}
	least := 0
	if !plan.complete {
		least = FootprintOfValues(values)
	}
	return e.end(texts, it, least)
}
