package dynamodest_test

import (
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"maps"
	"math"
	"math/big"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
	"github.com/dynamodest/dynamodest/internal/itemtest"
)

// itemOf returns what the column v becomes by m, and nil if it becomes no attribute.
func itemOf(t *testing.T, m dynamodest.Mapping, v any) (types.AttributeValue, error) {
	t.Helper()
	if len(m.Fields) > 0 {
		m.Fields = append(m.Fields, dynamodest.Field{Column: "id"})
	}
	dest := newDest(t, dynamodest.Config{Table: table, Client: dynamodesttest.NewTable(table, "id:S"), Mapping: m})
	item, err := dest.Item(dynamodest.Row{"id": "k", "v": v})
	return item["v"], err
}

// typeRow is a row of the tables of Go values, in the README and in the package documentation.
type typeRow struct {
	readme, doc string // its first cell
	cases       []typeCase
}

type typeCase struct {
	v    any
	want types.AttributeValue // nil: ErrMapping
}

// Types that say by a method what they mean.
type (
	named      string
	asN        struct{}
	narrowed   struct{ X uint64 }
	marshaling string
)

func (asN) MarshalDynamoDBAttributeValue() (types.AttributeValue, error) { return itemtest.N("5"), nil }
func (x narrowed) Value() (driver.Value, error)                          { return int64(x.X), nil } //nolint:gosec // the fault under test
func (m marshaling) MarshalJSON() ([]byte, error)                        { return []byte(m), nil }

// typeRows are the rows in the order of the tables.
func typeRows() []typeRow {
	day := time.Date(2026, 3, 4, 5, 6, 7, 80, time.UTC)
	seven := 7
	return []typeRow{
		{"`string` and named strings", "string and named strings", []typeCase{{"héllo", itemtest.S("héllo")}, {named("x"), itemtest.S("x")}, {"", itemtest.Null()}, {"\xff", nil}}},
		{"integers, floats, `json.Number`, `*big.Int`, `*big.Float`, `*big.Rat`", "int and uint kinds, floats, json.Number, *big.Int, *big.Float, *big.Rat", []typeCase{
			{-7, itemtest.N("-7")}, {uint8(255), itemtest.N("255")}, {uint64(math.MaxUint64), itemtest.N("18446744073709551615")}, {0.1, itemtest.N("0.1")}, {float32(0.1), itemtest.N("0.1")},
			{json.Number("1.50"), itemtest.N("1.5")}, {big.NewInt(9), itemtest.N("9")}, {big.NewFloat(0.5), itemtest.N("0.5")}, {math.NaN(), nil}, {math.Inf(1), nil}, {json.Number("1e126"), nil},
			{big.NewRat(19, 2), itemtest.N("9.5")}, {big.NewRat(1, 3), nil},
		}},
		{"`bool`", "bool", []typeCase{{true, itemtest.Bool(true)}}},
		{"`nil`; nil pointers, maps and slices; a method that returns nil", "nil, nil pointers, maps and slices", []typeCase{
			{nil, itemtest.Null()}, {(*int)(nil), itemtest.Null()}, {map[string]any(nil), itemtest.Null()}, {[]int(nil), itemtest.Null()}, {sql.NullString{}, itemtest.Null()},
		}},
		{"`[]byte` and arrays of bytes, such as the `[16]byte` of a UUID", "[]byte, arrays of bytes", []typeCase{{[]byte{0, 255}, itemtest.B(0, 255)}, {[2]byte{1, 2}, itemtest.B(1, 2)}}},
		{"`time.Time`", "time.Time", []typeCase{{day, itemtest.S("2026-03-04T05:06:07.00000008Z")}}},
		{"maps, slices, arrays, structs, `json.RawMessage`", "maps, slices, arrays, structs, json.RawMessage", []typeCase{
			{map[string]any{"b": 1, "a": "<"}, itemtest.S(`{"a":"<","b":1}`)}, {[]any{json.Number("1.10"), nil}, itemtest.S(`[1.10,null]`)},
			{[2]int{1, 2}, itemtest.S(`[1,2]`)}, {struct{ A int }{1}, itemtest.S(`{"A":1}`)}, {json.RawMessage(`{ "a" : 1 }`), itemtest.S(`{"a":1}`)},
		}},
		{"`types.AttributeValue`", "types.AttributeValue", []typeCase{{itemtest.L(itemtest.N("01"), itemtest.S("")), itemtest.L(itemtest.N("1"), itemtest.S(""))}, {itemtest.N("x"), nil}}},
		{"a type with `MarshalDynamoDBAttributeValue`, such as `attributevalue.UnixTime`", "MarshalDynamoDBAttributeValue", []typeCase{{asN{}, itemtest.N("5")}}},
		{"`driver.Valuer` (`sql.Null…`, `pgtype`, …)", "driver.Valuer", []typeCase{{sql.NullInt64{Int64: 5, Valid: true}, itemtest.N("5")}, {narrowed{math.MaxUint64}, itemtest.N("18446744073709551615")}}},
		{"`encoding.TextMarshaler` (UUIDs, addresses, …)", "encoding.TextMarshaler", []typeCase{{netip.MustParseAddr("10.0.0.1"), itemtest.S("10.0.0.1")}}},
		{"`json.Marshaler`", "json.Marshaler", []typeCase{
			{marshaling(`"x"`), itemtest.S("x")}, {marshaling("1.50"), itemtest.N("1.5")}, {marshaling("true"), itemtest.Bool(true)}, {marshaling("null"), itemtest.Null()},
			{marshaling(`{"b":1, "a":2}`), itemtest.S(`{"a":2,"b":1}`)}, {marshaling("{"), nil},
		}},
		{"pointers", "pointers", []typeCase{{&seven, itemtest.N("7")}}},
	}
}

