package parquetfile

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/format"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
	"github.com/dynamodest/dynamodest/source"
)

// scalars has a column of every type of scalar, with one value and a null.
var scalars = []struct {
	column string
	node   parquet.Node
	value  any
	want   any
	stored types.AttributeValue
}{
	{"bool", parquet.Leaf(parquet.BooleanType), true, true, &types.AttributeValueMemberBOOL{Value: true}},
	{"int8", parquet.Int(8), int32(-128), int64(-128), number("-128")},
	{"int32", parquet.Leaf(parquet.Int32Type), int32(math.MinInt32), int64(math.MinInt32), number("-2147483648")},
	{"int64", parquet.Int(64), int64(math.MinInt64), int64(math.MinInt64), number("-9223372036854775808")},
	{"uint8", parquet.Uint(8), uint32(255), uint64(255), number("255")},
	{"uint32", parquet.Uint(32), uint32(math.MaxUint32), uint64(math.MaxUint32), number("4294967295")},
	{"uint64", parquet.Uint(64), uint64(math.MaxUint64), uint64(math.MaxUint64), number("18446744073709551615")},
	{"float", parquet.Leaf(parquet.FloatType), float32(0.1), float32(0.1), number("0.1")},
	{"double", parquet.Leaf(parquet.DoubleType), 0.1, 0.1, number("0.1")},
	{"half", annotated(parquet.FixedLenByteArrayType(2), &format.Float16Type{}), []byte{0x00, 0xc1}, float32(-2.5), number("-2.5")},
	{"half_small", annotated(parquet.FixedLenByteArrayType(2), &format.Float16Type{}), []byte{0x01, 0x00}, float32(math.Ldexp(1, -24)), number("0.000000059604645")},
	{"dec32", parquet.Decimal(2, 9, parquet.Int32Type), int32(-5), json.Number("-0.05"), number("-0.05")},
	{"dec64", parquet.Decimal(3, 18, parquet.Int64Type), int64(123456789012345678), json.Number("123456789012345.678"), number("123456789012345.678")},
	{"dec_whole", parquet.Decimal(0, 9, parquet.Int32Type), int32(42), json.Number("42"), number("42")},
	{"dec_fixed", parquet.Decimal(10, 38, parquet.FixedLenByteArrayType(16)), bytes.Repeat([]byte{0xff}, 16), json.Number("-0.0000000001"), number("-0.0000000001")},
	{"dec_bytes", parquet.Decimal(2, 38, parquet.ByteArrayType), []byte{0x0c, 0x9f, 0x2c, 0x9c, 0xd0, 0x46, 0x74, 0xed, 0xea, 0x40, 0, 0, 0}, json.Number("10000000000000000000000000000.00"), number("10000000000000000000000000000")},
	{"text", parquet.String(), "Zoë", "Zoë", text("Zoë")},
	{"enum", parquet.Enum(), "RED", "RED", text("RED")},
	{"json", parquet.JSON(), `{"b":1.10,"a":[]}`, json.RawMessage(`{"b":1.10,"a":[]}`), text(`{"a":[],"b":1.10}`)},
	{"uuid", parquet.UUID(), []byte("\x12\x3e\x45\x67\xe8\x9b\x12\xd3\xa4\x56\x42\x66\x14\x17\x40\x00"), "123e4567-e89b-12d3-a456-426614174000", text("123e4567-e89b-12d3-a456-426614174000")},
	{"bytes", parquet.Leaf(parquet.ByteArrayType), []byte{0, 0xff}, []byte{0, 0xff}, &types.AttributeValueMemberB{Value: []byte{0, 0xff}}},
	{"fixed", parquet.Leaf(parquet.FixedLenByteArrayType(3)), []byte("abc"), []byte("abc"), &types.AttributeValueMemberB{Value: []byte("abc")}},
	{"bson", parquet.BSON(), []byte{5, 0, 0, 0, 0}, []byte{5, 0, 0, 0, 0}, &types.AttributeValueMemberB{Value: []byte{5, 0, 0, 0, 0}}},
	{"date", parquet.Date(), int32(-1), "1969-12-31", text("1969-12-31")},
	{"time_ms", parquet.Time(parquet.Millisecond), int32(3_600_500), "01:00:00.5", text("01:00:00.5")},
	{"time_us", parquet.Time(parquet.Microsecond), int64(86_399_999_999), "23:59:59.999999", text("23:59:59.999999")},
	{"time_ns", parquet.TimeAdjusted(parquet.Nanosecond, false), int64(1), "00:00:00.000000001", text("00:00:00.000000001")},
	{"ts_ms", parquet.Timestamp(parquet.Millisecond), int64(-1), time.Unix(0, -1e6).UTC(), text("1969-12-31T23:59:59.999Z")},
	{"ts_us", parquet.Timestamp(parquet.Microsecond), int64(1_700_000_000_000_001), time.Unix(1_700_000_000, 1000).UTC(), text("2023-11-14T22:13:20.000001Z")},
	{"ts_ns", parquet.Timestamp(parquet.Nanosecond), int64(1_700_000_000_000_000_001), time.Unix(1_700_000_000, 1).UTC(), text("2023-11-14T22:13:20.000000001Z")},
	{"ts_local", parquet.TimestampAdjusted(parquet.Millisecond, false), int64(1_700_000_000_250), "2023-11-14T22:13:20.25", text("2023-11-14T22:13:20.25")},
	{"int96", parquet.Leaf(parquet.Int96Type), int96(2440589, 1500), time.Unix(86400, 1500).UTC(), text("1970-01-02T00:00:00.0000015Z")},
}

