package dynamodest

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/internal/table"
	"github.com/dynamodest/dynamodest/internal/tabletest"
	"github.com/dynamodest/dynamodest/internal/typemap"
)

func TestMappingCoversTheKeys(t *testing.T) {
	t.Parallel()
	s := table.Parse(tabletest.Described()).Schema
	fields := func(fields ...Field) Mapping { return Mapping{Fields: fields} }
	id, at := Field{Column: "user", Attribute: "id"}, Field{Column: "at"}
	typed := func(f Field, forced Type) Field { f.Type = forced; return f }
	tests := []struct {
		name    string
		mapping Mapping
		want    []string
	}{
		{"every column", Mapping{}, nil},
		{"both keys", fields(id, at), nil},
		{"right types", fields(typed(id, String), typed(at, Number), Field{Column: "blob", Type: Binary}), nil},
		{"JSON text as S", fields(typed(id, JSON), at), nil},
		{"forms of times", fields(typed(id, SortableTime), typed(at, EpochMillis)), nil},
		{"wrong forms of times", fields(typed(id, EpochSeconds), typed(at, SortableTime)), []string{
			`Mapping.Fields[0].Type: EPOCH_SECONDS does not fit the attribute "id", the partition key (S): set it to S, or leave it empty`,
			`Mapping.Fields[1].Type: SORTABLE_TIME does not fit the attribute "at", the sort key (N): set it to N, or leave it empty`,
		}},
		{"no sort key", fields(id), []string{`Mapping.Fields: no field produces the attribute "at", the table's sort key (N): add one`}},
		{"column of the key's name elsewhere", fields(Field{Column: "id", Attribute: "x"}, at), []string{`Mapping.Fields: no field produces the attribute "id", the table's partition key (S): add one`}},
		{"neither key", fields(Field{Column: "x"}), []string{
			`Mapping.Fields: no field produces the attribute "id", the table's partition key (S): add one`,
			`Mapping.Fields: no field produces the attribute "at", the table's sort key (N): add one`,
		}},
		{"wrong types", fields(typed(at, String), typed(id, Map), Field{Column: "email", Type: StringSet}), []string{
			`Mapping.Fields[1].Type: M does not fit the attribute "id", the partition key (S): set it to S, or leave it empty`,
			`Mapping.Fields[0].Type: S does not fit the attribute "at", the sort key (N): set it to N, or leave it empty`,
			`Mapping.Fields[2].Type: SS does not fit the attribute "email", the key of index by_email (S): set it to S, or leave it empty`,
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := tt.mapping.covers(&s)
			configFields(t, err)
			var got []string
			if err != nil {
				for _, e := range err.(interface{ Unwrap() []error }).Unwrap() {
					got = append(got, e.Error())
				}
			}
			assert.Equal(t, tt.want, got)
		})
	}
	assert.NoError(t, fields(Field{Column: "x"}).covers(&table.Schema{}), "keys that are not known")
}

func TestMappingCoversKeysOfUnknownType(t *testing.T) {
	t.Parallel()
	s := table.Parse(&types.TableDescription{KeySchema: tabletest.KeySchema(1, "id", "at"), AttributeDefinitions: tabletest.Definitions("at", "N")}).Schema
	assert.NoError(t, Mapping{Fields: []Field{{Column: "id", Type: Binary}, {Column: "at"}}}.covers(&s))
	assert.Error(t, Mapping{Fields: []Field{{Column: "id", Type: List}, {Column: "at"}}}.covers(&s))
}

// An index may take fewer bytes of a table's key than the table does: the type is checked once.
func TestMappingCoversAnInvertedIndex(t *testing.T) {
	t.Parallel()
	d := tabletest.Described()
	d.KeySchema, d.AttributeDefinitions = tabletest.KeySchema(1, "id", "at"), tabletest.Definitions("id", "S", "at", "S")
	d.GlobalSecondaryIndexes = []types.GlobalSecondaryIndexDescription{{KeySchema: tabletest.KeySchema(1, "at", "id")}}
	s := table.Parse(d).Schema
	err := Mapping{Fields: []Field{{Column: "id", Type: Number}, {Column: "at"}}}.covers(&s)
	assert.Equal(t, []string{"Mapping.Fields[0].Type"}, configFields(t, err))
}