// TestItemTypes holds the tables of Go values, in the README and in the package documentation, row by
// row. Other tests hold their last rows: vectors and missing columns.
func TestItemTypes(t *testing.T) {
	t.Parallel()
	var readme, doc []string
	for _, row := range typeRows() {
		readme, doc = append(readme, row.readme), append(doc, row.doc)
		t.Run(row.doc, func(t *testing.T) {
			t.Parallel()
			for _, tt := range row.cases {
				got, err := itemOf(t, dynamodest.Mapping{}, tt.v)
				if tt.want == nil {
					require.ErrorIs(t, err, dynamodest.ErrMapping, "%T", tt.v)
					continue
				}
				require.NoError(t, err, "%T", tt.v)
				assert.Equal(t, tt.want, got, "%T", tt.v)
			}
		})
	}
	assert.Equal(t, append(readme, "slices and arrays for the attribute of a [vector index](#field-mapping)"), readmeTable(t, "| Go value | attribute |"))
	assert.Equal(t, append(doc, "a column of Mapping.Fields that the row does not have"), docTable(t))

	for _, v := range []any{make(chan int), func() {}, complex(1, 2), struct{ hidden int }{1}} {
		_, err := itemOf(t, dynamodest.Mapping{}, v)
		require.ErrorIs(t, err, dynamodest.ErrMapping, "%T", v)
	}
}

// readmeTable returns the first cells of the README's table with the given heading.
func readmeTable(t *testing.T, heading string) (cells []string) {
	t.Helper()
	_, after, found := strings.Cut(read(t, "README.md"), "\n"+heading+"\n|---|---|\n")
	require.True(t, found, heading)
	for line := range strings.Lines(after) {
		if !strings.HasPrefix(line, "| ") {
			return cells
		}
		cells = append(cells, strings.TrimSpace(strings.Split(line, " | ")[0][2:]))
	}
	return cells
}

// docTable returns the left cells of the table of Go values in the package documentation. A cell goes on
// in the next line if its line has no right cell.
func docTable(t *testing.T) (cells []string) {
	t.Helper()
	_, after, found := strings.Cut(read(t, "doc.go"), "forces a type:\n//\n")
	require.True(t, found)
	cell := ""
	for line := range strings.Lines(after) {
		line, isRow := strings.CutPrefix(strings.TrimRight(line, "\n"), "//\t")
		if !isRow {
			return cells
		}
		left, right := line, ""
		if len(line) > 45 {
			left, right = line[:45], line[45:]
		}
		cell = strings.TrimSpace(cell + " " + strings.TrimSpace(left))
		if right != "" && cell != "" {
			cells = append(cells, cell)
			cell = ""
		}
	}
	return cells
}