func number(n string) types.AttributeValue { return &types.AttributeValueMemberN{Value: n} }
func text(s string) types.AttributeValue   { return &types.AttributeValueMemberS{Value: s} }

func int96(day uint32, nanos uint64) deprecated.Int96 {
	return deprecated.Int96{uint32(nanos), uint32(nanos >> 32), day}
}

func TestEveryScalarIsReadAndStoredExactly(t *testing.T) {
	t.Parallel()
	columns := parquet.Group{"id": parquet.String()}
	values := map[string][]any{"id": {"value", "null"}}
	want := dynamodest.Row{"id": "value"}
	stored := map[string]types.AttributeValue{"id": text("value")}
	for _, s := range scalars {
		columns[s.column] = parquet.Optional(s.node)
		values[s.column] = []any{s.value, nil}
		want[s.column], stored[s.column] = s.want, s.stored
	}
	for _, version := range []int{1, 2} {
		f := open(t, flatFile(t, columns, values, parquet.DataPageVersion(version), parquet.Compression(&parquet.Snappy)))
		assert.Len(t, f.Columns(), len(columns))

		db := dynamodesttest.NewTable("rows", "id:S")
		dest, err := dynamodest.New(t.Context(), dynamodest.Config{Table: "rows", Client: db})
		require.NoError(t, err)
		var rows []dynamodest.Row
		summary, err := dest.WriteSeq(t.Context(), func(yield func(dynamodest.Row, error) bool) {
			for row, err := range f.Rows() {
				rows = append(rows, row)
				if !yield(row, err) {
					return
				}
			}
		}, nil)
		require.NoError(t, err)
		assert.Equal(t, 2, summary.Written)
		require.Len(t, rows, 2)
		assert.Equal(t, want, rows[0])
		for _, s := range scalars {
			assert.Nil(t, rows[1][s.column], s.column)
		}
		assert.Equal(t, stored, db.Item("rows", "value"))
	}
}

// nested has what rows may consist of in addition to scalars.
type nested struct {
	ID      string
	Tags    []string `parquet:",list"`
	Plain   []int32
	Matrix  [][]int64        `parquet:",list"`
	ByName  map[string]int64 `parquet:",optional"`
	ByCode  map[int32]string
	ByScore map[float64]string
	Where   *place `parquet:",optional"`
	Stops   []place
}

type place struct {
	City  string  `parquet:"city"`
	Note  *string `parquet:"note,optional"`
	Codes []int64 `parquet:"codes,list"`
}

