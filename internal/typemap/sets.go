package typemap

import (
	"cmp"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strconv"

	"github.com/dynamodest/dynamodest/internal/fault"
	"github.com/dynamodest/dynamodest/internal/item"
)

// toSet converts v to a set a of kind k and keeps equal members once. The options o, which may be nil,
// apply to the members. The JSON text of a null becomes NULL; a source without members becomes a set
// without members, which the caller replaces, because DynamoDB takes none.
func (t *tree) toSet(a *item.Attr, v any, k item.Kind, o *options) error {
	before := t.asked
	defer func() { t.asked = before }()
	t.wants = memberKind(k)
	members, isNull, err := t.setMembers(v, k, o)
	switch {
	case err != nil:
		return err
	case isNull:
		a.Kind = item.Null
		return nil
	}
	a.Kind, a.Elems = k, item.Distinct(members)
	return nil
}

// isEmptySet reports whether a is a set without members.
func isEmptySet(a *item.Attr) bool {
	return (a.Kind == item.SS || a.Kind == item.NS || a.Kind == item.BS) && len(a.Elems) == 0
}

// setMembers converts v to the members of a set of kind k.
func (t *tree) setMembers(v any, k item.Kind, o *options) (members []item.Attr, isNull bool, err error) {
	if text, ok := jsonSource(v); ok {
		list, err := t.jsonMembers(text, k)
		if errors.Is(err, errNotJSON) {
			err = notJSON(err, v, text, k)
		}
		return list.Elems, list.Kind == item.Null, err
	}
	rv := reflect.ValueOf(v)
	switch {
	case isSetMap(rv.Type()):
		members, err = t.keyMembers(rv, k)
	case rv.Kind() == reflect.Slice || rv.Kind() == reflect.Array:
		members, err = t.sliceMembers(rv, k, o)
	default:
		err = notConvertible(v, k)
	}
	return members, false, err
}

// memberKind returns the kind of the members of a set of kind set.
func memberKind(set item.Kind) item.Kind {
	switch set {
	case item.NS:
		return item.N
	case item.BS:
		return item.B
	}
	return item.S
}

// maxSetText is the longest JSON text, in bytes, that is converted to a set. The text of a set that
// fits into an item is shorter, even if every character is escaped.
const maxSetText = 8 * item.MaxSize

// setTooLong returns the fault of a set source with too many members to convert.
func setTooLong(format string, args ...any) error {
	return fault.New(fault.TooLarge, format, args...).WithRemedy("remove the duplicates from the set")
}

// jsonMembers converts the JSON text of an array to an L of the members of a set of kind k. The JSON
// text of a null becomes NULL.
func (t *tree) jsonMembers(text string, k item.Kind) (list item.Attr, err error) {
	if len(text) > maxSetText {
		return list, setTooLong("the JSON text has %d bytes, and the JSON text of a set may have %d", len(text), maxSetText)
	}
	// Numbers are read as they are spelled, because an SS keeps the spelling. Equal members count
	// once, so the text may be longer than an item.
	source := t.sibling(item.JSONText)
	source.Tree = source.Unbounded()
	if err := source.parse(&list, text, 1); err != nil || list.Kind == item.Null {
		return list, err
	}
	if list.Kind != item.L {
		return list, jsonNotConvertible(list.Kind, k)
	}
	member := memberKind(k)
	for i := range list.Elems {
		elem := &list.Elems[i]
		switch elem.Kind {
		case item.N:
			err = t.toScalar(elem, json.Number(elem.Text), member)
		case item.S:
			err = t.toScalar(elem, elem.Text, member)
		default:
			if t.coerce(elem, text, member) != nil {
				err = fault.NewMapping("the value cannot be converted to %s, the type of the members of %s", member, k).
					WithRemedy(kindRemedies[member])
			}
		}
		if err != nil {
			return list, memberFault(i, err)
		}
	}
	return list, nil
}

// memberFault returns err, the error of a value, as the error of the member at index i of a set.
func memberFault(i int, err error) error {
	return item.WithSubject(err, "the member at index "+strconv.Itoa(i))
}

// isSetMap reports whether Go programs use a map of type t as a set of the map's keys.
func isSetMap(t reflect.Type) bool {
	if t.Kind() != reflect.Map {
		return false
	}
	elem := t.Elem()
	return elem.Kind() == reflect.Bool || elem.Kind() == reflect.Struct && elem.NumField() == 0
}

// keyMembers converts the keys of the map rv to the members of a set of kind k, in the order of their
// texts. Of a map to bool it takes the keys that lead to true.
func (t *tree) keyMembers(rv reflect.Value, k item.Kind) ([]item.Attr, error) {
	if err := t.checkMembers(rv.Len()); err != nil {
		return nil, err
	}
	members := make([]item.Attr, 0, rv.Len())
	for entries := rv.MapRange(); entries.Next(); {
		if in := entries.Value(); in.Kind() == reflect.Bool && !in.Bool() {
			continue
		}
		members = append(members, item.Attr{})
		if err := t.setMember(&members[len(members)-1], entries.Key(), k); err != nil {
			return nil, item.WithSubject(err, "a member")
		}
	}
	slices.SortFunc(members, func(x, y item.Attr) int { return cmp.Compare(x.Text, y.Text) })
	return members, nil
}

// sliceMembers converts the slice or array rv to the members of a set of kind k.
func (t *tree) sliceMembers(rv reflect.Value, k item.Kind, o *options) ([]item.Attr, error) {
	if err := t.checkMembers(rv.Len()); err != nil {
		return nil, err
	}
	members := make([]item.Attr, 0, rv.Len())
	for i := range rv.Len() {
		if o != nil && isZeroAttribute(rv.Index(i)) {
			switch {
			case o.omitEmpty && o.nullEmpty:
				return nil, errContradiction
			case o.nullEmpty:
				return nil, memberFault(i, errNilMember)
			}
			continue
		}
		members = append(members, item.Attr{})
		if err := t.setMember(&members[len(members)-1], rv.Index(i), k); err != nil {
			return nil, memberFault(i, err)
		}
	}
	return members, nil
}

// checkMembers counts the memory of n members, and checks that they are not too many to convert.
func (t *tree) checkMembers(n int) error {
	if n > item.MaxSize {
		return setTooLong("the value has %d members, duplicates included, and a set may be made from %d", n, item.MaxSize)
	}
	t.Footprint += item.AttrBytes * n
	return nil
}

// errNilMember is the fault of a set's member that is nil.
var errNilMember = fault.NewMapping("the value is nil").WithRemedy("remove the nil member")

// setMember converts v to a member a of a set of kind k.
func (t *tree) setMember(a *item.Attr, v reflect.Value, k item.Kind) error {
	converted := t.converted
	defer func() { t.converted = converted }()
	elem, err := t.resolve(v.Interface())
	if raw, ok := elem.(json.RawMessage); ok && err == nil {
		elem = rawScalar(raw)
	}
	switch {
	case err != nil:
		return err
	case elem == nil:
		return errNilMember
	}
	if err := t.toScalar(a, elem, memberKind(k)); err != nil {
		return asTypeOf(v.Interface(), elem, err)
	}
	t.Footprint += len(a.Text)
	return nil
}
