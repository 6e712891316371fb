package item

import (
	"cmp"
	"encoding/binary"
	"slices"
	"strings"
)

// canonicalVersion is the version of the canonical form. A change of the form needs another.
const canonicalVersion = 1

// AppendCanonical appends to dst the canonical form of the item without the attributes for which omit
// reports true: equal bytes exactly for equal items. The order of attributes and of members of sets does
// not matter. The form is public, as what dynamodest's fingerprints are made of; docs/identity.md describes it.
func (it *Item) AppendCanonical(dst []byte, omit func(attribute string) bool) []byte {
	operation := byte('P')
	if it.Delete {
		operation = 'D'
	}
	dst = append(dst, canonicalVersion, operation)
	var buf [32]*Attr
	kept := buf[:0]
	for i := range it.Attrs {
		if !omit(it.Attrs[i].Name) {
			kept = append(kept, &it.Attrs[i])
		}
	}
	slices.SortFunc(kept, func(a, b *Attr) int { return strings.Compare(a.Name, b.Name) })
	dst = binary.AppendUvarint(dst, uint64(len(kept)))
	for _, a := range kept {
		dst = a.appendCanonical(AppendText(dst, a.Name))
	}
	return dst
}

// appendCanonical appends the canonical form of the value of a: a byte for its type, then its content.
func (a *Attr) appendCanonical(dst []byte) []byte {
	switch a.Kind {
	case S, N, B:
		return AppendText(append(dst, a.Kind.String()...), a.Text)
	case Bool:
		if a.Text == "true" {
			return append(dst, '1')
		}
		return append(dst, '0')
	case L:
		dst = binary.AppendUvarint(append(dst, 'L'), uint64(len(a.Elems)))
		for i := range a.Elems {
			dst = a.Elems[i].appendCanonical(dst)
		}
		return dst
	case M:
		dst = binary.AppendUvarint(append(dst, 'M'), uint64(len(a.Elems)))
		members := sorted(a.Elems, byName)
		for i := range members {
			dst = members[i].appendCanonical(AppendText(dst, members[i].Name))
		}
		return dst
	case SS:
		return a.appendSet(append(dst, 's'))
	case NS:
		return a.appendSet(append(dst, 'n'))
	case BS:
		return a.appendSet(append(dst, 'b'))
	}
	return append(dst, '-') // a Null
}

// appendSet appends the number of members of the set a, and their texts in the order of their bytes.
func (a *Attr) appendSet(dst []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(a.Elems)))
	for _, member := range sorted(a.Elems, byText) {
		dst = AppendText(dst, member.Text)
	}
	return dst
}

// AppendText appends the length of text and text.
func AppendText(dst []byte, text string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(text))), text...)
}

func byName(x, y Attr) int { return cmp.Compare(x.Name, y.Name) }

func byText(x, y Attr) int { return cmp.Compare(x.Text, y.Text) }

// sorted returns elems in the given order: elems itself if it has that order.
func sorted(elems []Attr, order func(x, y Attr) int) []Attr {
	if slices.IsSortedFunc(elems, order) {
		return elems
	}
	return slices.SortedFunc(slices.Values(elems), order)
}