func TestNestedValuesArePutTogether(t *testing.T) {
	t.Parallel()
	note := "by the sea"
	f := open(t, structFile(t, []nested{
		{
			ID: "full", Tags: []string{"a", "b"}, Plain: []int32{1, 2, 3}, Matrix: [][]int64{{1, 2}, {}, {3}},
			ByName: map[string]int64{"x": 1, "y": 2}, ByCode: map[int32]string{-7: "seven"}, ByScore: map[float64]string{0.5: "half"},
			Where: &place{City: "Oslo", Note: &note, Codes: []int64{9}},
			Stops: []place{{City: "A"}, {City: "B", Note: &note, Codes: []int64{1, 2}}},
		},
		{ID: "empty"},
		{ID: "last", Tags: []string{"c"}, Stops: []place{{City: "C", Codes: []int64{3}}}},
	}))
	assert.Equal(t, []string{"ID", "Tags", "Plain", "Matrix", "ByName", "ByCode", "ByScore", "Where", "Stops"}, f.Columns())
	rows, errs := read(f)
	require.Empty(t, errs)
	require.Len(t, rows, 3)
	assert.Equal(t, dynamodest.Row{
		"ID": "full", "Tags": []any{"a", "b"}, "Plain": []any{int64(1), int64(2), int64(3)},
		"Matrix": []any{[]any{int64(1), int64(2)}, []any{}, []any{int64(3)}},
		"ByName": map[string]any{"x": int64(1), "y": int64(2)}, "ByCode": map[string]any{"-7": "seven"},
		"ByScore": []any{map[string]any{"key": 0.5, "value": "half"}},
		"Where":   map[string]any{"city": "Oslo", "note": note, "codes": []any{int64(9)}},
		"Stops": []any{
			map[string]any{"city": "A", "note": nil, "codes": []any{}},
			map[string]any{"city": "B", "note": note, "codes": []any{int64(1), int64(2)}},
		},
	}, rows[0])
	assert.Equal(t, dynamodest.Row{
		"ID": "empty", "Tags": []any{}, "Plain": []any{}, "Matrix": []any{}, "ByName": nil, "ByCode": map[string]any{},
		"ByScore": []any{}, "Where": nil, "Stops": []any{},
	}, rows[1])
	assert.Equal(t, []any{"c"}, rows[2]["Tags"])
	assert.Equal(t, []any{map[string]any{"city": "C", "note": nil, "codes": []any{int64(3)}}}, rows[2]["Stops"])
}

func TestOldFormsOfListsAndMaps(t *testing.T) {
	t.Parallel()
	element := format.SchemaElement{Name: "element"}
	element.Type.V, element.Type.Valid = format.Int64, true
	for _, c := range []struct {
		name   string
		fields int
		want   bool // the repeated group is the element itself
	}{
		{"list", 1, false}, {"bag", 1, false}, {"array", 1, true}, {"mine_tuple", 1, true}, {"list", 2, true},
	} {
		outer, repeated := format.SchemaElement{Name: "mine"}, format.SchemaElement{Name: c.name}
		outer.NumChildren.V, outer.NumChildren.Valid = 1, true
		outer.ConvertedType.V, outer.ConvertedType.Valid = deprecated.List, true
		repeated.NumChildren.V, repeated.NumChildren.Valid = int32(c.fields), true
		repeated.RepetitionType.V, repeated.RepetitionType.Valid = format.Repeated, true
		elements := []format.SchemaElement{{Name: "root"}, outer, repeated, element}
		if c.fields == 2 {
			second := element
			second.Name = "second"
			elements = append(elements, second)
		}
		elements[0].NumChildren.V, elements[0].NumChildren.Valid = 1, true
		root, err := schemaOf(&format.FileMetaData{Schema: elements}, nil)
		require.NoError(t, err)
		mine := root.children[0]
		assert.Equal(t, list, mine.form)
		assert.Equal(t, c.want, mine.element == mine.children[0], c.name)
	}
}

