package item

import (
	"math"
	"strings"

	"github.com/dynamodest/dynamodest/internal/decimal"
)

// Limits of an item, as DynamoDB documents them.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
const (
	MaxSize          = 409_600 // bytes of an item, attribute names included: 400 KB
	MaxLevels        = 32      // levels of lists and maps; an attribute's value is the first level
	MaxAttributeName = 65_535  // bytes
)

// MaxJSONLevels bounds the nesting of JSON text, so that a value that contains itself is detected.
const MaxJSONLevels = 1000

// Builder holds the memory of the texts of a row while its item is made. Reuse prepares it for another row.
type Builder struct {
	// arena holds the texts made for the row. Every text is a slice of the arena, so a row of many
	// numbers costs one allocation.
	arena strings.Builder

	// scratch holds the texts of the parts of a JSON document; DropScratch drops them once the
	// document is written.
	scratch strings.Builder

	reused  bool   // by Reuse
	members []Attr // of the containers of a row, if the Builder is reused

	// Footprint is roughly the memory, in bytes, that the row's documents and sets take.
	Footprint int
}

// Arena returns the memory of the row's texts, for a text that is written in parts. The text begins
// at the Len of the arena before the first part is written.
func (b *Builder) Arena() *strings.Builder {
	if b.arena.Cap()-b.arena.Len() < minGrowth {
		b.arena.Grow(minGrowth)
	}
	return &b.arena
}

// minGrowth is the smallest growth of the arena, in bytes.
const minGrowth = 64

// Keep returns p as a string that shares its memory with the row's other texts.
func (b *Builder) Keep(p []byte) string { return keep(&b.arena, p) }

// DropScratch releases the texts of a JSON document's parts once the document is written.
func (b *Builder) DropScratch() {
	if !b.reused {
		b.scratch.Reset()
	}
}

func keep(texts *strings.Builder, p []byte) string {
	if texts.Cap()-texts.Len() < len(p) {
		texts.Grow(max(len(p), minGrowth))
	}
	start := texts.Len()
	texts.Write(p)
	return texts.String()[start:]
}

// Form is the form that a value is converted to.
type Form uint8

// The forms.
const (
	Document Form = iota // a value of DynamoDB's types: DynamoDB's numbers, at most 32 levels
	JSONText             // a value to be written as JSON: any JSON number, at most 1,000 levels
)

// Tree bounds one value while it is converted, so that a small value that references another many
// times, or itself, is rejected before it exhausts memory.
type Tree struct {
	*Builder
	Form Form

	budget int // bytes that the tree may still take, counted as size or as text
	room   int // members that new containers may still have
}

// NewTree starts a value of the given form, of at most MaxSize bytes.
func (b *Builder) NewTree(form Form) Tree {
	return Tree{Builder: b, Form: form, budget: MaxSize, room: MaxSize}
}

// Unbounded returns t without the limit of bytes, for a source whose length is checked beforehand and
// whose equal members count once.
func (t Tree) Unbounded() Tree {
	t.budget = math.MaxInt
	return t
}

// Keep returns p as a string that lives as long as the form needs it.
func (t *Tree) Keep(p []byte) string {
	if t.Form == JSONText {
		return keep(&t.scratch, p)
	}
	return keep(&t.arena, p)
}

// Enter counts a node at the given level and checks the level.
func (t *Tree) Enter(level int) error {
	switch {
	case t.Form == JSONText && level > MaxJSONLevels:
		return errCycle
	case t.Form == Document && level > MaxLevels:
		return errDepth
	}
	t.Footprint += AttrBytes
	return t.Charge(1)
}

// Charge subtracts bytes, a lower bound of a node's size, from the budget.
func (t *Tree) Charge(bytes int) error {
	if t.budget -= bytes; t.budget < 0 {
		return errHuge
	}
	return nil
}

// Scalar counts the scalar a at the given level.
func (t *Tree) Scalar(a *Attr, level int) error {
	if err := t.Enter(level); err != nil || t.Form == Document && (a.Kind == N || a.Kind == Bool) {
		return err // an N or BOOL takes fewer bytes in an item than the text has
	}
	return t.Charge(len(a.Text))
}

// NewContainer makes a a container of kind k with capacity for n members; an M begins without any.
// Each member takes at least one byte of the item, so the members of all containers, including
// containers that are not complete yet, are limited to the size of an item.
func (t *Tree) NewContainer(a *Attr, k Kind, n int) error {
	if n > t.room {
		return errHuge
	}
	t.room -= n
	if a.Kind, a.Elems = k, t.newMembers(n); k == M {
		a.Elems = a.Elems[:0]
	}
	return nil
}

// SetCanonical sets a to the number that text spells, in DynamoDB's canonical form.
func (t *Tree) SetCanonical(a *Attr, text string) error {
	canonical, err := decimal.Canonical(text)
	if err != nil {
		return NumberFault(err)
	}
	a.Set(N, canonical)
	t.Footprint += max(0, len(text)-len(canonical)) // the row holds the longer text
	return nil
}
