package typemap

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/internal/fault"
	"github.com/dynamodest/dynamodest/internal/item"
	"github.com/dynamodest/dynamodest/internal/table"
)

// vectorSchema is the schema of a table with a vector index on v, of three dimensions, whose search
// schema has the partition key h and the filters f and g.
func vectorSchema() table.Schema {
	s := partitionKey("id", item.N)
	s.Vectors = []table.Vector{{Name: "v", Dimensions: 3, Index: "x"}}
	s.Indexes = []table.Index{{Name: "x", Keys: []table.Key{{Name: "h", Kind: item.S, Role: "partition key of vector index x"}}}}
	s.Filters = []table.Key{{Name: "f", Kind: item.S, Role: "filter of vector index x"}, {Name: "g", Kind: item.N, Role: "filter of vector index x"}}
	return s
}

type (
	namedVector  []float32
	namedVec3    [3]float64
	namedElement float32
)

func TestVectors(t *testing.T) {
	t.Parallel()
	want := list(n("0.1"), n("-2.5"), n("3"))
	var nilVector []float32
	values := map[string]any{
		"[]float32": []float32{0.1, -2.5, 3}, "[]float64": []float64{0.1, -2.5, 3}, "[3]float32": [3]float32{0.1, -2.5, 3}, "[3]float64": [3]float64{0.1, -2.5, 3},
		"named slice": namedVector{0.1, -2.5, 3}, "named array": namedVec3{0.1, -2.5, 3}, "named element": []namedElement{0.1, -2.5, 3},
		"pointer": ptr([]float32{0.1, -2.5, 3}), "pointer to a pointer": ptr(ptr(namedVector{0.1, -2.5, 3})), "pointer to an array": &[3]float32{0.1, -2.5, 3},
		"[]any": []any{float32(0.1), -2.5, 3}, "[]json.Number": []json.Number{"0.10", "-2.5", "3e0"}, "pointers": []*float64{ptr(0.1), ptr(-2.5), ptr(3.0)},
		"JSON": json.RawMessage(`[0.1, -2.5, 3]`), "JSON text": "[0.1,-2.5,3.0]", "JSON bytes": []byte("[1e-1,-25e-1,3]"),
		"AttributeValue": list(n("0.10"), n("-2.5"), n("3.0")), "Valuer": valuer{[]float64{0.1, -2.5, 3}}, "Valuer of text": valuer{"[0.1,-2.5,3]"},
	}
	for _, m := range []Mapping{{}, {Fields: []Field{field("id", Auto), field("v", Auto)}}, {Fields: []Field{field("id", Auto), field("v", List)}}} {
		for name, v := range values {
			it := mustConvert(t, New(m, vectorSchema()), row{"id": 1, "v": v})
			assert.Equal(t, want, it.SDK()["v"], name)
			checkItem(t, vectorSchema(), it)
		}
		for name, v := range map[string]any{"nil": nil, "nil slice": nilVector, "nil pointer": (*[]float32)(nil), "JSON null": json.RawMessage("null"), "empty text": ""} {
			it := mustConvert(t, New(m, vectorSchema()), row{"id": 1, "v": v})
			assert.Equal(t, map[string]types.AttributeValue{"id": n("1")}, it.SDK(), name)
		}
	}
	other := mustConvert(t, New(Mapping{}, vectorSchema()), row{"id": 1, "w": []float32{1, 2}})
	assert.Equal(t, s("[1,2]"), other.SDK()["w"], "an attribute without a vector index is JSON as ever")
	extremes := mustConvert(t, New(Mapping{}, vectorSchema()), row{"id": 1, "v": []float32{math.MaxFloat32, -math.MaxFloat32, math.SmallestNonzeroFloat32}})
	assert.Equal(t, list(n("3.4028235E38"), n("-3.4028235E38"), n("1E-45")), extremes.SDK()["v"])
	free := vectorSchema()
	free.Vectors[0].Dimensions = 0
	mustConvert(t, New(Mapping{}, free), row{"id": 1, "v": []float32{1, 2}})
}

