package dynamodest

import (
	"cmp"
	"reflect"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/dynamodest/dynamodest/internal/decimal"
)

// maxLevels is the most levels of lists and maps, an attribute's value being
// the first.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
const maxLevels = 32

// fromAttributeValue gives a the value of v at the given level, or says why
// DynamoDB would refuse it. Numbers become canonical; bytes are copied.
func fromAttributeValue(a *attr, v types.AttributeValue, level int) error {
	if level > maxLevels {
		return errDepth
	}
	if isNil(v) {
		return refuse("an AttributeValue in it is nil")
	}
	switch v := v.(type) {
	case *types.AttributeValueMemberS:
		a.set(kindS, v.Value)
	case *types.AttributeValueMemberN:
		return setCanonical(a, v.Value)
	case *types.AttributeValueMemberB:
		a.set(kindB, string(v.Value))
	case *types.AttributeValueMemberBOOL:
		a.setBool(v.Value)
	case *types.AttributeValueMemberNULL:
		if !v.Value {
			return refuse("an AttributeValueMemberNULL must be true")
		}
		a.kind = kindNull
	case *types.AttributeValueMemberL:
		a.kind, a.elems = kindL, make([]attr, len(v.Value))
		for i, elem := range v.Value {
			if err := fromAttributeValue(&a.elems[i], elem, level+1); err != nil {
				return err
			}
		}
	case *types.AttributeValueMemberM:
		return fromAttributeMap(a, v.Value, level)
	case *types.AttributeValueMemberSS:
		return setFromSlice(a, kindSS, v.Value, func(a *attr, s string) error { a.set(kindS, s); return nil })
	case *types.AttributeValueMemberNS:
		return setFromSlice(a, kindNS, v.Value, setCanonical)
	case *types.AttributeValueMemberBS:
		return setFromSlice(a, kindBS, v.Value, func(a *attr, p []byte) error { a.set(kindB, string(p)); return nil })
	default:
		return refuse("a %s is not an AttributeValue that DynamoDB knows", typeName(v))
	}
	return nil
}

// isNil is whether v is nil or a nil pointer.
func isNil(v types.AttributeValue) bool {
	rv := reflect.ValueOf(v)
	return !rv.IsValid() || rv.Kind() == reflect.Pointer && rv.IsNil()
}

func setCanonical(a *attr, number string) error {
	text, err := decimal.Canonical(number)
	if err != nil {
		return numberFault(err)
	}
	a.set(kindN, text)
	return nil
}

// fromAttributeMap gives a the M of m at the given level.
func fromAttributeMap(a *attr, m map[string]types.AttributeValue, level int) error {
	a.kind, a.elems = kindM, make([]attr, 0, len(m))
	for name, v := range m {
		a.elems = append(a.elems, attr{name: name})
		if err := fromAttributeValue(&a.elems[len(a.elems)-1], v, level+1); err != nil {
			return err
		}
	}
	sortByName(a.elems)
	return nil
}

func sortByName(elems []attr) {
	slices.SortFunc(elems, func(x, y attr) int { return cmp.Compare(x.name, y.name) })
}

// setFromSlice gives a the set of members, which DynamoDB takes only if there
// is one at least and no two are equal.
func setFromSlice[T any](a *attr, k kind, members []T, convert func(*attr, T) error) error {
	a.kind, a.elems = k, make([]attr, len(members))
	for i, member := range members {
		if err := convert(&a.elems[i], member); err != nil {
			return err
		}
	}
	if len(a.elems) == 0 {
		return errEmptySet
	}
	if len(distinct(slices.Clone(a.elems))) < len(a.elems) {
		return refuse("two members of its %s are equal", k)
	}
	return nil
}

var errEmptySet = refuse(`it is an empty set, which DynamoDB does not take; give nil for it, or write a list (Type "L")`)

// distinct returns members without those equal to an earlier one, in members'
// own memory.
func distinct(members []attr) []attr {
	seen := make(map[string]bool, len(members))
	return slices.DeleteFunc(members, func(a attr) bool {
		before := seen[a.text]
		seen[a.text] = true
		return before
	})
}

// attributeMap returns the item in the SDK's form. Each call makes a new one,
// which shares no memory with the row or the item.
func (it *item) attributeMap() map[string]types.AttributeValue {
	return attributeMap(it.attrs)
}

func attributeMap(attrs []attr) map[string]types.AttributeValue {
	m := make(map[string]types.AttributeValue, len(attrs))
	for i := range attrs {
		m[attrs[i].name] = attrs[i].attributeValue()
	}
	return m
}

// attributeValue returns a in the SDK's form.
func (a *attr) attributeValue() types.AttributeValue {
	switch a.kind {
	case kindS:
		return &types.AttributeValueMemberS{Value: a.text}
	case kindN:
		return &types.AttributeValueMemberN{Value: a.text}
	case kindB:
		return &types.AttributeValueMemberB{Value: []byte(a.text)}
	case kindBool:
		return &types.AttributeValueMemberBOOL{Value: a.text == "true"}
	case kindL:
		return &types.AttributeValueMemberL{Value: collect(a.elems, (*attr).attributeValue)}
	case kindM:
		return &types.AttributeValueMemberM{Value: attributeMap(a.elems)}
	case kindSS:
		return &types.AttributeValueMemberSS{Value: collect(a.elems, func(a *attr) string { return a.text })}
	case kindNS:
		return &types.AttributeValueMemberNS{Value: collect(a.elems, func(a *attr) string { return a.text })}
	case kindBS:
		return &types.AttributeValueMemberBS{Value: collect(a.elems, func(a *attr) []byte { return []byte(a.text) })}
	}
	return &types.AttributeValueMemberNULL{Value: true}
}

func collect[T any](elems []attr, convert func(*attr) T) []T {
	out := make([]T, len(elems))
	for i := range elems {
		out[i] = convert(&elems[i])
	}
	return out
}

// equalTo is whether the item is the one that DynamoDB showed: numbers are
// compared by value and sets without regard to order.
func (it *item) equalTo(shown map[string]types.AttributeValue) bool {
	if len(it.attrs) != len(shown) {
		return false
	}
	for i := range it.attrs {
		v, ok := shown[it.attrs[i].name]
		if !ok {
			return false
		}
		var other attr
		if err := fromAttributeValue(&other, v, 1); err != nil || !it.attrs[i].equal(&other) {
			return false
		}
	}
	return true
}

// equal is whether a and b have the same value.
func (a *attr) equal(b *attr) bool {
	if a.kind != b.kind || a.text != b.text || len(a.elems) != len(b.elems) {
		return false
	}
	mine, theirs := a.elems, b.elems
	if a.kind == kindSS || a.kind == kindNS || a.kind == kindBS {
		mine, theirs = sortedByText(mine), sortedByText(theirs)
	}
	for i := range mine {
		if mine[i].name != theirs[i].name && a.kind == kindM || !mine[i].equal(&theirs[i]) {
			return false
		}
	}
	return true
}

func sortedByText(members []attr) []attr {
	return slices.SortedFunc(slices.Values(members), func(x, y attr) int { return cmp.Compare(x.text, y.text) })
}
