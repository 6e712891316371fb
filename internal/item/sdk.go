package item

import (
	"reflect"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynamodest/dynamodest/internal/fault"
)

// FromSDK sets a to the value of v at the given level, or returns why DynamoDB would reject v.
// Numbers become canonical; bytes are copied.
func (t *Tree) FromSDK(a *Attr, v types.AttributeValue, level int) error {
	if IsNil(v) {
		return fault.NewMapping(theValue + " is a nil AttributeValue").WithRemedy("provide an AttributeValueMemberNULL instead")
	}
	if err := t.Enter(level); err != nil {
		return err
	}
	switch v := v.(type) {
	case *types.AttributeValueMemberS:
		a.Set(S, v.Value)
	case *types.AttributeValueMemberN:
		return t.SetCanonical(a, v.Value)
	case *types.AttributeValueMemberB:
		a.Set(B, string(v.Value))
	case *types.AttributeValueMemberBOOL:
		a.SetBool(v.Value)
		return nil // BOOL takes fewer bytes than its text
	case *types.AttributeValueMemberNULL:
		if !v.Value {
			return fault.NewMapping(theValue + " is an AttributeValueMemberNULL whose Value is false").WithRemedy("set Value to true")
		}
		a.Kind = Null
	case *types.AttributeValueMemberL:
		return t.fromList(a, v.Value, level)
	case *types.AttributeValueMemberM:
		return t.fromMap(a, v.Value, level)
	case *types.AttributeValueMemberSS:
		return fromSet(t, a, SS, v.Value, func(a *Attr, s string) error { a.Set(S, s); return nil })
	case *types.AttributeValueMemberNS:
		return fromSet(t, a, NS, v.Value, t.SetCanonical)
	case *types.AttributeValueMemberBS:
		return fromSet(t, a, BS, v.Value, func(a *Attr, p []byte) error { a.Set(B, string(p)); return nil })
	default:
		return fault.NewMapping("Go type %s is not an AttributeValue that DynamoDB knows", fault.TypeName(v)).
			WithRemedy("provide one of the SDK's AttributeValueMember types")
	}
	return t.Charge(len(a.Text))
}

// FromSDK returns the attribute value that v is, by itself, or why DynamoDB would reject v.
func FromSDK(v types.AttributeValue) (a Attr, err error) {
	var b Builder
	t := b.NewTree(Document)
	err = t.FromSDK(&a, v, 1)
	return a, err
}

// IsNil reports whether v is nil or a nil pointer.
func IsNil(v types.AttributeValue) bool {
	rv := reflect.ValueOf(v)
	return !rv.IsValid() || rv.Kind() == reflect.Pointer && rv.IsNil()
}

func (t *Tree) fromList(a *Attr, list []types.AttributeValue, level int) error {
	if err := t.NewContainer(a, L, len(list)); err != nil {
		return err
	}
	for i, v := range list {
		if err := t.FromSDK(&a.Elems[i], v, level+1); err != nil {
			return Nested(err, level+1)
		}
	}
	return nil
}

func (t *Tree) fromMap(a *Attr, m map[string]types.AttributeValue, level int) error {
	if err := t.NewContainer(a, M, len(m)); err != nil {
		return err
	}
	for name, v := range m {
		a.Elems = append(a.Elems, Attr{Name: name})
		if err := t.FromSDK(&a.Elems[len(a.Elems)-1], v, level+1); err != nil {
			return Nested(err, level+1)
		}
	}
	SortByName(a.Elems)
	return nil
}

// fromSet sets a to the set of members. DynamoDB takes a set only if the set has at least one member
// and no two members are equal.
func fromSet[T any](t *Tree, a *Attr, k Kind, members []T, convert func(*Attr, T) error) error {
	if err := t.NewContainer(a, k, len(members)); err != nil {
		return err
	}
	t.Footprint += AttrBytes * len(members)
	for i, member := range members {
		if err := convert(&a.Elems[i], member); err != nil {
			return err
		}
	}
	if len(a.Elems) == 0 {
		return ErrEmptySet
	}
	if len(Distinct(slices.Clone(a.Elems))) < len(a.Elems) {
		return fault.NewMapping("two members of the %s are equal", k).
			WithRemedy(`remove the duplicate, or provide a slice with Field.Type "` + k.String() + `"`)
	}
	return t.Charge(len(a.Elems) - 1) // one member may be empty
}

