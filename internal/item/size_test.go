package item

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/internal/itemtest"
)

// The figures are those measured on DynamoDB.
func TestSizeOfValues(t *testing.T) {
	t.Parallel()
	for number, want := range map[string]int{
		"0": 1, "1": 2, "12": 2, "123": 3, "1234": 3, strings.Repeat("7", 38): 20, "0042": 2,
		"100": 2, "1010": 3, "0.0000001": 2, "1E125": 2, "1E-100": 2, "1.5": 3, "15": 2,
		"1.200": 3, "1.234": 4, "3.14159": 5, "123456": 4, "100.5": 4, "0.15": 2, "-42": 3,
		"-0": 1, "-1": 3, "-123456": 5, "1700000000": 2,
	} {
		it := newItem(t, itemtest.Map{"name": itemtest.N(number)})
		assert.Equal(t, len("name")+want, it.Size, number)
	}
	tests := []struct {
		name string
		v    types.AttributeValue
		want int
	}{
		{"BOOL", itemtest.Bool(true), 1},
		{"NULL", itemtest.Null(), 1},
		{"S ''", itemtest.S(""), 0},
		{"S é", itemtest.S("é"), 2},
		{"B 3 bytes", itemtest.B(1, 2, 3), 3},
		{"L []", itemtest.L(), 3},
		{"L [BOOL]", itemtest.L(itemtest.Bool(true)), 5},
		{"L [S a, S bc]", itemtest.L(itemtest.S("a"), itemtest.S("bc")), 8},
		{"M {}", itemtest.M(nil), 3},
		{"M {k: BOOL}", itemtest.M(itemtest.Map{"k": itemtest.Bool(true)}), 6},
		{"SS [a, bc]", itemtest.SS("a", "bc"), 3},
		{"NS [1, 12]", itemtest.NS("1", "12"), 4},
		{"BS", itemtest.BS([]byte{1}, []byte{2, 3}), 3},
	}
	for _, tt := range tests {
		it := newItem(t, itemtest.Map{"name": tt.v})
		assert.Equal(t, len("name")+tt.want, it.Size, tt.name)
	}
}

func TestUnits(t *testing.T) {
	t.Parallel()
	for size, want := range map[int]int{0: 1, 1: 1, 1024: 1, 1025: 2, 2048: 2, MaxSize: 400} {
		it := Item{Size: size}
		assert.Equal(t, want, it.Units(), size)
	}
}

func TestMeasureRejects(t *testing.T) {
	t.Parallel()
	for name, a := range map[string]Attr{
		"bad text":        {Kind: S, Text: "x\xff"},
		"bad member":      {Kind: SS, Elems: []Attr{{Kind: S, Text: "x\xff"}}},
		"bad text inside": {Kind: L, Elems: []Attr{{Kind: S, Text: "x\xff"}}},
		"bad name":        {Kind: M, Elems: []Attr{{Name: "x\xff", Kind: Null}}},
	} {
		_, _, err := a.Measure()
		assert.Equal(t, ErrUTF8, err, name)
	}
	for _, name := range []string{"", strings.Repeat("x", MaxAttributeName+1)} {
		a := Attr{Kind: M, Elems: []Attr{{Name: name, Kind: Null}}}
		_, _, err := a.Measure()
		assert.Equal(t, ErrName, err)
	}
}

func TestEncodedSizeIsTheSDKs(t *testing.T) {
	t.Parallel()
	var ascii strings.Builder
	for c := range byte(128) {
		ascii.WriteByte(c)
	}
	texts := []string{"", "plain", ascii.String(), "é€😀", "\u2028\u2029\u2027", "<>&", "\x7f", "\ufffd", "12345678\"", strings.Repeat("x", 100)}
	items := []itemtest.Map{}
	total := 0
	for i, text := range texts {
		it := newItem(t, itemtest.Map{
			"s" + text: itemtest.S(text), "b": itemtest.B([]byte(text)...), "e": itemtest.L(), "n": itemtest.N("-1e99"), "null": itemtest.Null(), "me": itemtest.M(nil),
			"m":  itemtest.M(itemtest.Map{"m" + text: itemtest.L(itemtest.Null(), itemtest.Bool(true), itemtest.Bool(false))}),
			"ms": itemtest.M(itemtest.Map{"a": itemtest.S(text), "b": itemtest.N("1")}),
			"ss": itemtest.SS(text, text+"x"), "bs": itemtest.BS([]byte(text), []byte{1, 2, 3}), "ns": itemtest.NS("1", "2.5"),
		})
		require.Len(t, itemtest.Body(t, "tbl", it.SDK()), EnvelopeSize("tbl")+it.EncodedSize, "%q", text)
		items = append(items, it.SDK())
		total += it.EncodedSize
		for _, table := range []string{"t", "arn:aws:dynamodb:eu-west-1:123456789012:table/a-b_c.d"} {
			require.Len(t, itemtest.Body(t, table, items...), EnvelopeSize(table)+total+i, "%d items", i+1)
		}
	}
}
