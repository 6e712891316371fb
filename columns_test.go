package dynamodest_test

import (
	"context"
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// columnFields is a mapping of columns, one of which gives two attributes.
var columnFields = dynamodest.Mapping{Fields: []dynamodest.Field{
	{Column: "zip"}, {Column: "id"}, {Column: "name"}, {Column: "zip", Attribute: "postcode"}, {Column: "age"}, {Column: "name", Attribute: "label"},
}}

func TestColumnsThatNoRowHad(t *testing.T) {
	t.Parallel()
	many := make([]dynamodest.Row, 3000)
	for i := range many {
		many[i] = dynamodest.Row{"id": string(rune('a'+i%26)) + show(i), "\ufeffzip": "x", "Name": "x"}
	}
	lastHas := append(many[:2999:2999], dynamodest.Row{"id": "last", "name": nil})
	tests := map[string]struct {
		mapping dynamodest.Mapping
		rows    []dynamodest.Row
		want    []string
	}{
		"all met":                      {columnFields, []dynamodest.Row{{"id": "a", "zip": 1, "name": 2, "age": 3}}, nil},
		"met in parts":                 {columnFields, []dynamodest.Row{{"id": "a", "zip": 1}, {"id": "b", "name": 2}, {"id": "c", "age": 3}}, nil},
		"none but the key":             {columnFields, many, []string{"zip", "name", "age"}},
		"nil in the last row":          {columnFields, lastHas, []string{"zip", "age"}},
		"not even the key":             {columnFields, []dynamodest.Row{{"\ufeffid": "a", "zip": 1}}, []string{"id", "name", "age"}},
		"rows that cannot be stored":   {columnFields, []dynamodest.Row{{"zip": make(chan int), "age": 1, "name": 2}}, []string{"id"}},
		"a row without a column":       {columnFields, []dynamodest.Row{{}}, []string{"zip", "id", "name", "age"}},
		"a nil row":                    {columnFields, []dynamodest.Row{nil}, nil},
		"a nil row, and another":       {columnFields, []dynamodest.Row{nil, {"id": "a", "zip": 1, "name": 2}}, []string{"age"}},
		"no rows":                      {columnFields, nil, nil},
		"every column, without fields": {dynamodest.Mapping{}, many, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dest := newDest(t, dynamodest.Config{Table: table, Client: dynamodesttest.NewTable(table, "id:S"), Mapping: tt.mapping})
			res, err := dest.Write(t.Context(), tt.rows)
			assert.Equal(t, tt.want, res.Summary.MissingColumns)
			var failed *dynamodest.WriteError
			if errors.As(err, &failed) {
				assert.Equal(t, tt.want, failed.Summary.MissingColumns)
			}
			sum, _ := dest.WriteSeq(t.Context(), seq(tt.rows), nil)
			assert.Equal(t, tt.want, sum.MissingColumns)

			channel := make(chan dynamodest.Row, len(tt.rows))
			for _, row := range tt.rows {
				channel <- row
			}
			close(channel)
			sum, _ = dest.WriteChan(t.Context(), channel, nil)
			assert.Equal(t, tt.want, sum.MissingColumns)
		})
	}
}

// The columns of rows that were never converted are not known.
func TestColumnsOfRowsThatWereNotRead(t *testing.T) {
	t.Parallel()
	dest := newDest(t, dynamodest.Config{Table: table, Client: dynamodesttest.NewTable(table, "id:S"), Mapping: columnFields})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	res, err := dest.Write(ctx, numbered(10))
	require.ErrorIs(t, err, dynamodest.ErrStopped)
	assert.Nil(t, res.Summary.MissingColumns)

	sum, err := dest.WriteSeq(t.Context(), yields(dynamodest.BadRow(errors.New("torn"))), nil)
	require.ErrorIs(t, err, dynamodest.ErrMapping)
	assert.Nil(t, sum.MissingColumns)
}