func TestMappingCoversVectorIndexes(t *testing.T) {
	t.Parallel()
	s := table.Parse(tabletest.DescribedVectors()).Schema
	fields := func(types ...Type) Mapping {
		m := Mapping{Fields: []Field{{Column: "id"}, {Column: "e", Attribute: "embedding"}, {Column: "tenant"}, {Column: "year"}}}
		for i, t := range types {
			m.Fields[1+i].Type = t
		}
		return m
	}
	for _, m := range []Mapping{{}, fields(), fields(List, String, Number), {Fields: []Field{{Column: "id"}}}} {
		assert.NoError(t, m.covers(&s), "%v", m)
	}
	for _, wrong := range []Type{String, Number, Binary, Bool, JSON, Map, StringSet, NumberSet, BinarySet} {
		err := fields(wrong).covers(&s)
		require.EqualError(t, err, "Mapping.Fields[1].Type: "+string(wrong)+
			` does not fit the attribute "embedding", the vector of index by_embedding (a list of 3 numbers): set it to L, or leave it empty`)
		assert.Equal(t, []string{"Mapping.Fields[1].Type"}, configFields(t, err))
	}
	err := fields(List, Number, Bool).covers(&s)
	assert.EqualError(t, err, `Mapping.Fields[2].Type: N does not fit the attribute "tenant", the partition key of vector index by_embedding (S): set it to S, or leave it empty`+"\n"+
		`Mapping.Fields[3].Type: BOOL does not fit the attribute "year", the filter of vector index by_embedding (N): set it to N, or leave it empty`)
}

// The root's words for types and policies are converted to typemap's.
func TestMappingCompiles(t *testing.T) {
	t.Parallel()
	fields := []Field{{Column: "a"}, {Column: "b", Attribute: "c", Type: StringSet}}
	assert.Equal(t, typemap.Mapping{
		Fields: []typemap.Field{{Column: "a", Attribute: "a"}, {Column: "b", Attribute: "c", Type: typemap.StringSet}},
		Null:   typemap.OmitNull, EmptyString: typemap.KeepEmpty,
	}, Mapping{Fields: fields, Null: OmitNull, EmptyString: KeepEmpty}.compile())
	assert.Equal(t, typemap.Mapping{Fields: []typemap.Field{{Column: "a", Attribute: "a", Required: true}}, MissingAsNull: true},
		Mapping{Fields: []Field{{Column: "a", Required: true}}, Missing: MissingNull}.compile())
	assert.Equal(t, typemap.Mapping{Fields: []typemap.Field{{Column: "a", Attribute: "a", Required: true}}},
		Mapping{Fields: []Field{{Column: "a"}}, Missing: MissingRequired}.compile())
	for public, inner := range map[Type]typemap.Type{
		Auto: typemap.Auto, String: typemap.String, Number: typemap.Number, Binary: typemap.Binary, Bool: typemap.Bool, JSON: typemap.JSON,
		EpochSeconds: typemap.EpochSeconds, EpochMillis: typemap.EpochMillis, SortableTime: typemap.SortableTime,
		List: typemap.List, Map: typemap.Map, StringSet: typemap.StringSet, NumberSet: typemap.NumberSet, BinarySet: typemap.BinarySet,
	} {
		assert.Equal(t, string(public), string(inner))
	}
	assert.Equal(t, typemap.Mapping{Null: typemap.RefuseNull, EmptyString: typemap.OmitEmpty}, Mapping{Null: RefuseNull, EmptyString: OmitEmpty}.compile())
	assert.Equal(t, typemap.Mapping{Bytes: typemap.TextBytes}, Mapping{Bytes: TextBytes}.compile())
	assert.Equal(t, typemap.Mapping{}, Mapping{Bytes: BinaryBytes}.compile())
	assert.Equal(t, typemap.Mapping{Null: typemap.WriteNull, EmptyString: typemap.EmptyAsNull}, Config{}.withDefaults().Mapping.compile())
}