func TestLocalTimestampsTakeTheZoneThatIsGiven(t *testing.T) {
	t.Parallel()
	file := flatFile(t, parquet.Group{"at": parquet.TimestampAdjusted(parquet.Microsecond, false)}, map[string][]any{"at": {int64(1_700_000_000_000_000)}})
	zone := time.FixedZone("", 3600)
	f, err := Open(bytes.NewReader(file), int64(len(file)), zone)
	require.NoError(t, err)
	rows, errs := read(f)
	require.Empty(t, errs)
	assert.Equal(t, time.Date(2023, 11, 14, 22, 13, 20, 0, zone), rows[0]["at"])
}

func TestAValueOutOfRangeIsABadRow(t *testing.T) {
	t.Parallel()
	f := open(t, flatFile(t, parquet.Group{"at": parquet.Time(parquet.Millisecond), "on": parquet.Date()}, map[string][]any{
		"at": {int32(0), int32(86_400_000), int32(1), int32(2)}, "on": {int32(0), int32(0), int32(math.MaxInt32), int32(1)},
	}))
	rows, errs := read(f)
	assert.Len(t, rows, 2)
	require.Len(t, errs, 2)
	for i, want := range []source.LineError{
		{Line: 2, Problem: `column "at" has a time of day outside 0 to 24 hours`},
		{Line: 3, Problem: `column "on" has a time whose year is outside 0 to 9999`},
	} {
		var bad *source.LineError
		require.ErrorAs(t, errs[i], &bad)
		assert.Equal(t, want, *bad)
	}
}

func TestTypesThatAreNotReadAreRefusedBeforeTheFirstRow(t *testing.T) {
	t.Parallel()
	file := flatFile(t, parquet.Group{
		"id": parquet.String(), "every": parquet.IntervalNode(), "odd": annotated(parquet.Int64Type, &format.UUIDType{}),
	}, nil)
	_, err := Open(bytes.NewReader(file), int64(len(file)), nil)
	assert.ErrorContains(t, err, `column "every" has the type INTERVAL or an unknown one on FIXED_LEN_BYTE_ARRAY, which is not read`)
	assert.ErrorContains(t, err, `column "odd" has the type UUID on INT64, which is not read`)

	file = flatFile(t, parquet.Group{"v": parquet.Variant()}, nil)
	_, err = Open(bytes.NewReader(file), int64(len(file)), nil)
	assert.ErrorContains(t, err, `column "v" has the type VARIANT, which is not read`)
}

func TestFilesThatAreNotWhole(t *testing.T) {
	t.Parallel()
	whole := manyRows(t, 100)
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"empty":               {nil, "the file is empty"},
		"too short":           {[]byte("PA"), "this is no Parquet file"},
		"text":                {[]byte("id,name\n1,x\n2,y\n"), "this is no Parquet file"},
		"head alone":          {[]byte("PAR1"), "cut short"},
		"cut by a byte":       {whole[:len(whole)-1], "cut short"},
		"cut in half":         {whole[:len(whole)/2], "cut short"},
		"footer longer":       {append(append([]byte("PAR1"), binary.LittleEndian.AppendUint32(nil, 1<<31)...), "PAR1"...), "cut short"},
		"encrypted":           {append([]byte("PARE"), whole[4:]...), "encrypted"},
		"footer of nonsense":  {append(append([]byte("PAR1"), strings.Repeat("x", 20)...), "\x14\x00\x00\x00PAR1"...), "the footer of the Parquet file is damaged"},
		"footer of no length": {append([]byte("PAR1"), "\x00\x00\x00\x00PAR1"...), "the footer of the Parquet file is damaged"},
	} {
		_, err := Open(bytes.NewReader(c.file), int64(len(c.file)), nil)
		assert.ErrorContains(t, err, c.want, name)
	}
}

// manyRow is a row of manyRows.
type manyRow struct {
	ID    int64
	Note  string
	Parts []int32
}

// manyRows returns a file of n rows with small pages, in two row groups.
func manyRows(t *testing.T, n int) []byte {
	t.Helper()
	rows := make([]manyRow, n)
	for i := range rows {
		rows[i] = manyRow{ID: int64(i), Note: strings.Repeat("n", i%50), Parts: make([]int32, i%4)}
	}
	return structFile(t, rows, parquet.PageBufferSize(512), parquet.MaxRowsPerRowGroup(int64(n/2)))
}

