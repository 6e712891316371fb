package typemap

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynamodest/dynamodest/internal/decimal"
	"github.com/dynamodest/dynamodest/internal/item"
)

// forced converts v to an attribute a of type typ. A nil value is converted to NULL, and empty text to
// an empty S unless keepEmpty is set: the mapping's policies apply to both later.
func forced(b *item.Builder, a *item.Attr, v any, r *rules, typ Type, keepEmpty bool) (from origin, err error) {
	t, k := newTree(b, item.Document, r), typ.Kind()
	var resolved any
	defer func() { err = asTypeOf(v, resolved, err) }()
	if typ != JSON { // in which the value is written as it is at any other depth
		t.wants = k
	}
	resolved, err = t.resolve(v)
	if raw, ok := resolved.(json.RawMessage); ok && err == nil && typ != JSON && isScalar(k) {
		resolved = rawScalar(raw)
	}
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
		err := t.jsonText(a, resolved)
		return originOf(a, resolved), err
	case typ.isTime():
		return fromValue, t.toTime(a, v, resolved, typ)
	}
	if av, ok := resolved.(types.AttributeValue); ok {
		if err := t.FromSDK(a, av, 1); err != nil || a.Kind == k || a.Kind == item.Null {
			return fromAttributeValue, err
		}
		return fromValue, notConvertible(resolved, k)
	}
	switch k {
	case item.L, item.M:
		err = t.toDocument(a, resolved, k)
	case item.SS, item.NS, item.BS:
		err = t.toSet(a, resolved, k, nil)
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

// isScalar reports whether attributes of kind k have no members.
func isScalar(k item.Kind) bool { return k == item.S || k == item.N || k == item.B || k == item.Bool }

// rawScalar returns the text, number, bool or nil that the JSON text raw holds, or raw if it holds none
// of them.
func rawScalar(raw json.RawMessage) any {
	r := jsonReader{text: string(raw)}
	if v, err := r.scalar(); err == nil {
		return v
	}
	return raw
}

// rawToScalar converts JSON text that holds no scalar to a scalar a of kind k. An object or an array has
// only its text.
func (t *tree) rawToScalar(a *item.Attr, raw json.RawMessage, k item.Kind) error {
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
	case isText && errors.Is(err, errNotJSON):
		return notJSON(err, v, text, k)
	case err != nil || a.Kind == k || a.Kind == item.Null:
		return err
	case isText:
		return jsonNotConvertible(a.Kind, k)
	}
	return notConvertible(v, k)
}
