package item

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/internal/fault"
	"github.com/dynamodest/dynamodest/internal/itemtest"
)

func TestEqualSDK(t *testing.T) {
	t.Parallel()
	type m = itemtest.Map
	same := func(change func(m)) m {
		returned := m{
			"id": itemtest.S("a"), "n": itemtest.N("1e1"), "set": itemtest.NS("2.0", "1"), "b": itemtest.B('b'),
			"doc": itemtest.M(m{"x": itemtest.L(itemtest.N("1.0"), itemtest.Null()), "y": itemtest.Bool(true)}),
		}
		change(returned)
		return returned
	}
	it := newItem(t, m{
		"id": itemtest.S("a"), "n": itemtest.N("10"), "set": itemtest.NS("1", "2"), "b": itemtest.B('b'),
		"doc": itemtest.M(m{"x": itemtest.L(itemtest.N("1"), itemtest.Null()), "y": itemtest.Bool(true)}),
	})
	assert.True(t, it.EqualSDK(it.SDK()))
	assert.True(t, it.EqualSDK(same(func(m) {})))
	doc := func(x types.AttributeValue, y string, yes bool) types.AttributeValue {
		return itemtest.M(m{"x": x, y: itemtest.Bool(yes)})
	}
	list := itemtest.L(itemtest.N("1"), itemtest.Null())
	for name, change := range map[string]func(m){
		"attribute more":      func(v m) { v["more"] = itemtest.Null() },
		"attribute less":      func(v m) { delete(v, "b") },
		"another name":        func(v m) { delete(v, "b"); v["c"] = itemtest.B('b') },
		"another text":        func(v m) { v["id"] = itemtest.S("b") },
		"another type":        func(v m) { v["id"] = itemtest.B('a') },
		"another number":      func(v m) { v["n"] = itemtest.N("10.1") },
		"no number":           func(v m) { v["n"] = itemtest.N("x") },
		"another member":      func(v m) { v["set"] = itemtest.NS("1", "3") },
		"set less":            func(v m) { v["set"] = itemtest.NS("1") },
		"another in list":     func(v m) { v["doc"] = doc(itemtest.L(itemtest.N("2"), itemtest.Null()), "y", true) },
		"list in other order": func(v m) { v["doc"] = doc(itemtest.L(itemtest.Null(), itemtest.N("1")), "y", true) },
		"another key":         func(v m) { v["doc"] = doc(list, "z", true) },
		"another boolean":     func(v m) { v["doc"] = doc(list, "y", false) },
		"nil value":           func(v m) { v["b"] = nil },
		"unknown to us":       func(v m) { v["b"] = &types.UnknownUnionMember{} },
		"NULL for a value":    func(v m) { v["b"] = itemtest.Null() },
	} {
		assert.False(t, it.EqualSDK(same(change)), name)
	}
	assert.False(t, it.EqualSDK(nil))
}

// Each SDK form is a new one: a client may change what it is given.
func TestSDKSharesNothing(t *testing.T) {
	t.Parallel()
	raw := []byte("deep")
	it := newItem(t, itemtest.Map{"m": itemtest.M(itemtest.Map{"k": &types.AttributeValueMemberB{Value: raw}, "s": itemtest.BS([]byte("m"))})})
	want, got := it.SDK(), it.SDK()
	require.Equal(t, want, got)
	clear(raw)
	inner := got["m"].(*types.AttributeValueMemberM).Value
	inner["k"].(*types.AttributeValueMemberB).Value[0] = 0
	inner["s"] = nil
	require.Equal(t, want, it.SDK())
}

func TestFromSDKRejects(t *testing.T) {
	t.Parallel()
	shared := itemtest.S("x")
	for range 30 {
		shared = itemtest.L(shared, shared)
	}
	nested := func(levels int) types.AttributeValue {
		v := itemtest.N("1")
		for range levels - 1 {
			v = itemtest.L(v)
		}
		return v
	}
	var b Builder
	convert := func(v types.AttributeValue) error {
		tree := b.NewTree(Document)
		return tree.FromSDK(&Attr{}, v, 1)
	}
	require.NoError(t, convert(nested(32)))
	for name, tt := range map[string]struct {
		v      types.AttributeValue
		reason fault.Reason
		says   string
	}{
		"nil":                 {nil, fault.Mapping, "the value is a nil"},
		"nil pointer inside":  {itemtest.L((*types.AttributeValueMemberS)(nil)), fault.Mapping, "a nested value is a nil AttributeValue"},
		"NULL false":          {&types.AttributeValueMemberNULL{}, fault.Mapping, "is false"},
		"unknown member":      {&types.UnknownUnionMember{Tag: "secret"}, fault.Mapping, "UnknownUnionMember"},
		"no number inside":    {itemtest.L(itemtest.L(itemtest.N("secret"))), fault.Mapping, "a nested value is not a decimal number"},
		"no number":           {itemtest.N("secret"), fault.Mapping, "is not a decimal number"},
		"39 digits":           {itemtest.N(strings.Repeat("1", 39)), fault.Mapping, "38"},
		"empty set":           {itemtest.SS(), fault.Mapping, "empty set"},
		"equal members":       {itemtest.SS("secret", "secret"), fault.Mapping, "are equal"},
		"equal numbers":       {itemtest.NS("1", "1.0"), fault.Mapping, "are equal"},
		"33 levels":           {nested(33), fault.Mapping, "32 levels"},
		"parts that are many": {shared, fault.TooLarge, "409600"},
		"a long list":         {itemtest.L(make([]types.AttributeValue, MaxSize+1)...), fault.TooLarge, "409600"},
		"a long set":          {itemtest.SS(make([]string, MaxSize+1)...), fault.TooLarge, "409600"},
	} {
		err := convert(tt.v)
		var f *fault.Error
		require.ErrorAs(t, err, &f, name)
		assert.Equal(t, tt.reason, f.Reason, name)
		assert.Contains(t, f.Text, tt.says, name)
		assert.NotContains(t, f.Text, "secret", name)
	}
}
