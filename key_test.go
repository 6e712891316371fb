package dynamodest

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func schemaOfKeys(partition, sort kind) tableSchema {
	return tableSchema{
		partition: keyAttr{name: "p", kind: partition, max: 2048, role: "partition key"},
		sort:      keyAttr{name: "s", kind: sort, max: 1024, role: "sort key"},
		index: []keyAttr{
			{name: "g", kind: kindS, max: 2048, role: "key of index g1"},
			{name: "g", kind: kindS, max: 1024, role: "key of index g2"},
			{name: "h", kind: kindN, max: 1024, role: "key of index h1"},
		},
	}
}

// invertedSchema is that of a table with an index whose sort key is the table's
// partition key.
func invertedSchema() tableSchema {
	s := schemaOfKeys(kindS, kindS)
	s.index = []keyAttr{{name: "p", kind: kindS, max: 1024, role: "key of index turned"}}
	return s
}

func TestKeys(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		schema tableSchema
		m      Mapping
		row    Row
		text   string // of the error; "" for none
	}{
		{"strings", schemaOfKeys(kindS, kindS), Mapping{}, Row{"p": strings.Repeat("é", 1024), "s": strings.Repeat("x", 1024)}, ""},
		{"bytes", schemaOfKeys(kindB, kindB), Mapping{}, Row{"p": make([]byte, 2048), "s": make([]byte, 1024)}, ""},
		{"numbers", schemaOfKeys(kindN, kindN), Mapping{}, Row{"p": 1, "s": -1.5}, ""},
		{"converted", schemaOfKeys(kindS, kindN), Mapping{Fields: []Field{{Column: "p", Type: String}, {Column: "c", Attribute: "s", Type: Number}}}, Row{"p": 1, "c": "7"}, ""},

		{"no row", schemaOfKeys(kindS, kindS), Mapping{}, Row{}, `the row does not have the column, which gives the table's partition key "p" (S)`},
		{"no partition key", schemaOfKeys(kindS, kindS), Mapping{}, Row{"s": "x"}, `the row does not have the column, which gives the table's partition key "p" (S)`},
		{"no sort key", schemaOfKeys(kindS, kindN), Mapping{}, Row{"p": "x"}, `the row does not have the column, which gives the table's sort key "s" (N)`},
		{"no column", schemaOfKeys(kindS, kindN), Mapping{Fields: []Field{{Column: "p"}, {Column: "c", Attribute: "s"}}}, Row{"p": "x"}, `the row does not have the column, which gives the table's sort key "s" (N)`},
		{"no field", schemaOfKeys(kindS, kindN), Mapping{Fields: []Field{{Column: "p"}}}, Row{"p": "x", "s": 1}, `no field of the mapping gives the attribute, which is the table's sort key "s" (N)`},

		{"null", schemaOfKeys(kindS, kindS), Mapping{Null: OmitNull}, Row{"p": nil, "s": "x"}, `a null value came as the table's partition key "p" (S)`},
		{"NULL", schemaOfKeys(kindS, kindS), Mapping{}, Row{"p": null(), "s": "x"}, `a null value came as the table's partition key "p" (S)`},
		{"empty string", schemaOfKeys(kindS, kindS), Mapping{}, Row{"p": "", "s": "x"}, `an empty value came as the table's partition key "p" (S), which takes one byte at least`},
		{"empty string kept", schemaOfKeys(kindS, kindS), Mapping{EmptyString: KeepEmpty}, Row{"p": "x", "s": ""}, `an empty value came as the table's sort key "s" (S), which takes one byte at least`},
		{"empty text for a number", schemaOfKeys(kindS, kindN), Mapping{EmptyString: KeepEmpty, Fields: []Field{{Column: "p"}, {Column: "s", Type: Number}}}, Row{"p": "x", "s": ""}, `an empty value came as the table's sort key "s" (N), which takes one byte at least`},
		{"empty bytes", schemaOfKeys(kindS, kindB), Mapping{}, Row{"p": "x", "s": []byte{}}, `an empty value came as the table's sort key "s" (B), which takes one byte at least`},
		{"number for a string", schemaOfKeys(kindS, kindS), Mapping{}, Row{"p": 1.5, "s": "x"}, `Go type float64 gives N, which the partition key "p" (S) does not take`},
		{"string for a number", schemaOfKeys(kindS, kindN), Mapping{}, Row{"p": "x", "s": "1"}, `Go type string gives S, which the sort key "s" (N) does not take`},
		{"list for a string", schemaOfKeys(kindS, kindS), Mapping{}, Row{"p": list(), "s": "1"}, `Go type *types.AttributeValueMemberL gives L, which the partition key "p" (S) does not take`},
		{"2,049 bytes", schemaOfKeys(kindS, kindS), Mapping{}, Row{"p": strings.Repeat("é", 1024) + "x", "s": "x"}, `Go type string with 2049 bytes came as the partition key "p" (S), which takes 1 to 2048 bytes`},
		{"1,025 bytes", schemaOfKeys(kindS, kindB), Mapping{}, Row{"p": "x", "s": make([]byte, 1025)}, `Go type []byte with 1025 bytes came as the sort key "s" (B), which takes 1 to 1024 bytes`},

		{"index keys", schemaOfKeys(kindS, kindS), Mapping{}, Row{"p": "x", "s": "x", "g": strings.Repeat("x", 1024), "h": 5}, ""},
		{"index key too long", schemaOfKeys(kindS, kindS), Mapping{}, Row{"p": "x", "s": "x", "g": strings.Repeat("x", 1025)}, `Go type string with 1025 bytes came as the key of index g2 "g" (S), which takes 1 to 1024 bytes`},
		{"shorter in an index", invertedSchema(), Mapping{}, Row{"p": strings.Repeat("x", 1025), "s": "x"}, `Go type string with 1025 bytes came as the key of index turned "p" (S), which takes 1 to 1024 bytes`},
		{"fits the index", invertedSchema(), Mapping{}, Row{"p": strings.Repeat("x", 1024), "s": "x"}, ""},
		{"null for both", invertedSchema(), Mapping{}, Row{"p": nil, "s": "x"}, `a null value came as the table's partition key "p" (S)`},
		{"index key of another type", schemaOfKeys(kindS, kindS), Mapping{}, Row{"p": "x", "s": "x", "h": "5"}, `Go type string gives S, which the key of index h1 "h" (N) does not take`},
		{"index key that is a document", schemaOfKeys(kindS, kindS), Mapping{}, Row{"p": "x", "s": "x", "h": []any{}}, `Go type []any gives S, which the key of index h1 "h" (N) does not take`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			it, err := newConverter(tt.m, tt.schema).convert(tt.row)
			if tt.text == "" {
				require.Nil(t, err)
				id, ok := keyIdentity(tt.schema, it.attributeMap())
				require.True(t, ok)
				require.Equal(t, it.key, id)
				return
			}
			require.NotNil(t, err)
			require.Equal(t, ErrKey, err.Reason)
			require.EqualError(t, err.Err, tt.text)
			require.NotEmpty(t, err.Attribute)
			if tt.name == "no column" {
				require.Equal(t, "c", err.Column)
			}
		})
	}
}