// TestItemForcedTypes is the README's table of types that a field forces.
func TestItemForcedTypes(t *testing.T) {
	t.Parallel()
	day := time.Unix(1_700_000_000, 500_000_000)
	table := map[dynamodest.Type][]typeCase{
		dynamodest.String:    {{5, itemtest.S("5")}, {[]byte("é"), itemtest.S("é")}, {true, itemtest.S("true")}, {[]byte{0xff}, nil}, {[]int{1}, nil}},
		dynamodest.Number:    {{"1.50", itemtest.N("1.5")}, {[]byte("2"), itemtest.N("2")}, {day, itemtest.N("1700000000.5")}, {"1,5", nil}, {true, nil}},
		dynamodest.Binary:    {{[]byte{1}, itemtest.B(1)}, {"AQ==", itemtest.B(1)}, {"?", nil}},
		dynamodest.Bool:      {{true, itemtest.Bool(true)}, {"false", itemtest.Bool(false)}, {1, itemtest.Bool(true)}, {0, itemtest.Bool(false)}, {2, nil}, {"yes", nil}},
		dynamodest.JSON:      {{"x", itemtest.S(`"x"`)}, {5, itemtest.S("5")}, {map[string]int{"a": 1}, itemtest.S(`{"a":1}`)}},
		dynamodest.List:      {{[]int{1}, itemtest.L(itemtest.N("1"))}, {`["a"]`, itemtest.L(itemtest.S("a"))}, {`{}`, nil}},
		dynamodest.Map:       {{map[string]int{"a": 1}, itemtest.M(map[string]types.AttributeValue{"a": itemtest.N("1")})}, {`{"a":true}`, itemtest.M(map[string]types.AttributeValue{"a": itemtest.Bool(true)})}, {`[]`, nil}},
		dynamodest.StringSet: {{[]string{"a", "b", "a"}, itemtest.SS("a", "b")}, {`["a"]`, itemtest.SS("a")}, {[]string{}, itemtest.Null()}, {1, nil}},
		dynamodest.NumberSet: {{[]int{1, 2}, itemtest.NS("1", "2")}, {`[1,1.0]`, itemtest.NS("1")}, {[]string{"x"}, nil}},
		dynamodest.BinarySet: {{[][]byte{{1}}, itemtest.BS([]byte{1})}, {[]bool{true}, nil}},

		dynamodest.EpochSeconds: {{day, itemtest.N("1700000000")}, {"2023-11-14T22:13:20.5Z", itemtest.N("1700000000")}, {1_700_000_000, nil}},
		dynamodest.EpochMillis:  {{day, itemtest.N("1700000000500")}, {"yesterday", nil}},
		dynamodest.SortableTime: {{day, itemtest.S("2023-11-14T22:13:20.500000000Z")}, {"2023-11-14T23:13:20+01:00", itemtest.S("2023-11-14T22:13:20.000000000Z")}},
	}
	var inReadme []dynamodest.Type
	for _, cell := range readmeTable(t, "| `Type` | is made from |") {
		for name := range strings.SplitSeq(cell, ", ") {
			inReadme = append(inReadme, dynamodest.Type(strings.Trim(name, "`")))
		}
	}
	assert.ElementsMatch(t, slices.Collect(maps.Keys(table)), inReadme)
	for forced, cases := range table {
		t.Run(string(forced), func(t *testing.T) {
			t.Parallel()
			m := dynamodest.Mapping{Fields: []dynamodest.Field{{Column: "v", Type: forced}}}
			for _, tt := range cases {
				got, err := itemOf(t, m, tt.v)
				if tt.want == nil {
					require.ErrorIs(t, err, dynamodest.ErrMapping, "%T", tt.v)
					var rowErr *dynamodest.RowError
					require.ErrorAs(t, err, &rowErr)
					assert.Equal(t, "v", rowErr.Column)
					continue
				}
				require.NoError(t, err, "%T", tt.v)
				assert.Equal(t, tt.want, got, "%T", tt.v)
			}
		})
	}
}
