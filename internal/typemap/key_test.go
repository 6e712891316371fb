package typemap

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/internal/fault"
	"github.com/dynamodest/dynamodest/internal/item"
	"github.com/dynamodest/dynamodest/internal/table"
)

// invertedSchema is the schema of a table with an index whose sort key is the table's partition key.
func invertedSchema() table.Schema {
	s := schemaOfKeys(item.S, item.S)
	s.Indexes = []table.Index{{Name: "turned", Keys: []table.Key{
		{Name: "s", Kind: item.S, MaxBytes: 2048, Role: "key of index turned"},
		{Name: "p", Kind: item.S, MaxBytes: 1024, Role: "key of index turned"},
	}}}
	return s
}

// crossSchema is the schema of a table with indexes of several attributes each: by_g (g, p), wide
// (a and b, c and d), local (p, l), and one of n and an attribute without a type.
func crossSchema() table.Schema {
	key := func(name string, kind item.Kind, most int, index string) table.Key {
		return table.Key{Name: name, Kind: kind, MaxBytes: most, Role: "key of index " + index}
	}
	s := schemaOfKeys(item.S, item.S)
	s.Indexes = []table.Index{
		{Name: "by_g", Keys: []table.Key{key("g", item.N, 2048, "by_g"), key("p", item.S, 1024, "by_g")}},
		{Name: "wide", Keys: []table.Key{key("a", item.N, 2048, "wide"), key("b", item.B, 2048, "wide"), key("c", item.S, 1024, "wide"), key("d", item.S, 1024, "wide")}},
		{Name: "local", Keys: []table.Key{key("p", item.S, 2048, "local"), key("l", item.S, 1024, "local")}},
		{Name: "part", Keys: []table.Key{key("n", item.S, 2048, "part"), key("unknown", item.None, 1024, "part")}},
	}
	return s
}

