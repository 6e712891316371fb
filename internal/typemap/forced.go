package typemap

import (
	"encoding/json"
	"errors"
	"reflect"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynamodest/dynamodest/internal/decimal"
	"github.com/dynamodest/dynamodest/internal/fault"
	"github.com/dynamodest/dynamodest/internal/item"
)

// forced gives a the attribute of type typ that v becomes. A nil value gives NULL, and "" gives an
// empty S unless keepEmpty is set: the mapping's policies say what those become. It returns the
// value that a was made from: v, or what the pointers and methods of v led to.
func forced(b *item.Builder, a *item.Attr, v any, typ Type, keepEmpty bool) (source any, err error) {
	resolved, err := resolve(v, item.Document)
	switch {
	case err != nil:
		return nil, err
	case resolved == nil:
		a.Kind = item.Null
		return nil, nil
	case resolved == "" && !keepEmpty:
		a.Set(item.S, "")
		return resolved, nil
	case typ == JSON:
		source, err := resolve(v, item.JSONText)
		if err != nil {
			return nil, err
		}
		return source, jsonText(b, a, source)
	}
	t, k := newTree(b, item.Document), typ.Kind()
	if av, ok := resolved.(types.AttributeValue); ok {
		if err := t.FromSDK(a, av, 1); err != nil || a.Kind == k {
			return resolved, err
		}
		return nil, notConvertible(resolved, k)
	}
	switch k {
	case item.L, item.M:
		err = t.toDocument(a, resolved, k)
	case item.SS, item.NS, item.BS:
		err = t.toSet(a, resolved, k)
	default:
		err = t.toScalar(a, resolved, k)
	}
	return resolved, err
}

// toScalar gives a the S, N, B or BOOL of v.
func (t *tree) toScalar(a *item.Attr, v any, k item.Kind) error {
	if moment, ok := v.(time.Time); ok && k == item.N {
		return t.setEpoch(a, moment)
	}
	ok, err := t.setBuiltin(a, v, 1)
	if k == item.S && (errors.Is(err, decimal.ErrDigits) || errors.Is(err, decimal.ErrRange)) {
		exact := newTree(t.Builder, item.JSONText) // text can hold any number
		ok, err = exact.setBuiltin(a, v, 1)
	}
	switch {
	case err != nil:
		return err
	case !ok:
		return notConvertible(v, k)
	}
	return t.coerce(a, v, k)
}

// jsonSource returns the JSON text that v is, if v is a text.
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

// toDocument gives a the L or M of v; null if v is the JSON text of a null.
func (t *tree) toDocument(a *item.Attr, v any, k item.Kind) error {
	text, isText := jsonSource(v)
	var err error
	if isText {
		err = t.parse(a, text, 1)
	} else {
		err = t.document(a, v, 1)
	}
	switch {
	case err != nil || a.Kind == k || a.Kind == item.Null:
		return err
	case isText:
		return jsonNotConvertible(a.Kind, k)
	}
	return notConvertible(v, k)
}

// toSet gives a the set of kind k of v's members, of which equal ones are kept once; null if v is
// the JSON text of a null.
func (t *tree) toSet(a *item.Attr, v any, k item.Kind) error {
	var members []item.Attr
	var err error
	if text, ok := jsonSource(v); ok {
		var list item.Attr
		list, err = jsonMembers(t.Builder, text, k)
		if err == nil && list.Kind == item.Null {
			a.Kind = item.Null
			return nil
		}
		members = list.Elems
	} else {
		members, err = t.sliceMembers(v, k)
	}
	switch {
	case err != nil:
		return err
	case len(members) == 0:
		return item.ErrEmptySet
	}
	a.Kind, a.Elems = k, item.Distinct(members)
	return nil
}

// memberKind returns the kind of the members of sets of kind set.
func memberKind(set item.Kind) item.Kind {
	switch set {
	case item.NS:
		return item.N
	case item.BS:
		return item.B
	}
	return item.S
}

// maxSetText is the longest JSON text that a set is made from, in bytes: a set that fits into an
// item takes less, however its characters are escaped.
const maxSetText = 8 * item.MaxSize

// setTooLong returns the fault of a source with more members than are worth looking at.
func setTooLong(format string, args ...any) error {
	return fault.New(fault.TooLarge, format, args...).WithRemedy("give the set without its duplicates")
}

// jsonMembers returns the L of the members of a set of kind k, from the JSON text of an array; null
// from that of a null.
func jsonMembers(b *item.Builder, text string, k item.Kind) (list item.Attr, err error) {
	if len(text) > maxSetText {
		return list, setTooLong("its JSON text has %d bytes, and that of a set may have %d", len(text), maxSetText)
	}
	// Numbers are read as they are written, since members that are text keep them so. Equal members
	// count once, so the text may be longer than an item.
	source := tree{b.NewTree(item.JSONText).Unbounded()}
	if err := source.parse(&list, text, 1); err != nil || list.Kind == item.Null {
		return list, err
	}
	if list.Kind != item.L {
		return list, jsonNotConvertible(list.Kind, k)
	}
	t, member := newTree(b, item.Document), memberKind(k)
	for i := range list.Elems {
		elem := &list.Elems[i]
		if elem.Kind == item.N {
			err = t.toScalar(elem, json.Number(elem.Text), member)
		} else if t.coerce(elem, text, member) != nil {
			err = fault.NewMapping("a member of its JSON array cannot be converted to %s, which the members of %s are", member, k)
		}
		if err != nil {
			return list, err
		}
	}
	return list, nil
}

// sliceMembers returns the members of a set of kind k, from a slice or an array.
func (t *tree) sliceMembers(v any, k item.Kind) ([]item.Attr, error) {
	rv := reflect.ValueOf(v)
	if rv.Kind() != reflect.Slice && rv.Kind() != reflect.Array {
		return nil, notConvertible(v, k)
	}
	if rv.Len() > item.MaxSize {
		return nil, setTooLong("it has %d members, equal ones counted, and a set may be made from %d", rv.Len(), item.MaxSize)
	}
	t.Footprint += item.AttrBytes * rv.Len()
	members := make([]item.Attr, rv.Len())
	for i := range members {
		elem, err := resolve(rv.Index(i).Interface(), item.Document)
		if err == nil && elem == nil {
			err = fault.NewMapping("a member of its %s is nil", k)
		}
		if err == nil {
			err = t.toScalar(&members[i], elem, memberKind(k))
		}
		if err != nil {
			return nil, err
		}
		t.Footprint += len(members[i].Text)
	}
	return members, nil
}
