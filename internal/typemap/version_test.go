package typemap

import (
	"database/sql"
	"encoding/json"
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

// moment is a type of times that writes itself as text.
type moment struct{ time.Time }

var early = time.Date(2026, 3, 4, 5, 6, 7, 500_000_000, time.UTC)

func TestVersions(t *testing.T) {
	t.Parallel()
	const (
		unsortable = "the version is a time, and its text does not sort as times do"
		empty      = "the row's version is null or empty"
		lacking    = "the row has no value for the attribute that Config.Version names"
		otherwise  = "and a version is an N or an S"
		document   = "is a document, and a version is a number, a text or a time"
	)
	tests := map[string]struct {
		typ  Type
		v    any // none: no column
		kind byte
		text string
	}{
		"int":                     {Auto, 7, 'N', ""},
		"big":                     {Auto, bigInt("12345678901234567890123456789012345678"), 'N', ""},
		"json.Number as text":     {Number, "7", 'N', ""},
		"text":                    {Auto, "2026-03-04T05:06:07Z", 'S', ""},
		"text of bytes":           {String, []byte("a"), 'S', ""},
		"AttributeValue":          {Auto, &types.AttributeValueMemberN{Value: "7.0"}, 'N', ""},
		"time as seconds":         {EpochSeconds, early, 'N', ""},
		"time as milliseconds":    {EpochMillis, early, 'N', ""},
		"time as fraction":        {Number, early, 'N', ""},
		"sortable time":           {SortableTime, early, 'S', ""},
		"Valuer of a text":        {Auto, sql.NullString{String: "2026-03-04T05:06:07Z", Valid: true}, 'S', ""},
		"time":                    {Auto, early, 0, unsortable},
		"pointer to a time":       {Auto, &early, 0, unsortable},
		"time as text":            {String, early, 0, unsortable},
		"named time":              {Auto, namedTime(early), 0, unsortable},
		"Valuer of a time":        {Auto, sql.NullTime{Time: early, Valid: true}, 0, unsortable},
		"type of times":           {Auto, moment{early}, 0, unsortable},
		"pointer to such a type":  {Auto, &moment{early}, 0, unsortable},
		"Valuer of such a type":   {Auto, valuer{moment{early}}, 0, unsortable},
		"nil":                     {Auto, nil, 0, empty},
		"empty":                   {Auto, "", 0, empty},
		"Valuer of nil":           {Auto, sql.NullInt64{}, 0, empty},
		"NULL":                    {Auto, &types.AttributeValueMemberNULL{Value: true}, 0, empty},
		"bool":                    {Auto, true, 0, otherwise},
		"bytes":                   {Auto, []byte("a"), 0, otherwise},
		"AttributeValue of a set": {Auto, &types.AttributeValueMemberSS{Value: []string{"a"}}, 0, otherwise},
		"map":                     {Auto, map[string]any{"a": 1}, 0, document},
		"slice":                   {Auto, []int{1}, 0, document},
		"JSON of an object":       {Auto, json.RawMessage(`{"a":1}`), 0, document},
		"JSON of a number":        {Auto, json.RawMessage(`7`), 0, document},
		"JSON of a number, as N":  {Number, json.RawMessage(`7`), 'N', ""},
		"no column":               {Auto, struct{}{}, 0, lacking},
	}
	for name, tt := range tests {
		for _, m := range []Mapping{{}, {Fields: []Field{field("p", Auto), {Column: "c", Attribute: "v", Type: tt.typ}}}} {
			column := "v"
			if len(m.Fields) > 0 {
				column = "c"
			} else if tt.typ != Auto {
				continue
			}
			m.Version = "v"
			r := row{"p": "x", column: tt.v}
			if tt.v == (struct{}{}) {
				delete(r, column)
			}
			it, err := New(m, partitionKey("p", item.S)).Convert(r)
			if tt.kind != 0 {
				require.Nil(t, err, name)
				assert.Equal(t, tt.kind, it.Rank[0], name)
				continue
			}
			require.NotNil(t, err, name)
			assert.Nil(t, it, name)
			assert.Equal(t, fault.Mapping, err.Reason, name)
			assert.Equal(t, column, err.Column, name)
			assert.Equal(t, "v", err.Attribute, name)
			assert.Contains(t, err.Error(), tt.text, name)
			assert.NotEmpty(t, err.Advice().Remedy, name)
		}
	}
}

// Ranks are compared byte by byte as the versions are by DynamoDB.
func TestRanksOfVersions(t *testing.T) {
	t.Parallel()
	rank := func(m Mapping, v any) string {
		m.Version = "v"
		return mustConvert(t, New(m, partitionKey("p", item.S)), row{"p": "x", "v": v}).Rank
	}
	fields := func(typ Type) Mapping { return Mapping{Fields: []Field{field("p", Auto), field("v", typ)}} }
	for _, ascending := range [][]any{
		{-10, -9.5, -1, 0, 0.5, 1, 9, 10, 1e20, bigInt("1" + strings.Repeat("0", 30))},
		{"1", "10", "9", "Z", "a", "é", "\uffff", "\U00010000"},
	} {
		for i := range ascending[1:] {
			assert.Less(t, rank(Mapping{}, ascending[i]), rank(Mapping{}, ascending[i+1]))
		}
	}
	for _, typ := range []Type{SortableTime, EpochMillis, Number} {
		assert.Less(t, rank(fields(typ), early), rank(fields(typ), early.Add(time.Millisecond)))
		assert.Equal(t, rank(fields(typ), early), rank(fields(typ), early.In(time.FixedZone("x", 3600))))
	}
	assert.Equal(t, rank(fields(Number), "1"), rank(fields(Number), "10e-1"))
	assert.Less(t, rank(Mapping{EmptyString: KeepEmpty}, ""), rank(Mapping{EmptyString: KeepEmpty}, "\x00"))
}

// The version of an index is also a version.
func TestVersionThatIsAnIndexKey(t *testing.T) {
	t.Parallel()
	c := New(Mapping{Version: "h"}, schemaOfKeys(item.S, item.S))
	assert.NotEmpty(t, mustConvert(t, c, row{"p": "x", "s": "y", "h": 7}).Rank)
	_, err := c.Convert(row{"p": "x", "s": "y", "h": nil})
	require.NotNil(t, err)
	assert.Equal(t, fault.Mapping, err.Reason)
	_, err = c.Convert(row{"p": "x", "s": "y", "h": "7"})
	require.NotNil(t, err)
	assert.Equal(t, fault.Key, err.Reason)
}

// The text of a type of times is no version of an index either, nor is what Mapping.Convert makes one.
func TestTimesInDisguiseAreNoVersions(t *testing.T) {
	t.Parallel()
	schema := partitionKey("p", item.S)
	schema.Indexes = []table.Index{{Keys: []table.Key{{Name: "v", Kind: item.S, MaxBytes: 2048, Role: "key of index x"}}}}
	convert := func(_ string, v any) (any, bool, error) { return moment{early}, v == namedInt(1), nil }
	for name, tt := range map[string]struct {
		schema table.Schema
		v      any
	}{
		"of an index":                      {schema, moment{early}},
		"of an index, by Mapping.Convert":  {schema, namedInt(1)},
		"of no index, by Mapping.Convert":  {partitionKey("p", item.S), namedInt(1)},
		"of an index, pointer by a Valuer": {schema, valuer{&moment{early}}},
		"of no index, pointer by a Valuer": {partitionKey("p", item.S), valuer{&moment{early}}},
	} {
		for _, typ := range []Type{Auto, String} {
			m := Mapping{Version: "v", Convert: convert, Fields: []Field{field("p", Auto), field("v", typ)}}
			_, err := New(m, tt.schema).Convert(row{"p": "x", "v": tt.v})
			require.NotNil(t, err, name)
			assert.Equal(t, fault.Mapping, err.Reason, name)
			assert.Contains(t, err.Error(), "does not sort", name)
		}
		m := Mapping{Version: "v", Convert: convert, Fields: []Field{field("p", Auto), field("v", SortableTime)}}
		assert.Equal(t, "S2026-03-04T05:06:07.500000000Z", mustConvert(t, New(m, tt.schema), row{"p": "x", "v": tt.v}).Rank, name)
	}
}

// The key of a row needs neither its version nor its other columns.
func TestConvertKey(t *testing.T) {
	t.Parallel()
	for _, m := range []Mapping{
		{Version: "v", Delete: "gone"},
		{Version: "v", Fields: []Field{field("p", Auto), field("s", Auto), {Column: "v", Attribute: "v", Required: true}}},
		{Convert: func(string, any) (any, bool, error) { return nil, false, nil }},
	} {
		c := New(m, schemaOfKeys(item.S, item.S))
		whole := mustConvert(t, c, row{"p": "x", "s": "y", "v": 1})
		it, err := c.ConvertKey(row{"p": "x", "s": "y", "b": make(chan int)})
		require.Nil(t, err)
		assert.Equal(t, avMap{"p": s("x"), "s": s("y")}, it.SDK())
		assert.Equal(t, whole.Key, it.Key)
		assert.Equal(t, whole.PartitionLen, it.PartitionLen)

		_, err = c.ConvertKey(row{"p": "x", "v": 1})
		require.NotNil(t, err)
		assert.Equal(t, fault.Key, err.Reason)
		assert.Equal(t, "s", err.Column)
		_, err = c.ConvertKey(nil)
		require.NotNil(t, err)
	}
}

// A version that a vector index filters by must have the type of the filter too.
func TestVersionThatIsAFilter(t *testing.T) {
	t.Parallel()
	schema := partitionKey("p", item.S)
	schema.Filters = []table.Key{{Name: "v", Kind: item.N, Role: "filter of vector index x"}}
	c := New(Mapping{Version: "v"}, schema)
	assert.NotEmpty(t, mustConvert(t, c, row{"p": "x", "v": 1}).Rank)
	for _, v := range []any{"1", nil} {
		_, err := c.Convert(row{"p": "x", "v": v})
		require.NotNil(t, err)
	}
}

// A long version is kept twice.
func TestFootprintOfVersions(t *testing.T) {
	t.Parallel()
	long := row{"p": "x", "v": strings.Repeat("v", 10_000)}
	without := mustConvert(t, New(Mapping{}, partitionKey("p", item.S)), long)
	with := mustConvert(t, New(Mapping{Version: "v"}, partitionKey("p", item.S)), long)
	assert.GreaterOrEqual(t, with.Footprint, without.Footprint+10_000)
}