func TestKeys(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		schema table.Schema
		m      Mapping
		row    row
		text   string // of the error; "" for none
	}{
		{"strings", schemaOfKeys(item.S, item.S), Mapping{}, row{"p": strings.Repeat("é", 1024), "s": strings.Repeat("x", 1024)}, ""},
		{"bytes", schemaOfKeys(item.B, item.B), Mapping{}, row{"p": make([]byte, 2048), "s": make([]byte, 1024)}, ""},
		{"numbers", schemaOfKeys(item.N, item.N), Mapping{}, row{"p": 1, "s": -1.5}, ""},
		{"converted", schemaOfKeys(item.S, item.N), Mapping{Fields: []Field{field("p", String), {Column: "c", Attribute: "s", Type: Number}}}, row{"p": 1, "c": "7"}, ""},

		{"no row", schemaOfKeys(item.S, item.S), Mapping{}, row{}, `the row lacks the column that provides the table's partition key "p" (S)`},
		{"no partition key", schemaOfKeys(item.S, item.S), Mapping{}, row{"s": "x"}, `the row lacks the column that provides the table's partition key "p" (S)`},
		{"no sort key", schemaOfKeys(item.S, item.N), Mapping{}, row{"p": "x"}, `the row lacks the column that provides the table's sort key "s" (N)`},
		{"no column", schemaOfKeys(item.S, item.N), Mapping{Fields: []Field{field("p", Auto), {Column: "c", Attribute: "s"}}}, row{"p": "x"}, `the row lacks the column that provides the table's sort key "s" (N)`},
		{"no field", schemaOfKeys(item.S, item.N), Mapping{Fields: []Field{field("p", Auto)}}, row{"p": "x", "s": 1}, `no field of the mapping provides the table's sort key "s" (N)`},

		{"null", schemaOfKeys(item.S, item.S), Mapping{Null: OmitNull}, row{"p": nil, "s": "x"}, `the value is null, but is the table's partition key "p" (S)`},
		{"NULL", schemaOfKeys(item.S, item.S), Mapping{}, row{"p": null(), "s": "x"}, `the value is null, but is the table's partition key "p" (S)`},
		{"empty string", schemaOfKeys(item.S, item.S), Mapping{}, row{"p": "", "s": "x"}, `the value is empty, but is the table's partition key "p" (S)`},
		{"empty string kept", schemaOfKeys(item.S, item.S), Mapping{EmptyString: KeepEmpty}, row{"p": "x", "s": ""}, `the value is empty, but is the table's sort key "s" (S)`},
		{"empty text for a number", schemaOfKeys(item.S, item.N), Mapping{EmptyString: KeepEmpty, Fields: []Field{field("p", Auto), field("s", Number)}}, row{"p": "x", "s": ""}, `the value is empty, but is the table's sort key "s" (N)`},
		{"empty bytes", schemaOfKeys(item.S, item.B), Mapping{}, row{"p": "x", "s": []byte{}}, `the value is empty, but is the table's sort key "s" (B)`},
		{"number for a string", schemaOfKeys(item.S, item.S), Mapping{}, row{"p": 1.5, "s": "x"}, `Go type float64 gives N, which the partition key "p" (S) does not take`},
		{"string for a number", schemaOfKeys(item.S, item.N), Mapping{}, row{"p": "x", "s": "1"}, `Go type string gives S, which the sort key "s" (N) does not take`},
		{"list for a string", schemaOfKeys(item.S, item.S), Mapping{}, row{"p": list(), "s": "1"}, `Go type *types.AttributeValueMemberL gives L, which the partition key "p" (S) does not take`},
		{"2,049 bytes", schemaOfKeys(item.S, item.S), Mapping{}, row{"p": strings.Repeat("é", 1024) + "x", "s": "x"}, `the value has 2049 bytes, but the partition key "p" (S) takes 1 to 2048`},
		{"1,025 bytes", schemaOfKeys(item.S, item.B), Mapping{}, row{"p": "x", "s": make([]byte, 1025)}, `the value has 1025 bytes, but the sort key "s" (B) takes 1 to 1024`},

		{"index keys", schemaOfKeys(item.S, item.S), Mapping{}, row{"p": "x", "s": "x", "g": strings.Repeat("x", 1024), "h": 5}, ""},
		{"index key too long", schemaOfKeys(item.S, item.S), Mapping{}, row{"p": "x", "s": "x", "g": strings.Repeat("x", 1025)}, `the value has 1025 bytes, but the key of index g2 "g" (S) takes 1 to 1024`},
		{"shorter in an index", invertedSchema(), Mapping{}, row{"p": strings.Repeat("x", 1025), "s": "x"}, `the value has 1025 bytes, but the key of index turned "p" (S) takes 1 to 1024`},
		{"fits the index", invertedSchema(), Mapping{}, row{"p": strings.Repeat("x", 1024), "s": "x"}, ""},
		{"longer, and not in the index", crossSchema(), Mapping{}, row{"p": strings.Repeat("x", 1500), "s": "x"}, ""},
		{"longer, and the key of the index null", crossSchema(), Mapping{}, row{"p": strings.Repeat("x", 1500), "s": "x", "g": nil}, ""},
		{"longer, and the key of the index empty", crossSchema(), Mapping{EmptyString: KeepEmpty}, row{"p": strings.Repeat("x", 1500), "s": "x", "g": ""}, ""},
		{"longer, and in the index", crossSchema(), Mapping{}, row{"p": strings.Repeat("x", 1500), "s": "x", "g": 1}, `the value has 1500 bytes, but the key of index by_g "p" (S) takes 1 to 1024`},
		{"longer, and in the index by a field", crossSchema(), Mapping{Fields: []Field{{Column: "c", Attribute: "p"}, field("s", Auto), field("g", Auto)}}, row{"c": strings.Repeat("x", 1500), "s": "x", "g": 1}, `the value has 1500 bytes, but the key of index by_g "p" (S) takes 1 to 1024`},
		{"some keys of many", crossSchema(), Mapping{}, row{"p": "x", "s": "x", "a": 1, "c": strings.Repeat("x", 3000), "d": strings.Repeat("x", 3000)}, ""},
		{"all keys of many", crossSchema(), Mapping{}, row{"p": "x", "s": "x", "a": 1, "b": []byte("x"), "c": "x", "d": strings.Repeat("x", 1025)}, `the value has 1025 bytes, but the key of index wide "d" (S) takes 1 to 1024`},
		{"all keys of many, fitting", crossSchema(), Mapping{}, row{"p": "x", "s": "x", "a": 1, "b": make([]byte, 2048), "c": strings.Repeat("x", 1024), "d": "x"}, ""},
		{"other type, and not in the index", crossSchema(), Mapping{}, row{"p": "x", "s": "x", "c": 1}, `Go type int gives N, which the key of index wide "c" (S) does not take`},
		{"key of a local index", crossSchema(), Mapping{}, row{"p": "x", "s": "x", "l": strings.Repeat("x", 1025)}, `the value has 1025 bytes, but the key of index local "l" (S) takes 1 to 1024`},
		{"key of an index with another that is not described", crossSchema(), Mapping{}, row{"p": "x", "s": "x", "n": strings.Repeat("x", 5000)}, ""},
		{"null for both", invertedSchema(), Mapping{}, row{"p": nil, "s": "x"}, `the value is null, but is the table's partition key "p" (S)`},
		{"index key of another type", schemaOfKeys(item.S, item.S), Mapping{}, row{"p": "x", "s": "x", "h": "5"}, `Go type string gives S, which the key of index h1 "h" (N) does not take`},
		{"index key that is a document", schemaOfKeys(item.S, item.S), Mapping{}, row{"p": "x", "s": "x", "h": []any{}}, `Go type []any gives S, which the key of index h1 "h" (N) does not take`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			it, err := New(tt.m, tt.schema).Convert(tt.row)
			if tt.text == "" {
				require.Nil(t, err)
				id, ok := tt.schema.Identity(it.SDK())
				require.True(t, ok)
				require.Equal(t, it.Key, id)
				return
			}
			require.NotNil(t, err)
			require.Equal(t, fault.Key, err.Reason)
			require.EqualError(t, err, tt.text)
			require.NotEmpty(t, err.Attribute)
			if tt.name == "no column" || tt.name == "longer, and in the index by a field" {
				require.Equal(t, "c", err.Column)
			}
		})
	}
}

