package dynamodest

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/assert"
)

func TestEqualTo(t *testing.T) {
	t.Parallel()
	type m = map[string]types.AttributeValue
	ns := func(v ...string) types.AttributeValue { return &types.AttributeValueMemberNS{Value: v} }
	row := Row{"id": "a", "n": n("10"), "set": ns("1", "2"), "doc": object(m{"x": list(n("1"), null()), "y": boolean(true)}), "b": []byte("b")}
	same := func(change func(m)) m {
		shown := m{"id": s("a"), "n": n("1e1"), "set": ns("2.0", "1"), "doc": object(m{"x": list(n("1.0"), null()), "y": boolean(true)}), "b": bin('b')}
		change(shown)
		return shown
	}
	it := mustConvert(t, newConverter(Mapping{}, tableSchema{}), row)
	assert.True(t, it.equalTo(it.attributeMap()))
	assert.True(t, it.equalTo(same(func(m) {})))
	for name, change := range map[string]func(m){
		"attribute more":   func(v m) { v["more"] = null() },
		"attribute less":   func(v m) { delete(v, "b") },
		"another name":     func(v m) { delete(v, "b"); v["c"] = bin('b') },
		"another text":     func(v m) { v["id"] = s("b") },
		"another type":     func(v m) { v["id"] = bin('a') },
		"another number":   func(v m) { v["n"] = n("10.1") },
		"no number":        func(v m) { v["n"] = n("x") },
		"another member":   func(v m) { v["set"] = ns("1", "3") },
		"set less":         func(v m) { v["set"] = ns("1") },
		"another in list":  func(v m) { v["doc"] = object(m{"x": list(n("2"), null()), "y": boolean(true)}) },
		"list turned":      func(v m) { v["doc"] = object(m{"x": list(null(), n("1")), "y": boolean(true)}) },
		"another key":      func(v m) { v["doc"] = object(m{"x": list(n("1"), null()), "z": boolean(true)}) },
		"another boolean":  func(v m) { v["doc"] = object(m{"x": list(n("1"), null()), "y": boolean(false)}) },
		"nil value":        func(v m) { v["b"] = nil },
		"unknown to us":    func(v m) { v["b"] = &types.UnknownUnionMember{} },
		"NULL for a value": func(v m) { v["b"] = null() },
	} {
		assert.False(t, it.equalTo(same(change)), name)
	}
	assert.False(t, it.equalTo(nil))
}