func TestADamagedPageEndsTheRowsAfterThoseBefore(t *testing.T) {
	t.Parallel()
	file := manyRows(t, 2000)
	whole, errs := read(open(t, file))
	require.Empty(t, errs)
	require.Len(t, whole, 2000)
	meta := open(t, file).file.Metadata()
	chunk := meta.RowGroups[1].Columns[1].MetaData
	file[chunk.DataPageOffset+chunk.TotalCompressedSize/2] ^= 0xff // in the middle of the notes of the second group

	rows, errs := read(open(t, file))
	require.Len(t, errs, 1)
	assert.ErrorContains(t, errs[0], "the Parquet file is damaged in row group 2 of 2, after row ")
	assert.Greater(t, len(rows), 1000)
	assert.Less(t, len(rows), 2000)
	assert.Equal(t, whole[:len(rows)], rows)
}

func TestMissingRowsAreAnError(t *testing.T) {
	t.Parallel()
	file := manyRows(t, 2000)
	f := open(t, file)
	f.file.Metadata().RowGroups[0].Columns[0].MetaData.TotalCompressedSize /= 2 // so that its pages end early
	rows, errs := read(f)
	require.Len(t, errs, 1)
	assert.NotEmpty(t, rows)
	assert.Less(t, len(rows), 1000)
}

// counted counts the bytes that are read.
type counted struct {
	io.ReaderAt
	bytes int
}

func (c *counted) ReadAt(p []byte, offset int64) (int, error) {
	n, err := c.ReaderAt.ReadAt(p, offset)
	c.bytes += n
	return n, err
}

func TestAFileIsReadPageByPage(t *testing.T) {
	t.Parallel()
	rows := make([]manyRow, 20_000)
	for i := range rows {
		rows[i] = manyRow{ID: int64(i) * 7919 % 100_003, Note: strings.Repeat("n", i%50), Parts: []int32{int32(i)}}
	}
	file := structFile(t, rows, parquet.PageBufferSize(4096))
	source := &counted{ReaderAt: bytes.NewReader(file)}
	f, err := Open(source, int64(len(file)), nil)
	require.NoError(t, err)
	for _, err := range f.Rows() {
		require.NoError(t, err)
		break
	}
	assert.Less(t, source.bytes, len(file)/4)
}

// FuzzDamage changes bytes of a whole file: reading it never panics, and gives rows or an error.
func FuzzDamage(f *testing.F) {
	columns := parquet.Group{}
	values := map[string][]any{}
	for _, s := range scalars {
		columns[s.column] = parquet.Optional(s.node)
		values[s.column] = []any{s.value, nil, s.value}
	}
	t := &testing.T{}
	flat, deep := flatFile(t, columns, values), structFile(t, []nested{{ID: "a", Tags: []string{"x", "y"}, Stops: []place{{City: "c"}}}, {ID: "b"}})
	f.Add(true, uint32(100), byte(1), uint32(2000), byte(255))
	f.Add(false, uint32(50), byte(128), uint32(900), byte(7))
	f.Fuzz(func(t *testing.T, isFlat bool, at uint32, change byte, at2 uint32, change2 byte) {
		file := bytes.Clone(deep)
		if isFlat {
			file = bytes.Clone(flat)
		}
		file[int(at)%len(file)] ^= change
		file[int(at2)%len(file)] ^= change2
		opened, err := Open(bytes.NewReader(file), int64(len(file)), nil)
		if err != nil {
			return
		}
		rows, errs := read(opened)
		want, bad := int64(0), 0
		for _, g := range opened.file.RowGroups() {
			want += g.NumRows()
		}
		for _, err := range errs {
			if errors.As(err, new(*source.LineError)) {
				bad++
			}
		}
		if bad == len(errs) {
			assert.EqualValues(t, want, len(rows)+bad, "rows are missing without an error")
		}
	})
}