func TestKeyRemedies(t *testing.T) {
	t.Parallel()
	const hash = "shorten the value, or make the key from a hash of the value"
	const fields = " for the column (a Mapping with Fields writes only the columns that it lists)"
	const (
		textField   = `provide text, or set Field.Type to "S"` + fields
		numberField = `provide a numeric value, or set Field.Type to "N"` + fields
		rawField    = `provide bytes, or set Field.Type to "B"` + fields
	)
	tests := []struct {
		key  item.Kind
		v    any
		want string
	}{
		{item.S, 1.5, textField}, {item.S, []byte("x"), textField}, {item.S, true, textField},
		{item.N, "1", numberField}, {item.N, time.Unix(0, 0), numberField}, {item.B, "AQ==", rawField},
		{item.N, "x", "provide a numeric value, or map another column to the attribute"}, {item.N, true, "provide a numeric value, or map another column to the attribute"},
		{item.S, list(), "provide text, or map another column to the attribute"}, {item.S, []byte{0xff}, "provide text, or map another column to the attribute"},
		{item.B, 1, "provide bytes, or map another column to the attribute"}, {item.N, []any{}, "provide a numeric value, or map another column to the attribute"}, {item.N, n("1"), ""},
		{item.S, strings.Repeat("x", 2049), hash}, {item.B, make([]byte, 2049), hash},
	}
	for _, tt := range tests {
		_, err := New(Mapping{}, schemaOfKeys(tt.key, item.S)).Convert(row{"p": tt.v, "s": "x"})
		if tt.want == "" {
			require.Nil(t, err)
			continue
		}
		require.NotNil(t, err)
		assert.Equal(t, tt.want, err.Advice().Remedy, "%T for %s", tt.v, tt.key)
	}
}

func TestEmptyIndexKeysAreLeftOut(t *testing.T) {
	t.Parallel()
	for name, m := range map[string]Mapping{"default": {}, "refuse and keep": {Null: RefuseNull, EmptyString: KeepEmpty}} {
		for _, v := range []any{nil, "", []byte{}, null(), s(""), bin(), nilInt} {
			it := mustConvert(t, New(m, schemaOfKeys(item.S, item.S)), row{"p": "x", "s": "y", "g": v, "h": v, "z": 1})
			assert.Equal(t, map[string]types.AttributeValue{"p": s("x"), "s": s("y"), "z": n("1")}, it.SDK(), name)
			assert.Equal(t, 1+1+1+1+1+2, it.Size)
		}
	}
}