func TestMissingColumnsAreNullOrRefused(t *testing.T) {
	t.Parallel()
	fields := []dynamodest.Field{{Column: "id"}, {Column: "age"}, {Column: "name", Required: true}}
	rows := []dynamodest.Row{{"id": "a", "age": 1, "name": "x"}, {"id": "b", "name": nil}, {"id": "c", "age": 3, "Name ": "x"}}
	const lacking = ": the row lacks the column, which the mapping requires"
	type attributes = map[string]types.AttributeValue
	text := func(v string) types.AttributeValue { return &types.AttributeValueMemberS{Value: v} }
	null := &types.AttributeValueMemberNULL{Value: true}
	first := attributes{"id": text("a"), "age": &types.AttributeValueMemberN{Value: "1"}, "name": text("x")}
	tests := map[dynamodest.Missing]struct {
		items []attributes
		texts map[int]string
	}{
		"":                         {[]attributes{first, {"id": text("b"), "name": null}}, map[int]string{2: `column "name"` + lacking + `; the row has "Name "`}},
		dynamodest.MissingNull:     {[]attributes{first, {"id": text("b"), "name": null, "age": null}}, map[int]string{2: `column "name"` + lacking + `; the row has "Name "`}},
		dynamodest.MissingRequired: {[]attributes{first}, map[int]string{1: `column "age"` + lacking, 2: `column "name"` + lacking + `; the row has "Name "`}},
	}
	for missing, tt := range tests {
		t.Run(string(missing), func(t *testing.T) {
			t.Parallel()
			db := dynamodesttest.NewTable(table, "id:S")
			cfg := wireConfig(t, db)
			cfg.Mapping = dynamodest.Mapping{Fields: fields, Missing: missing}
			res, err := newDest(t, cfg).Write(t.Context(), rows)
			require.ErrorIs(t, err, dynamodest.ErrMapping)
			assert.Equal(t, tt.items, db.Items(table))
			for i, r := range res.Rows {
				if text, failed := tt.texts[i]; failed {
					require.ErrorContains(t, r.Err, text)
					require.ErrorIs(t, r.Err, dynamodest.ErrMapping)
				} else {
					require.NoError(t, r.Err)
				}
			}
		})
	}
}

// The name of a column that nearly has the name of the key is in the error.
func TestNearKeyColumn(t *testing.T) {
	t.Parallel()
	for _, mapping := range []dynamodest.Mapping{{}, {Fields: []dynamodest.Field{{Column: "id"}, {Column: "age"}}}} {
		cfg := wireConfig(t, dynamodesttest.NewTable(table, "id:S"))
		cfg.Mapping = mapping
		dest := newDest(t, cfg)
		for near, quoted := range map[string]string{
			"\ufeffid": `"\ufeffid"`, "id\u00a0": `"id\u00a0"`, "ID": `"ID"`, "id\t": `"id\t"`, "\u200bid": `"\u200bid"`,
		} {
			res, err := dest.Write(t.Context(), []dynamodest.Row{{near: "secret", "age": 1}})
			require.ErrorIs(t, err, dynamodest.ErrKey)
			assert.ErrorContains(t, res.Rows[0].Err, `column "id": the row lacks the column that provides the table's partition key "id" (S); the row has `+quoted)
			assert.ErrorContains(t, res.Rows[0].Err, "remedy: rename the column in the source, or set Field.Column to the name that the row has")
			assert.NotContains(t, res.Rows[0].Err.Error(), "secret")
		}
	}
	dest := newDest(t, dynamodest.Config{Table: table, Client: dynamodesttest.NewTable(table, "id:S")})
	_, err := dest.Item(dynamodest.Row{"id": "a", "": 1})
	require.ErrorContains(t, err, "the name of the column is empty; remedy: name the column in the source, or list the columns to write in Mapping.Fields, without this one")

	listed := dynamodest.Mapping{Fields: []dynamodest.Field{{Column: "\ufeffid", Attribute: "id"}}}
	it, err := newDest(t, dynamodest.Config{Table: table, Client: dynamodesttest.NewTable(table, "id:S"), Mapping: listed}).Item(dynamodest.Row{"\ufeffid": "a", "": 1})
	require.NoError(t, err, "the remedies can be followed")
	assert.Equal(t, map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: "a"}}, it)
}
