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

// attributeValue gives a the value of v at the given level, or says why
// DynamoDB would refuse it. Numbers become canonical; bytes are copied.
func (b *builder) attributeValue(a *attr, v types.AttributeValue, level int) error {
	if isNil(v) {
		return refuse("an AttributeValue in it is nil")
	}
	if err := b.enter(level); err != nil {
		return err
	}
	switch v := v.(type) {
	case *types.AttributeValueMemberS:
		a.set(kindS, v.Value)
	case *types.AttributeValueMemberN:
		return b.setCanonical(a, v.Value)
	case *types.AttributeValueMemberB:
		a.set(kindB, string(v.Value))
	case *types.AttributeValueMemberBOOL:
		a.setBool(v.Value)
		return nil // it takes fewer bytes than its text
	case *types.AttributeValueMemberNULL:
		if !v.Value {
			return refuse("an AttributeValueMemberNULL in it is false").or("DynamoDB takes only true")
		}
		a.kind = kindNull
	case *types.AttributeValueMemberL:
		return b.attributeList(a, v.Value, level)
	case *types.AttributeValueMemberM:
		return b.attributeMap(a, v.Value, level)
	case *types.AttributeValueMemberSS:
		return setMembers(b, a, kindSS, v.Value, func(a *attr, s string) error { a.set(kindS, s); return nil })
	case *types.AttributeValueMemberNS:
		return setMembers(b, a, kindNS, v.Value, b.setCanonical)
	case *types.AttributeValueMemberBS:
		return setMembers(b, a, kindBS, v.Value, func(a *attr, p []byte) error { a.set(kindB, string(p)); return nil })
	default:
		return refuse("Go type %s is not an AttributeValue that DynamoDB knows", goType(v))
	}
	return b.spend(len(a.text))
}

// isNil is whether v is nil or a nil pointer.
func isNil(v types.AttributeValue) bool {
	rv := reflect.ValueOf(v)
	return !rv.IsValid() || rv.Kind() == reflect.Pointer && rv.IsNil()
}

// setCanonical gives a the number that text spells.
func (b *builder) setCanonical(a *attr, text string) error {
	canonical, err := decimal.Canonical(text)
	if err != nil {
		return numberMisfit(err)
	}
	a.set(kindN, canonical)
	b.held += max(0, len(text)-len(canonical)) // the row holds the longer one
	return nil
}

func (b *builder) attributeList(a *attr, list []types.AttributeValue, level int) error {
	if err := b.contain(a, kindL, len(list)); err != nil {
		return err
	}
	for i, v := range list {
		if err := b.attributeValue(&a.elems[i], v, level+1); err != nil {
			return err
		}
	}
	return nil
}

func (b *builder) attributeMap(a *attr, m map[string]types.AttributeValue, level int) error {
	if err := b.contain(a, kindM, len(m)); err != nil {
		return err
	}
	for name, v := range m {
		a.elems = append(a.elems, attr{name: name})
		if err := b.attributeValue(&a.elems[len(a.elems)-1], v, level+1); err != nil {
			return err
		}
	}
	sortByName(a.elems)
	return nil
}

func sortByName(elems []attr) {
	slices.SortFunc(elems, func(x, y attr) int { return cmp.Compare(x.name, y.name) })
}

// setMembers gives a the set of members, which DynamoDB takes only if there is
// one at least and no two are equal.
func setMembers[T any](b *builder, a *attr, k kind, members []T, convert func(*attr, T) error) error {
	if err := b.contain(a, k, len(members)); err != nil {
		return err
	}
	b.held += attrBytes * len(members)
	for i, member := range members {
		if err := convert(&a.elems[i], member); err != nil {
			return err
		}
	}
	if len(a.elems) == 0 {
		return errEmptySet
	}
	if len(distinct(slices.Clone(a.elems))) < len(a.elems) {
		return refuse("two members of its %s are equal", k).or("DynamoDB takes each once; Field.Type with a slice keeps the first")
	}
	return b.spend(len(a.elems) - 1) // one may be empty
}

// distinct returns members without those equal to an earlier one. It may use
// members' own memory.
func distinct(members []attr) []attr {
	seen := make(map[string]bool)
	return trimmed(slices.DeleteFunc(members, func(a attr) bool {
		before := seen[a.text]
		seen[a.text] = true
		return before
	}))
}

// trimmed returns elems in memory of their own if they fill less than half of
// the memory they lie in.
func trimmed(elems []attr) []attr {
	if len(elems) < cap(elems)/2 {
		return slices.Clone(elems)
	}
	return elems
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
		var b builder
		var other attr
		if err := b.attributeValue(&other, v, 1); err != nil || !it.attrs[i].equal(&other) {
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
