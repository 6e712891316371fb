package dynamodest

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynamodest/dynamodest/internal/decimal"
)

// kindOfType is what the types that a field can force make.
var kindOfType = map[Type]kind{
	String: kindS, JSON: kindS, Number: kindN, Binary: kindB, Bool: kindBool,
	List: kindL, Map: kindM, StringSet: kindSS, NumberSet: kindNS, BinarySet: kindBS,
}

// memberKinds are the kinds of the members of sets.
var memberKinds = map[kind]kind{kindSS: kindS, kindNS: kindN, kindBS: kindB}

// forced gives a the attribute of type t that v becomes. A nil value gives
// NULL, and "" gives an empty S unless keepEmpty is set: the mapping says what
// those become.
func (b *builder) forced(a *attr, v any, t Type, keepEmpty bool) error {
	resolved, err := b.resolve(v)
	switch {
	case err != nil:
		return err
	case resolved == nil:
		a.kind = kindNull
		return nil
	case resolved == "" && !keepEmpty:
		a.set(kindS, "")
		return nil
	case t == JSON:
		return b.jsonText(a, v)
	}
	k := kindOfType[t]
	if av, ok := resolved.(types.AttributeValue); ok {
		b.verbatim = true
		if err := b.attributeValue(a, av, 1); err != nil || a.kind == k {
			return err
		}
		return unfit(resolved, k)
	}
	switch k {
	case kindL, kindM:
		return b.document(a, resolved, k)
	case kindSS, kindNS, kindBS:
		return b.anySet(a, resolved, k)
	}
	return b.scalar(a, resolved, k)
}

// unfit is the error of a v that does not become a k.
func unfit(v any, k kind) error {
	switch t := reflect.TypeOf(v); t.Kind() {
	case reflect.Chan, reflect.Func, reflect.Complex64, reflect.Complex128, reflect.UnsafePointer:
		return noForm(t)
	}
	return refuse("Go type %s does not become %s", goType(v), k)
}

// jsonUnfit is the error of JSON text that gives another kind than k.
func jsonUnfit(is, k kind) error {
	made := "an array"
	if k == kindM {
		made = "an object"
	}
	return refuse("its JSON text gives %s, and %s is made from %s", is, k, made)
}

// scalar gives a the S, N, B or BOOL of v.
func (b *builder) scalar(a *attr, v any, k kind) error {
	if t, ok := v.(time.Time); ok && k == kindN {
		return b.setEpoch(a, t)
	}
	ok, err := b.known(a, v, 1)
	if k == kindS && (errors.Is(err, decimal.ErrDigits) || errors.Is(err, decimal.ErrRange)) {
		b.asJSON = true // any number goes into text
		ok, err = b.known(a, v, 1)
		b.asJSON = false
	}
	switch {
	case err != nil:
		return err
	case !ok:
		return unfit(v, k)
	}
	return b.coerce(a, v, k)
}

// coerce changes the scalar a, which v became by itself, to a k.
func (b *builder) coerce(a *attr, v any, k kind) error {
	text := a.kind == kindS || a.kind == kindB
	switch {
	case a.kind == k:
		return nil
	case k == kindS && (a.kind == kindN || a.kind == kindBool || a.kind == kindB):
		a.kind = kindS // weigh checks that bytes are UTF-8
		return nil
	case k == kindN && text:
		return b.setNumber(a, a.text)
	case k == kindB && a.kind == kindS:
		raw, err := base64.StdEncoding.DecodeString(a.text)
		if err != nil {
			return refuse("its text is not base64, from which text becomes B").or("encode the bytes as base64, or give them as a []byte")
		}
		a.set(kindB, b.keep(raw))
		return nil
	case k == kindBool && (a.kind == kindS && a.text == "true" || a.kind == kindN && a.text == "1"):
		a.setBool(true)
		return nil
	case k == kindBool && (a.kind == kindS && a.text == "false" || a.kind == kindN && a.text == "0"):
		a.setBool(false)
		return nil
	case k == kindBool && (a.kind == kindS || a.kind == kindN):
		return refuse(`Go type %s becomes BOOL only from "true", "false", 0 or 1`, goType(v))
	}
	return unfit(v, k)
}

// jsonSource returns the JSON text that v is, if it is a text.
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

// document gives a the L or M of v.
func (b *builder) document(a *attr, v any, k kind) error {
	var err error
	if text, ok := jsonSource(v); ok {
		err = b.parse(a, text, 1)
	} else {
		err = b.node(a, v, 1)
	}
	if err == nil && a.kind != k && a.kind != kindNull {
		if _, ok := jsonSource(v); ok {
			return jsonUnfit(a.kind, k)
		}
		return unfit(v, k)
	}
	return err
}

// anySet gives a the set of kind k of v's members. Equal ones are kept once.
func (b *builder) anySet(a *attr, v any, k kind) error {
	members, null, err := b.members(v, k)
	switch {
	case err != nil:
		return err
	case null:
		a.kind = kindNull
		return nil
	case len(members) == 0:
		return errEmptySet
	}
	a.kind, a.elems = k, distinct(members)
	return nil
}

// maxSetText is the longest JSON text that a set is made from, in bytes: no set
// that fits into an item takes more, however its characters are escaped.
const maxSetText = 8 * maxItemSize

// setTooLong is the misfit of a source whose members are too many to look at.
func setTooLong(format string, args ...any) error {
	return &misfit{reason: ErrTooLarge, text: fmt.Sprintf(format, args...), mend: "give the set without its duplicates"}
}

// members returns the members of a set of kind k, from a slice, an array or
// JSON text. JSON null is null.
func (b *builder) members(v any, k kind) (members []attr, null bool, err error) {
	member := memberKinds[k]
	if text, ok := jsonSource(v); ok {
		if len(text) > maxSetText {
			return nil, false, setTooLong("its JSON text has %d bytes, and that of a set may have %d", len(text), maxSetText)
		}
		b.spent = math.MinInt // equal members count once, so the text may be longer than an item
		b.asJSON = true       // numbers as they come
		var list attr
		err := b.parse(&list, text, 1)
		b.asJSON = false
		if err != nil || list.kind == kindNull {
			return nil, err == nil, err
		}
		if list.kind != kindL {
			return nil, false, jsonUnfit(list.kind, k)
		}
		for i := range list.elems {
			elem := &list.elems[i]
			if elem.kind == kindN {
				err = b.scalar(elem, json.Number(elem.text), member)
			} else if b.coerce(elem, v, member) != nil {
				err = refuse("a member of its JSON array does not become %s, as the members of %s are", member, k)
			}
			if err != nil {
				return nil, false, err
			}
		}
		return list.elems, false, nil
	}
	rv := reflect.ValueOf(v)
	if rv.Kind() != reflect.Slice && rv.Kind() != reflect.Array {
		return nil, false, unfit(v, k)
	}
	if rv.Len() > maxItemSize {
		return nil, false, setTooLong("it has %d members, equal ones counted, and a set may be made from %d", rv.Len(), maxItemSize)
	}
	b.held += attrBytes * rv.Len()
	members = make([]attr, rv.Len())
	for i := range members {
		elem, err := b.resolve(rv.Index(i).Interface())
		if err == nil && elem == nil {
			err = refuse("a member of its %s is nil", k)
		}
		if err == nil {
			err = b.scalar(&members[i], elem, member)
		}
		if err != nil {
			return nil, false, err
		}
		b.held += len(members[i].text)
	}
	return members, false, nil
}
