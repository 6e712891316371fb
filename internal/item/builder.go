package item

import (
	"errors"
	"math"
	"strings"

	"github.com/dynamodest/dynamodest/internal/decimal"
	"github.com/dynamodest/dynamodest/internal/fault"
)

// Limits of an item, as DynamoDB documents them.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
const (
	MaxSize          = 409_600 // bytes of an item, attribute names included: 400 KB
	MaxLevels        = 32      // levels of lists and maps, an attribute's value being the first
	MaxAttributeName = 65_535  // bytes
)

// MaxJSONLevels bounds the nesting of JSON text, so that a value that contains itself is detected.
const MaxJSONLevels = 1000

// Faults of values that many places meet.
var (
	ErrUTF8     = fault.NewMapping("it holds text that is not valid UTF-8").WithRemedy("convert the text to UTF-8, or give it as a []byte, which is written as B and may hold any bytes")
	ErrName     = fault.NewMapping("a name in it is empty or has more than %d bytes", MaxAttributeName).WithRemedy(`rename it, or write the value as text with Field.Type "JSON"`)
	ErrEmptySet = fault.NewMapping("it is an empty set, which DynamoDB does not take").WithRemedy(`give nil instead, or write a list with Field.Type "L"`)
	errCycle    = fault.NewMapping("it contains itself, or is nested deeper than %d levels", MaxJSONLevels).WithRemedy("give a value that ends: leave out the reference back, or what lies deepest")
	errDepth    = fault.NewMapping("it contains itself, or is nested deeper than the %d levels that DynamoDB takes", MaxLevels).WithRemedy(`Field.Type "JSON" writes a deeper value as text`)
	errHuge     = fault.New(fault.TooLarge, "this attribute alone has more than %d bytes, the most that an item may have, or contains itself", MaxSize)
)

// NumberFault explains an error of package decimal.
func NumberFault(err error) *fault.Error {
	f := fault.NewMapping("the value %v", err).WithCause(err)
	switch {
	case errors.Is(err, decimal.ErrDigits), errors.Is(err, decimal.ErrRange):
		return f.WithRemedy(`Field.Type "S", or "JSON" for a document, keeps it digit for digit`)
	case errors.Is(err, decimal.ErrNotFinite):
		return f.WithRemedy("give nil or a number instead: DynamoDB and JSON cannot represent it")
	}
	return f
}

// Builder holds the memory of one row's texts while its item is made.
type Builder struct {
	// arena holds the texts made for the row. They are slices of the arena, so that a row of many
	// numbers costs one allocation.
	arena strings.Builder

	// scratch holds the texts of the parts of a JSON document, which outlives them.
	scratch strings.Builder

	// Footprint is the memory, in bytes, roughly, that the row's documents and sets take.
	Footprint int
}

// Arena returns the memory of the row's texts, for a text that is written in parts. Such a text
// begins at the Len that the arena had before the first part.
func (b *Builder) Arena() *strings.Builder {
	if b.arena.Cap()-b.arena.Len() < minGrowth {
		b.arena.Grow(minGrowth)
	}
	return &b.arena
}

// minGrowth is the least memory, in bytes, that a row's texts are given at a time.
const minGrowth = 64

// Keep returns p as a string that shares its memory with the row's other texts.
func (b *Builder) Keep(p []byte) string { return keep(&b.arena, p) }

// DropScratch lets go of the texts of a JSON document's parts once the document is written.
func (b *Builder) DropScratch() { b.scratch.Reset() }

func keep(texts *strings.Builder, p []byte) string {
	if texts.Cap()-texts.Len() < len(p) {
		texts.Grow(max(len(p), minGrowth))
	}
	start := texts.Len()
	texts.Write(p)
	return texts.String()[start:]
}

// Form is what a value is being converted to.
type Form uint8

// The forms.
const (
	Document Form = iota // a value as DynamoDB types it: its numbers are DynamoDB's, its levels 32
	JSONText             // a value to be written out as JSON: any number that JSON can write, 1,000 levels
)

// Tree bounds one value while it is converted, so that a small value that references another many
// times, or itself, is rejected before it exhausts memory.
type Tree struct {
	*Builder
	Form Form

	budget int // bytes that the tree may still take, counted as size or as text
	room   int // nodes that containers may still be given room for
}

// NewTree starts a value of the given form, of at most MaxSize bytes.
func (b *Builder) NewTree(form Form) Tree {
	return Tree{Builder: b, Form: form, budget: MaxSize, room: MaxSize}
}

// Unbounded returns t without its limit of bytes, for a source whose own length is bounded and
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

// Charge takes bytes that the tree takes at least off its budget.
func (t *Tree) Charge(bytes int) error {
	if t.budget -= bytes; t.budget < 0 {
		return errHuge
	}
	return nil
}

// Scalar counts the scalar a at the given level.
func (t *Tree) Scalar(a *Attr, level int) error {
	if err := t.Enter(level); err != nil || t.Form == Document && (a.Kind == N || a.Kind == Bool) {
		return err // N and BOOL take fewer bytes in an item than their text has
	}
	return t.Charge(len(a.Text))
}

// NewContainer makes a a container of kind k with capacity for n members; an M begins without any.
// Each member takes a byte of the item at least, so an item has only so many, those of containers
// that are not complete yet included.
func (t *Tree) NewContainer(a *Attr, k Kind, n int) error {
	if n > t.room {
		return errHuge
	}
	t.room -= n
	if a.Kind, a.Elems = k, make([]Attr, n); k == M {
		a.Elems = a.Elems[:0]
	}
	return nil
}

// SetCanonical gives a the number that text spells, in DynamoDB's canonical form.
func (t *Tree) SetCanonical(a *Attr, text string) error {
	canonical, err := decimal.Canonical(text)
	if err != nil {
		return NumberFault(err)
	}
	a.Set(N, canonical)
	t.Footprint += max(0, len(text)-len(canonical)) // the row holds the longer text
	return nil
}
