package forecast

import (
	"github.com/dynamodest/dynamodest/internal/item"
	"github.com/dynamodest/dynamodest/internal/table"
)

// Sizes in a vector index, in bytes. A number of a vector counts as a 32-bit number, whatever its digits, in the
// table as in the index.
// https://github.com/paritysuite/dynamodb-conformance/blob/main/tests/tier2/vectorSearch/consumedCapacity.test.ts
const (
	vectorNumber   = 4
	minVectorEntry = 1024
)

// Cost is what writing an item costs where no item has its key.
type Cost struct {
	Table   int   // write units
	Indexes []int // write units, of each secondary index; valid until the next item is measured
	Vectors []int // bytes, of each vector index; valid until the next item is measured
}

// Attribute is the name and the size of an attribute of an item.
type Attribute struct {
	Name string
	Size int // bytes, the name included
}

// Meter measures items for one table. It belongs to one goroutine.
type Meter struct {
	indexes []table.Projection
	vectors []table.VectorProjection

	sizes []int // of the attributes of an item, parallel to them
	cost  Cost
}

// NewMeter returns a Meter for the table that d describes.
func NewMeter(d *table.Description) *Meter {
	return &Meter{
		indexes: d.Projections, vectors: d.VectorProjections,
		cost: Cost{Indexes: make([]int, len(d.Projections)), Vectors: make([]int, len(d.VectorProjections))},
	}
}

// Measure returns what writing it costs, and its largest attribute. The least that a delete costs is one write
// unit: it costs as much as the item in the table, and as its entries in indexes.
func (m *Meter) Measure(it *item.Item) (Cost, Attribute) {
	size, largest := m.measureAttributes(it)
	m.cost.Table = item.UnitsOfSize(size)
	for i := range m.indexes {
		m.cost.Indexes[i] = 0
		if entry, ok := m.entry(it, &m.indexes[i]); ok && !it.Delete {
			m.cost.Indexes[i] = item.UnitsOfSize(entry)
		}
	}
	for i := range m.vectors {
		m.cost.Vectors[i] = 0
		if entry, ok := m.entry(it, &m.vectors[i].Projection); ok && !it.Delete {
			m.cost.Vectors[i] = max(minVectorEntry, entry)
		}
	}
	if it.Delete {
		m.cost.Table = 1
	}
	return m.cost, largest
}

// measureAttributes sets m.sizes, and returns their sum and the largest attribute.
func (m *Meter) measureAttributes(it *item.Item) (size int, largest Attribute) {
	m.sizes = m.sizes[:0]
	for i := range it.Attrs {
		a := &it.Attrs[i]
		bytes, _, _ := a.Measure() // which found no fault when the row was converted
		if len(a.Name)+bytes > largest.Size {
			largest = Attribute{a.Name, len(a.Name) + bytes}
		}
		if m.isVector(a.Name) {
			bytes = vectorNumber * len(a.Elems)
		}
		m.sizes = append(m.sizes, len(a.Name)+bytes)
		size += len(a.Name) + bytes
	}
	return size, largest
}

// isVector reports whether the attribute is the vector of an index.
func (m *Meter) isVector(name string) bool {
	for i := range m.vectors {
		if m.vectors[i].Attribute == name {
			return true
		}
	}
	return false
}

// entry returns the size of the item's entry in an index. It reports false if the item is not in the index.
func (m *Meter) entry(it *item.Item, p *table.Projection) (size int, ok bool) {
	for _, name := range p.Keys {
		if it.Find(name) == nil {
			return 0, false
		}
	}
	for i := range it.Attrs {
		if p.Includes(it.Attrs[i].Name) {
			size += m.sizes[i]
		}
	}
	return size, true
}
