package dynamodest_test

import (
	"database/sql"
	"encoding/json"
	"math"
	"math/big"
	"net/netip"
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

// TestItemTypes is the README's table of Go values, row by row.
func TestItemTypes(t *testing.T) {
	t.Parallel()
	type name string
	day := time.Date(2026, 3, 4, 5, 6, 7, 80, time.UTC)
	seven := 7
	for row, cases := range map[string][]struct {
		v    any
		want types.AttributeValue // nil: ErrMapping
	}{
		"string and named strings": {{"héllo", itemtest.S("héllo")}, {name("x"), itemtest.S("x")}, {"", itemtest.Null()}, {"\xff", nil}},
		"numbers": {
			{-7, itemtest.N("-7")}, {uint8(255), itemtest.N("255")}, {uint64(math.MaxUint64), itemtest.N("18446744073709551615")}, {0.1, itemtest.N("0.1")}, {float32(0.1), itemtest.N("0.1")},
			{json.Number("1.50"), itemtest.N("1.5")}, {big.NewInt(9), itemtest.N("9")}, {big.NewFloat(0.5), itemtest.N("0.5")}, {math.NaN(), nil}, {math.Inf(1), nil}, {json.Number("1e126"), nil},
		},
		"bool": {{true, itemtest.Bool(true)}},
		"nil":  {{nil, itemtest.Null()}, {(*int)(nil), itemtest.Null()}, {map[string]any(nil), itemtest.Null()}, {[]int(nil), itemtest.Null()}, {sql.NullString{}, itemtest.Null()}},
		"containers": {
			{map[string]any{"b": 1, "a": "<"}, itemtest.S(`{"a":"<","b":1}`)}, {[]any{json.Number("1.10"), nil}, itemtest.S(`[1.10,null]`)},
			{[2]int{1, 2}, itemtest.S(`[1,2]`)}, {struct{ A int }{1}, itemtest.S(`{"A":1}`)}, {json.RawMessage(`{ "a" : 1 }`), itemtest.S(`{"a":1}`)},
		},
		"time.Time":            {{day, itemtest.S("2026-03-04T05:06:07.00000008Z")}},
		"[]byte":               {{[]byte{0, 255}, itemtest.B(0, 255)}},
		"methods":              {{sql.NullInt64{Int64: 5, Valid: true}, itemtest.N("5")}, {netip.MustParseAddr("10.0.0.1"), itemtest.S("10.0.0.1")}},
		"pointers":             {{&seven, itemtest.N("7")}},
		"types.AttributeValue": {{itemtest.L(itemtest.N("01"), itemtest.S("")), itemtest.L(itemtest.N("1"), itemtest.S(""))}, {itemtest.N("x"), nil}},
		"other types":          {{make(chan int), nil}, {func() {}, nil}, {complex(1, 2), nil}},
	} {
		t.Run(row, func(t *testing.T) {
			t.Parallel()
			for _, tt := range cases {
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
}

// TestItemForcedTypes is the README's table of types that a field forces.
func TestItemForcedTypes(t *testing.T) {
	t.Parallel()
	day := time.Unix(1_700_000_000, 500_000_000)
	for forced, cases := range map[dynamodest.Type][]struct {
		v    any
		want types.AttributeValue // nil: ErrMapping
	}{
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
	} {
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
