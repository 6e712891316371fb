package dynamodest

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The figures are those measured on DynamoDB.
func TestSizeOfValues(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		v    any
		want int
	}{
		{"N 0", 0, 1}, {"N 1", 1, 2}, {"N 12", 12, 2}, {"N 123", 123, 3}, {"N 1234", 1234, 3}, {"N 38 digits", n(strings.Repeat("7", 38)), 20}, {"N 0042", n("0042"), 2},
		{"N 100", 100, 2}, {"N 1010", 1010, 3}, {"N 0.0000001", 0.0000001, 2}, {"N 1E125", 1e125, 2}, {"N 1E-100", 1e-100, 2}, {"N 1.5", 1.5, 3}, {"N 15", 15, 2},
		{"N 1.200", n("1.200"), 3}, {"N 1.234", 1.234, 4}, {"N 3.14159", 3.14159, 5}, {"N 123456", 123456, 4}, {"N 100.5", 100.5, 4}, {"N 0.15", 0.15, 2}, {"N -42", -42, 3},
		{"N -0", n("-0"), 1}, {"N -1", -1, 3}, {"N -123456", -123456, 5}, {"N 1700000000", 1700000000, 2},
		{"BOOL", true, 1}, {"NULL", nil, 1}, {"S ''", s(""), 0}, {"S é", "é", 2}, {"B 3 bytes", []byte{1, 2, 3}, 3}, {"L []", list(), 3}, {"L [BOOL]", list(boolean(true)), 5},
		{"L [S a, S bc]", list(s("a"), s("bc")), 8}, {"M {}", object(nil), 3}, {"M {k: BOOL}", object(map[string]types.AttributeValue{"k": boolean(true)}), 6},
		{"SS [a, bc]", &types.AttributeValueMemberSS{Value: []string{"a", "bc"}}, 3}, {"NS [1, 12]", &types.AttributeValueMemberNS{Value: []string{"1", "12"}}, 4},
		{"BS", &types.AttributeValueMemberBS{Value: [][]byte{{1}, {2, 3}}}, 3},
	}
	for _, tt := range tests {
		it := mustConvert(t, newConverter(Mapping{}, tableSchema{}), Row{"name": tt.v})
		assert.Equal(t, len("name")+tt.want, it.size, tt.name)
	}
}

func TestLargestItem(t *testing.T) {
	t.Parallel()
	c := newConverter(Mapping{Fields: []Field{{Column: "a"}, {Column: "col", Attribute: "long"}}}, tableSchema{})
	row := Row{"a": 120, "col": strings.Repeat("x", maxItemSize-len("a")-2-len("long"))}
	it := mustConvert(t, c, row)
	assert.Equal(t, 409_600, it.size)
	assert.Equal(t, 400, it.units())
	row["col"] = row["col"].(string) + "x"
	_, err := c.convert(row)
	require.NotNil(t, err)
	assert.Equal(t, ErrTooLarge, err.Reason)
	assert.Equal(t, "col", err.Column)
	assert.Equal(t, "long", err.Attribute)
	assert.EqualError(t, err.Err, `the item has 409601 bytes, names included, and may have 409600; the largest attribute, "long", has 409598`)
}

func TestLargeNumbersInDocuments(t *testing.T) {
	t.Parallel()
	numbers := make([]any, 100_000) // 300 KB as DynamoDB counts them, over 2 MB as text
	for i := range numbers {
		numbers[i] = uint64(10_000_000_000_000_000_000)
	}
	for _, v := range []any{numbers, "[" + strings.Repeat("10000000000000000000,", len(numbers)-1) + "1]"} {
		it := mustConvert(t, newConverter(forcing(List), tableSchema{}), Row{"v": v})
		assert.Equal(t, 1+3+3*len(numbers), it.size)
	}
	it := mustConvert(t, newConverter(forcing(NumberSet), tableSchema{}), Row{"v": numbers})
	assert.Equal(t, 1+2, it.size)
	it = mustConvert(t, newConverter(forcing(StringSet), tableSchema{}), Row{"v": "[" + strings.Repeat(`"same",`, len(numbers)-1) + `"same"]`})
	assert.Equal(t, 1+4, it.size)
}

func TestManyBooleansInDocuments(t *testing.T) {
	t.Parallel()
	bools := make([]bool, 204_000) // 408,000 bytes as DynamoDB counts them, over 1 MB as text
	values := make([]types.AttributeValue, len(bools))
	for i := range values {
		values[i] = boolean(false)
	}
	for _, v := range []any{bools, list(values...), "[" + strings.Repeat("false,", len(bools)-1) + "false]"} {
		it := mustConvert(t, newConverter(forcing(List), tableSchema{}), Row{"v": v})
		assert.Equal(t, 1+3+2*len(bools), it.size)
	}
}

func TestWireSizeIsTheSDKs(t *testing.T) {
	t.Parallel()
	var ascii strings.Builder
	for c := range byte(128) {
		ascii.WriteByte(c)
	}
	texts := []string{"", "plain", ascii.String(), "é€😀", "\u2028\u2029\u2027", "<>&", "\x7f", "\ufffd", "12345678\"", strings.Repeat("x", 100)}
	items := []map[string]types.AttributeValue{}
	total := 0
	c := newConverter(Mapping{EmptyString: KeepEmpty}, tableSchema{})
	for i, text := range texts {
		it := mustConvert(t, c, Row{"s" + text: text, "b": []byte(text), "m": object(map[string]types.AttributeValue{"m" + text: list(null(), boolean(true), boolean(false))}), "e": list(),
			"ss": &types.AttributeValueMemberSS{Value: []string{text, text + "x"}}, "bs": &types.AttributeValueMemberBS{Value: [][]byte{[]byte(text), {1, 2, 3}}}, "ns": &types.AttributeValueMemberNS{Value: []string{"1", "2.5"}},
			"n": -1e99, "null": nil, "me": object(nil), "ms": object(map[string]types.AttributeValue{"a": s(text), "b": n("1")})})
		require.Equal(t, len(sdkBody(t, "tbl", it.attributeMap())), envelopeSize("tbl")+it.wire, "%q", text)
		items = append(items, it.attributeMap())
		total += it.wire
		for _, table := range []string{"t", "arn:aws:dynamodb:eu-west-1:123456789012:table/a-b_c.d"} {
			require.Len(t, sdkBody(t, table, items...), envelopeSize(table)+total+i, "%d items", i+1)
		}
	}
}
