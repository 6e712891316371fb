package item

import "strings"

// Memory that a Builder keeps from row to row.
const (
	reusedTexts = 4 << 10 // bytes: the texts of some hundred rows that have few of them
	minMembers  = 64
	maxMembers  = 1024
)

// Reuse prepares b for the next row, whose attributes must not be used after that row. Texts stay valid: they
// keep the memory that they are in, and memory that is full is left to them.
func (b *Builder) Reuse() {
	b.Release()
	b.reused = true
	b.Footprint = 0
	renew(&b.arena)
	renew(&b.scratch)
}

// Release drops what b refers to of the attributes of a row.
func (b *Builder) Release() {
	clear(b.members)
	b.members = b.members[:0]
	if cap(b.members) > maxMembers {
		b.members = nil
	}
}

// renew begins new memory for texts if little is left, or if much is held for one large row. Memory that was
// never used is not made.
func renew(texts *strings.Builder) {
	if free := texts.Cap() - texts.Len(); texts.Len() > 0 && (free < reusedTexts/8 || texts.Cap() > 8*reusedTexts) {
		texts.Reset()
		texts.Grow(reusedTexts)
	}
}

// newMembers returns n members of a container.
func (b *Builder) newMembers(n int) []Attr {
	if !b.reused {
		return make([]Attr, n)
	}
	if cap(b.members)-len(b.members) < n {
		b.members = make([]Attr, 0, max(n, minMembers)) // earlier members stay where they are
	}
	start := len(b.members)
	b.members = b.members[:start+n]
	return b.members[start : start+n : start+n]
}