func TestKeyRemedies(t *testing.T) {
	t.Parallel()
	const hash = "shorten it, or make the key from a hash of the value"
	tests := []struct {
		key  kind
		v    any
		want string
	}{
		{kindS, 1.5, `Field.Type "S" converts the column`}, {kindS, []byte("x"), `Field.Type "S" converts the column`}, {kindS, true, `Field.Type "S" converts the column`},
		{kindN, "1", `Field.Type "N" converts the column`}, {kindN, time.Unix(0, 0), `Field.Type "N" converts the column`}, {kindB, "AQ==", `Field.Type "B" converts the column`},
		{kindN, "x", "give the column a value that becomes N, or map another column to the attribute"}, {kindN, true, "give the column a value that becomes N, or map another column to the attribute"},
		{kindS, list(), "give the column a value that becomes S, or map another column to the attribute"}, {kindS, []byte{0xff}, "give the column a value that becomes S, or map another column to the attribute"},
		{kindB, 1, "give the column a value that becomes B, or map another column to the attribute"}, {kindN, []any{}, "give the column a value that becomes N, or map another column to the attribute"}, {kindN, n("1"), ""},
		{kindS, strings.Repeat("x", 2049), hash}, {kindB, make([]byte, 2049), hash},
	}
	for _, tt := range tests {
		_, err := newConverter(Mapping{}, schemaOfKeys(tt.key, kindS)).convert(Row{"p": tt.v, "s": "x"})
		if tt.want == "" {
			require.Nil(t, err)
			continue
		}
		require.NotNil(t, err)
		assert.Equal(t, tt.want, err.Remedy(), "%T for %s", tt.v, tt.key)
	}
}