func TestValuesThatAreNoVector(t *testing.T) {
	t.Parallel()
	const (
		what   = "the attribute is the vector of index x (a list of 3 numbers)"
		remedy = "provide a list of 3 numbers, each in the range of a 32-bit float"
	)
	tests := map[string]struct {
		v    any
		text string
	}{
		"too short":         {[]float32{1, 2}, "the list has 2 members, but " + what},
		"too long":          {[]float64{1, 2, 3, 4}, "the list has 4 members, but " + what},
		"empty":             {[]float32{}, "the list has 0 members, but " + what},
		"JSON too short":    {"[1]", "the list has 1 members, but " + what},
		"out of range":      {[]float64{1, 3.5e38, 3}, "the member at index 1 is outside the range of a 32-bit float, but " + what},
		"far out of range":  {[]float64{1, 2, -1e300}, "a nested value is outside the range of a DynamoDB number, 1E-130 to 9.99...E125 or their negatives; " + what},
		"large decimal":     {list(n("1"), n("2"), n("-9E125")), "the member at index 2 is outside the range of a 32-bit float, but " + what},
		"large int":         {[]any{1, bigInt("4" + strings.Repeat("0", 38)), 2}, "the member at index 1 is outside the range of a 32-bit float, but " + what},
		"NaN":               {[]float32{1, float32(math.NaN()), 2}, "a nested value is NaN or infinite; " + what},
		"infinity":          {[]float64{1, math.Inf(1), 2}, "a nested value is NaN or infinite; " + what},
		"null inside":       {[]any{1, nil, 2}, "the member at index 1 is of type NULL, but " + what},
		"text inside":       {[]string{"1", "2", "3"}, "the member at index 0 is of type S, but " + what},
		"list inside":       {[][]float32{{1}, {2}, {3}}, "the member at index 0 is of type L, but " + what},
		"number":            {1.5, "Go type float64 cannot be converted to L; " + what},
		"map":               {map[string]float32{"x": 1}, "Go type map[string]float32 cannot be converted to L; " + what},
		"object":            {`{"x":1}`, "the JSON text is an object, but L needs an array; " + what},
		"set of numbers":    {ns("1", "2", "3"), "Go type *types.AttributeValueMemberNS cannot be converted to L; " + what},
		"text AttributeV.":  {s("[1,2,3]"), "Go type *types.AttributeValueMemberS cannot be converted to L; " + what},
		"method that fails": {failing{}, "method MarshalText of typemap.failing returned an error of type *errors.errorString"},
	}
	for name, tt := range tests {
		_, err := New(Mapping{}, vectorSchema()).Convert(row{"id": 1, "v": tt.v})
		require.NotNil(t, err, name)
		assert.Equal(t, fault.Mapping, err.Reason, name)
		assert.Equal(t, "v", err.Column, name)
		assert.EqualError(t, err, tt.text, name)
		if name != "method that fails" {
			assert.Equal(t, remedy, err.Advice().Remedy, name)
		}
	}
	_, err := New(Mapping{Null: RefuseNull}, vectorSchema()).Convert(row{"id": 1, "v": nil})
	require.NotNil(t, err)
	assert.EqualError(t, err, "the value is null, which Mapping.Null refuses")
	it := mustConvert(t, New(Mapping{}, vectorSchema()), row{"id": 1, "v": null()})
	assert.Nil(t, it.Find("v"), "as for a key of an index")
	_, err = New(Mapping{EmptyString: KeepEmpty}, vectorSchema()).Convert(row{"id": 1, "v": ""})
	require.NotNil(t, err, "an empty text is no vector")
}

func TestSearchSchemaOfAVectorIndex(t *testing.T) {
	t.Parallel()
	type attributes = map[string]types.AttributeValue
	tests := map[string]struct {
		m    Mapping
		row  row
		want attributes // without id; nil if the row fails
		text string
	}{
		"declared types":        {Mapping{}, row{"h": "a", "f": "b", "g": 5}, attributes{"h": s("a"), "f": s("b"), "g": n("5")}, ""},
		"converted":             {Mapping{Fields: []Field{field("id", Auto), field("f", String), field("g", Number)}}, row{"f": 7, "g": "5"}, attributes{"f": s("7"), "g": n("5")}, ""},
		"nil":                   {Mapping{}, row{"h": nil, "f": nil, "g": nil}, attributes{}, ""},
		"NULL":                  {Mapping{Null: OmitNull}, row{"h": null(), "f": null(), "g": null()}, attributes{}, ""},
		"empty":                 {Mapping{}, row{"h": "", "f": ""}, attributes{}, ""},
		"empty, and kept":       {Mapping{EmptyString: KeepEmpty}, row{"h": "", "f": ""}, attributes{"f": s("")}, ""},
		"no filter by null":     {Mapping{Null: RefuseNull}, row{"f": nil}, nil, "the value is null, which Mapping.Null refuses"},
		"partition key, number": {Mapping{}, row{"h": 1}, nil, `Go type int gives N, which the partition key of vector index x "h" (S) does not take`},
		"filter, number":        {Mapping{}, row{"f": 1}, nil, `Go type int gives N, which the filter of vector index x "f" (S) does not take`},
		"filter, text":          {Mapping{}, row{"g": "1"}, nil, `Go type string gives S, which the filter of vector index x "g" (N) does not take`},
	}
	for name, tt := range tests {
		tt.row["id"] = 1
		it, err := New(tt.m, vectorSchema()).Convert(tt.row)
		if tt.want == nil {
			require.NotNil(t, err, name)
			assert.EqualError(t, err, tt.text, name)
			continue
		}
		require.Nil(t, err, name)
		tt.want["id"] = n("1")
		assert.Equal(t, tt.want, it.SDK(), name)
	}
}