// SortByName sorts the members of an M.
func SortByName(elems []Attr) {
	slices.SortFunc(elems, byName)
}

// Distinct returns members without those equal to an earlier one. It may modify members.
func Distinct(members []Attr) []Attr {
	seen := make(map[string]bool)
	return Compact(slices.DeleteFunc(members, func(a Attr) bool {
		before := seen[a.Text]
		seen[a.Text] = true
		return before
	}))
}

// Compact reallocates elems if more than half of their backing array is unused.
func Compact(elems []Attr) []Attr {
	if len(elems) < cap(elems)/2 {
		return slices.Clone(elems)
	}
	return elems
}

// SDK returns the item in the SDK's form. Each call returns a new map, which shares no memory with
// the row or the item.
func (it *Item) SDK() map[string]types.AttributeValue { return toMap(it.Attrs) }

func toMap(attrs []Attr) map[string]types.AttributeValue {
	m := make(map[string]types.AttributeValue, len(attrs))
	for i := range attrs {
		m[attrs[i].Name] = attrs[i].SDK()
	}
	return m
}

// SDK returns a in the SDK's form.
func (a *Attr) SDK() types.AttributeValue {
	switch a.Kind {
	case S:
		return &types.AttributeValueMemberS{Value: a.Text}
	case N:
		return &types.AttributeValueMemberN{Value: a.Text}
	case B:
		return &types.AttributeValueMemberB{Value: []byte(a.Text)}
	case Bool:
		return &types.AttributeValueMemberBOOL{Value: a.Text == "true"}
	case L:
		return &types.AttributeValueMemberL{Value: collect(a.Elems, (*Attr).SDK)}
	case M:
		return &types.AttributeValueMemberM{Value: toMap(a.Elems)}
	case SS:
		return &types.AttributeValueMemberSS{Value: collect(a.Elems, func(a *Attr) string { return a.Text })}
	case NS:
		return &types.AttributeValueMemberNS{Value: collect(a.Elems, func(a *Attr) string { return a.Text })}
	case BS:
		return &types.AttributeValueMemberBS{Value: collect(a.Elems, func(a *Attr) []byte { return []byte(a.Text) })}
	}
	return &types.AttributeValueMemberNULL{Value: true}
}

func collect[T any](elems []Attr, convert func(*Attr) T) []T {
	out := make([]T, len(elems))
	for i := range elems {
		out[i] = convert(&elems[i])
	}
	return out
}

// EqualSDK reports whether the item equals an item that DynamoDB returned. Numbers are compared by
// value and sets without regard to order.
func (it *Item) EqualSDK(returned map[string]types.AttributeValue) bool {
	if len(it.Attrs) != len(returned) {
		return false
	}
	for i := range it.Attrs {
		v, ok := returned[it.Attrs[i].Name]
		if !ok {
			return false
		}
		if other, err := FromSDK(v); err != nil || !it.Attrs[i].Equal(&other) {
			return false
		}
	}
	return true
}

// UnitsOf returns the write units of an item that DynamoDB returned, 1 at least.
func UnitsOf(returned map[string]types.AttributeValue) int {
	size := 0
	for name, v := range returned {
		a, err := FromSDK(v)
		if err != nil {
			continue
		}
		if bytes, _, err := a.Measure(); err == nil {
			size += len(name) + bytes
		}
	}
	return UnitsOfSize(size)
}

// Equal reports whether a and b have the same value.
func (a *Attr) Equal(b *Attr) bool {
	if a.Kind != b.Kind || a.Text != b.Text || len(a.Elems) != len(b.Elems) {
		return false
	}
	mine, theirs := a.Elems, b.Elems
	if a.Kind == SS || a.Kind == NS || a.Kind == BS {
		mine, theirs = sorted(mine, byText), sorted(theirs, byText)
	}
	for i := range mine {
		if mine[i].Name != theirs[i].Name && a.Kind == M || !mine[i].Equal(&theirs[i]) {
			return false
		}
	}
	return true
}