func TestKeyIdentity(t *testing.T) {
	t.Parallel()
	key := func(schema table.Schema, p, sort any) string {
		return mustConvert(t, New(Mapping{}, schema), row{"p": p, "s": sort}).Key
	}
	text, number, raw := schemaOfKeys(item.S, item.S), schemaOfKeys(item.N, item.S), schemaOfKeys(item.B, item.S)
	assert.NotEqual(t, key(text, "a", "bc"), key(text, "ab", "c"))
	assert.NotEqual(t, key(text, "1", "x"), key(number, 1, "x"))
	assert.NotEqual(t, key(text, "1", "x"), key(raw, []byte("1"), "x"))
	for _, v := range []any{1.0, "1", "1.0", "1e0", "01", "+1", "10e-1"} {
		if text, ok := v.(string); ok {
			v = n(text)
		}
		assert.Equal(t, key(number, 1, "x"), key(number, v, "x"))
		if av, ok := v.(types.AttributeValue); ok {
			id, ok := number.Identity(map[string]types.AttributeValue{"p": av, "s": s("x"), "more": null()})
			assert.True(t, ok)
			assert.Equal(t, key(number, 1, "x"), id)
		}
	}
	assert.NotEqual(t, key(number, 1, "x"), key(number, -1, "x"))
	assert.NotEqual(t, key(number, 1, "x"), key(number, 10, "x"))

	type m = map[string]types.AttributeValue
	for _, bad := range []m{nil, {"p": s("x")}, {"p": s("x"), "s": n("1")}, {"p": nil, "s": s("x")}, {"p": nilAttr, "s": s("x")}} {
		_, ok := text.Identity(bad)
		assert.False(t, ok)
	}
	_, ok := (&table.Schema{}).Identity(m{"p": s("x")})
	assert.False(t, ok)
	assert.Empty(t, mustConvert(t, New(Mapping{}, table.Schema{}), row{"p": 1}).Key)
}

// Rows of one partition have the first bytes of their keys in common, and no others have.
func TestPartitionOfAKey(t *testing.T) {
	t.Parallel()
	c := New(Mapping{}, schemaOfKeys(item.N, item.S))
	partition := func(p, sort any) string {
		it := mustConvert(t, c, row{"p": p, "s": sort})
		assert.Less(t, it.PartitionLen, len(it.Key))
		return it.Key[:it.PartitionLen]
	}
	assert.Equal(t, partition(1, "a"), partition(1.0, "b"))
	assert.NotEqual(t, partition(1, "a"), partition(11, "a"))
	it := mustConvert(t, New(Mapping{}, partitionKey("p", item.S)), row{"p": "x"})
	assert.Equal(t, len(it.Key), it.PartitionLen)
	assert.Zero(t, mustConvert(t, New(Mapping{}, table.Schema{}), row{"p": 1}).PartitionLen)
}

// A fake may leave the type of a key and its length undescribed.
func TestKeysOfUnknownType(t *testing.T) {
	t.Parallel()
	schema := partitionKey("id", item.None)
	c := New(Mapping{}, schema)
	for _, id := range []any{"a", 1, []byte("b")} {
		it := mustConvert(t, c, row{"id": id})
		key, ok := schema.Identity(it.SDK())
		require.True(t, ok)
		require.Equal(t, it.Key, key)
	}
	for _, id := range []any{nil, "", true} {
		_, err := c.Convert(row{"id": id})
		require.NotNil(t, err)
		require.Equal(t, fault.Key, err.Reason)
		require.Contains(t, err.Text, `"id" (S, N or B)`)
	}
	schema.Partition.MaxBytes = 0
	mustConvert(t, New(Mapping{}, schema), row{"id": strings.Repeat("x", 3000)})
	_, err := c.Convert(row{"id": true})
	require.Equal(t, "provide text, a number or bytes, or map another column to the attribute", err.Advice().Remedy)
}

// FuzzKeyIdentity asserts that two keys have one identity exactly if they are equal, and that every
// valid key is taken.
func FuzzKeyIdentity(f *testing.F) {
	f.Add("a", "bc", "ab", "c")
	f.Add("a", "b", "a", "b")
	f.Add("1", "", "1", "")
	f.Add("\x00", "\xff", "\x00\xff", "\x01")
	f.Add(strings.Repeat("p", 2048), strings.Repeat("s", 1024), strings.Repeat("p", 2049), strings.Repeat("s", 1025))
	c := New(Mapping{}, schemaOfKeys(item.B, item.B))
	f.Fuzz(func(t *testing.T, p1, s1, p2, s2 string) {
		x, xErr := c.Convert(row{"p": []byte(p1), "s": []byte(s1)})
		y, yErr := c.Convert(row{"p": []byte(p2), "s": []byte(s2)})
		fits := func(p, s string) bool { return p != "" && len(p) <= 2048 && s != "" && len(s) <= 1024 }
		require.Equal(t, fits(p1, s1), xErr == nil)
		require.Equal(t, fits(p2, s2), yErr == nil)
		if xErr == nil && yErr == nil {
			require.Equal(t, p1 == p2 && s1 == s2, x.Key == y.Key)
		}
	})
}
