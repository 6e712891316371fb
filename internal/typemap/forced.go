package typemap

import (
	"encoding/json"
	"errors"
	"reflect"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynamodest/dynamodest/internal/decimal"
	"github.com/dynamodest/dynamodest/internal/fault"
	"github.com/dynamodest/dynamodest/internal/item"
)

// forced converts v to an attribute a of type typ. A nil value is converted to NULL, and empty text to
// an empty S unless keepEmpty is set: the mapping's policies apply to both later.
func forced(b *item.Builder, a *item.Attr, v any, r *rules, typ Type, keepEmpty bool) (from origin, err error) {
	t, k := newTree(b, item.Document, r), typ.Kind()
	t.wants = k
	if k == item.SS || k == item.NS || k == item.BS {
		t.wants = memberKind(k)
	}
	resolved, err := t.resolve(v)
	switch {
	case err != nil:
		return fromValue, err
	case resolved == nil:
		a.Kind = item.Null
		return fromValue, nil
	case !keepEmpty && t.isEmptyText(resolved, k):
		a.Set(item.S, "")
		return fromValue, nil
	case typ == JSON:
		return originOf(resolved), t.jsonText(a, resolved)
	case typ.isTime():
		return fromValue, t.toTime(a, v, resolved, typ)
	}
	if av, ok := resolved.(types.AttributeValue); ok {
		if err := t.FromSDK(a, av, 1); err != nil || a.Kind == k {
			return fromAttributeValue, err
		}
		return fromValue, notConvertible(resolved, k)
	}
	switch k {
	case item.L, item.M:
		err = t.toDocument(a, resolved, k)
	case item.SS, item.NS, item.BS:
		err = t.toSet(a, resolved, k)
	default:
		err = t.toScalar(a, resolved, k)
	}
	return fromValue, err
}

// isEmptyText reports whether v, which is to be converted to k, is text of no characters.
func (t *tree) isEmptyText(v any, k item.Kind) bool {
	switch v := v.(type) {
	case string:
		return v == ""
	case []byte:
		return len(v) == 0 && t.rules.bytes == TextBytes && k != item.B
	}
	return false
}

// toScalar converts v to a scalar a of kind k: S, N, B or BOOL.
func (t *tree) toScalar(a *item.Attr, v any, k item.Kind) error {
	if moment, ok := v.(time.Time); ok && k == item.N {
		return t.setEpoch(a, moment)
	}
	if raw, ok := v.(json.RawMessage); ok {
		return t.rawToScalar(a, raw, k)
	}
	source := v
	if p, ok := v.([]byte); ok && (k == item.B || k == item.Bool) { // a single byte may be a bit
		source = binary(p)
	}
	ok, err := t.setBuiltin(a, source, 1)
	if k == item.S && (errors.Is(err, decimal.ErrDigits) || errors.Is(err, decimal.ErrRange)) {
		exact := t.sibling(item.JSONText) // text can hold any number
		ok, err = exact.setBuiltin(a, source, 1)
	}
	if number, isText := v.(json.Number); isText && errors.Is(err, decimal.ErrSyntax) {
		return notANumber(v, string(number))
	}
	switch {
	case err != nil:
		return err
	case !ok:
		return notConvertible(v, k)
	}
	return t.coerce(a, v, k)
}

// rawToScalar converts JSON text to a scalar a of kind k. An object or an array has only its text.
func (t *tree) rawToScalar(a *item.Attr, raw json.RawMessage, k item.Kind) error {
	r := jsonReader{text: string(raw)}
	if v, err := r.scalar(); err == nil {
		if v == nil {
			a.Kind = item.Null
			return nil
		}
		return t.toScalar(a, v, k)
	}
	doc := t.sibling(item.JSONText)
	if err := doc.parse(a, string(raw), 1); err != nil {
		return err
	}
	if k != item.S {
		return notConvertible(raw, k)
	}
	*a = item.Attr{}
	a.Set(item.S, string(raw))
	return nil
}

// jsonSource returns v as JSON text. It reports false if v is not a text.
func jsonSource(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case []byte:
		return string(v), true
	case json.RawMessage:
		return string(v), true
	}
	return "", false
}

// toDocument converts v to a document a of kind k, L or M; the JSON text of a null becomes NULL.
func (t *tree) toDocument(a *item.Attr, v any, k item.Kind) error {
	text, isText := jsonSource(v)
	var err error
	if isText {
		err = t.parse(a, text, 1)
	} else {
		err = item.Nested(t.setFinal(a, v, 1), 1)
	}
	switch {
	case errors.Is(err, errNotJSON):
		return notJSON(err, v, text, k)
	case err != nil || a.Kind == k || a.Kind == item.Null:
		return err
	case isText:
		return jsonNotConvertible(a.Kind, k)
	}
	return notConvertible(v, k)
}

// toSet converts v to a set a of kind k and keeps equal members once; the JSON text of a null
// becomes NULL.
func (t *tree) toSet(a *item.Attr, v any, k item.Kind) error {
	var members []item.Attr
	var err error
	text, isText := jsonSource(v)
	if isText {
		var list item.Attr
		list, err = t.jsonMembers(text, k)
		if err == nil && list.Kind == item.Null {
			a.Kind = item.Null
			return nil
		}
		members = list.Elems
	} else {
		members, err = t.sliceMembers(v, k)
	}
	switch {
	case errors.Is(err, errNotJSON):
		return notJSON(err, v, text, k)
	case err != nil:
		return err
	case len(members) == 0:
		return item.ErrEmptySet
	}
	a.Kind, a.Elems = k, item.Distinct(members)
	return nil
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

// sliceMembers converts a slice or an array to the members of a set of kind k.
func (t *tree) sliceMembers(v any, k item.Kind) ([]item.Attr, error) {
	rv := reflect.Indirect(reflect.ValueOf(v))
	if rv.Kind() != reflect.Slice && rv.Kind() != reflect.Array {
		return nil, notConvertible(v, k)
	}
	if rv.Len() > item.MaxSize {
		return nil, setTooLong("the value has %d members, duplicates included, and a set may be made from %d", rv.Len(), item.MaxSize)
	}
	t.Footprint += item.AttrBytes * rv.Len()
	members, converted := make([]item.Attr, rv.Len()), t.converted
	for i := range members {
		t.converted = converted
		elem, err := t.resolve(rv.Index(i).Interface())
		if err == nil && elem == nil {
			err = fault.NewMapping("the value is nil").WithRemedy("remove the nil member")
		}
		if err == nil {
			err = t.toScalar(&members[i], elem, memberKind(k))
		}
		if err != nil {
			return nil, memberFault(i, err)
		}
		t.Footprint += len(members[i].Text)
	}
	return members, nil
}