func TestEmptyIndexKeysAreLeftOut(t *testing.T) {
	t.Parallel()
	for name, m := range map[string]Mapping{"default": {}, "refuse and keep": {Null: RefuseNull, EmptyString: KeepEmpty}} {
		for _, v := range []any{nil, "", []byte{}, null(), s(""), bin(), nilInt} {
			it := mustConvert(t, newConverter(m, schemaOfKeys(kindS, kindS)), Row{"p": "x", "s": "y", "g": v, "h": v, "z": 1})
			assert.Equal(t, map[string]types.AttributeValue{"p": s("x"), "s": s("y"), "z": n("1")}, it.attributeMap(), name)
			assert.Equal(t, 1+1+1+1+1+2, it.size)
		}
	}
}

func TestKeyIdentity(t *testing.T) {
	t.Parallel()
	key := func(schema tableSchema, p, sort any) string {
		return mustConvert(t, newConverter(Mapping{}, schema), Row{"p": p, "s": sort}).key
	}
	text, number, raw := schemaOfKeys(kindS, kindS), schemaOfKeys(kindN, kindS), schemaOfKeys(kindB, kindS)
	assert.NotEqual(t, key(text, "a", "bc"), key(text, "ab", "c"))
	assert.NotEqual(t, key(text, "1", "x"), key(number, 1, "x"))
	assert.NotEqual(t, key(text, "1", "x"), key(raw, []byte("1"), "x"))
	for _, v := range []any{1.0, "1", "1.0", "1e0", "01", "+1", "10e-1"} {
		if text, ok := v.(string); ok {
			v = n(text)
		}
		assert.Equal(t, key(number, 1, "x"), key(number, v, "x"))
		if av, ok := v.(types.AttributeValue); ok {
			id, ok := keyIdentity(number, map[string]types.AttributeValue{"p": av, "s": s("x"), "more": null()})
			assert.True(t, ok)
			assert.Equal(t, key(number, 1, "x"), id)
		}
	}
	assert.NotEqual(t, key(number, 1, "x"), key(number, -1, "x"))
	assert.NotEqual(t, key(number, 1, "x"), key(number, 10, "x"))

	type m = map[string]types.AttributeValue
	for _, bad := range []m{nil, {"p": s("x")}, {"p": s("x"), "s": n("1")}, {"p": nil, "s": s("x")}, {"p": nilAttr, "s": s("x")}} {
		_, ok := keyIdentity(text, bad)
		assert.False(t, ok)
	}
	_, ok := keyIdentity(tableSchema{}, m{"p": s("x")})
	assert.False(t, ok)
	assert.Empty(t, mustConvert(t, newConverter(Mapping{}, tableSchema{}), Row{"p": 1}).key)
}

func FuzzKeyIdentity(f *testing.F) {
	f.Add("a", "bc", "ab", "c")
	f.Add("1", "", "1", "")
	f.Fuzz(func(t *testing.T, p1, s1, p2, s2 string) {
		c := newConverter(Mapping{}, schemaOfKeys(kindB, kindB))
		x, err := c.convert(Row{"p": []byte(p1), "s": []byte(s1)})
		y, err2 := c.convert(Row{"p": []byte(p2), "s": []byte(s2)})
		if err == nil && err2 == nil {
			require.Equal(t, p1 == p2 && s1 == s2, x.key == y.key)
		}
	})
}
