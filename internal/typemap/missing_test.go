package typemap

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/internal/fault"
	"github.com/dynamodest/dynamodest/internal/item"
)

func TestMissingColumns(t *testing.T) {
	t.Parallel()
	schema := schemaOfKeys(item.S, item.S)
	required := func(column string) Field { return Field{Column: column, Attribute: column, Required: true} }
	fields := func(more ...Field) []Field { return append([]Field{field("p", Auto), field("s", Auto)}, more...) }
	key := func(more row) row {
		more["p"], more["s"] = "x", "y"
		return more
	}
	with := func(more map[string]types.AttributeValue) map[string]types.AttributeValue {
		more["p"], more["s"] = s("x"), s("y")
		return more
	}
	const lacking = "the row lacks the column, which the mapping requires"
	type attributes = map[string]types.AttributeValue
	tests := map[string]struct {
		m    Mapping
		row  row
		want attributes // nil if the row fails
		text string
	}{
		"nothing":                  {Mapping{Fields: fields(field("a", Auto))}, key(row{}), with(attributes{}), ""},
		"null":                     {Mapping{Fields: fields(field("a", Auto)), MissingAsNull: true}, key(row{}), with(attributes{"a": null()}), ""},
		"null of a forced type":    {Mapping{Fields: fields(field("a", NumberSet), field("b", JSON)), MissingAsNull: true}, key(row{}), with(attributes{"a": null(), "b": null()}), ""},
		"null that is omitted":     {Mapping{Fields: fields(field("a", Auto)), MissingAsNull: true, Null: OmitNull}, key(row{}), with(attributes{}), ""},
		"null that is refused":     {Mapping{Fields: fields(field("a", Auto)), MissingAsNull: true, Null: RefuseNull}, key(row{"A": 1}), nil, `the row lacks the column, and Mapping.Null refuses a null instead; the row has "A"`},
		"null for an index key":    {Mapping{Fields: fields(field("g", Auto)), MissingAsNull: true, Null: RefuseNull}, key(row{}), with(attributes{}), ""},
		"null for two attributes":  {Mapping{Fields: fields(field("a", Auto), Field{Column: "a", Attribute: "b"}), MissingAsNull: true}, key(row{}), with(attributes{"a": null(), "b": null()}), ""},
		"required":                 {Mapping{Fields: fields(required("a"))}, key(row{"b": 1}), nil, lacking},
		"required before null":     {Mapping{Fields: fields(required("a")), MissingAsNull: true}, key(row{"b": 1}), nil, lacking},
		"required, nearly there":   {Mapping{Fields: fields(required("a"))}, key(row{"\u00a0a": 1}), nil, lacking + `; the row has "\u00a0a"`},
		"required, and nil":        {Mapping{Fields: fields(required("a"))}, key(row{"a": nil}), with(attributes{"a": null()}), ""},
		"required, omitted as nil": {Mapping{Fields: fields(required("a")), Null: OmitNull}, key(row{"a": nilInt}), with(attributes{}), ""},
		"required, and empty":      {Mapping{Fields: fields(required("a")), EmptyString: OmitEmpty}, key(row{"a": ""}), with(attributes{}), ""},
		"required by the second":   {Mapping{Fields: fields(field("a", Auto), Field{Column: "a", Attribute: "b", Required: true})}, key(row{}), nil, lacking},
		"required, of an index":    {Mapping{Fields: fields(required("g"))}, key(row{}), nil, lacking},
		"required key":             {Mapping{Fields: []Field{required("p"), field("s", Auto)}}, row{"P": "x", "s": "y"}, nil, `the row lacks the column that provides the table's partition key "p" (S); the row has "P"`},
		"null key":                 {Mapping{Fields: fields(), MissingAsNull: true}, row{"p": "x"}, nil, `the row lacks the column that provides the table's sort key "s" (S)`},
	}
	for name, tt := range tests {
		c := New(tt.m, schema)
		it, err := c.Convert(tt.row)
		if tt.want != nil {
			require.Nil(t, err, name)
			assert.Equal(t, tt.want, it.SDK(), name)
			checkItem(t, schema, it)
			continue
		}
		require.NotNil(t, err, name)
		assert.EqualError(t, err, tt.text, name)
		assert.NotEmpty(t, err.Column, name)
		assert.NotEmpty(t, err.Advice().Remedy, name)
		assert.Equal(t, name == "required key" || name == "null key", err.Reason == fault.Key, name)
	}
}
