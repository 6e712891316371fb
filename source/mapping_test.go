package source_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/source"
)

func TestProposeMapping(t *testing.T) {
	t.Parallel()
	const number, boolean, auto = dynamodest.Number, dynamodest.Bool, dynamodest.Auto
	for name, test := range map[string]struct {
		values []any
		want   dynamodest.Type
	}{
		"whole numbers":               {[]any{"0", "-7", "42"}, number},
		"fractions":                   {[]any{"0.5", "-31.95376472", "12"}, number},
		"money":                       {[]any{"1.50", "10.00", "-0.99"}, number},
		"versions":                    {[]any{"1.9", "1.10", "1.11"}, auto},
		"a whole number beside money": {[]any{"1.50", "10"}, auto},
		"empty ones in between":       {[]any{"", "1", nil, "2", ""}, number},
		"nothing":                     {[]any{"", nil}, auto},
		"one text":                    {[]any{"1", "2", "n/a"}, auto},
		"a leading zero":              {[]any{"10001", "02134"}, auto},
		"zeros":                       {[]any{"00"}, auto},
		"a plus sign":                 {[]any{"+4930123"}, auto},
		"an exponent":                 {[]any{"1e5"}, auto},
		"a thousands separator":       {[]any{"1,000"}, auto},
		"a space":                     {[]any{"1", " 2"}, auto},
		"no digit before the point":   {[]any{".5"}, auto},
		"no digit after the point":    {[]any{"5."}, auto},
		"minus zero":                  {[]any{"-0"}, auto},
		"minus zero with decimals":    {[]any{"-0.00", "1.00"}, auto},
		"a minus sign":                {[]any{"-"}, auto},
		"digits of another script":    {[]any{"١٢"}, auto},
		"hexadecimal":                 {[]any{"0x10"}, auto},
		"not a number":                {[]any{"NaN"}, auto},
		"15 digits":                   {[]any{strings.Repeat("9", 15)}, number},
		"16 digits":                   {[]any{"4111111111111111"}, auto},
		"38 digits with decimals":     {[]any{strings.Repeat("9", 20) + "." + strings.Repeat("1", 18)}, number},
		"39 digits with decimals":     {[]any{strings.Repeat("9", 20) + "." + strings.Repeat("1", 19)}, auto},
		"bools":                       {[]any{"true", "", "false"}, boolean},
		"bools of Excel":              {[]any{"TRUE", "FALSE"}, boolean},
		"bools of Python":             {[]any{"True", "False"}, boolean},
		"a word beside bools":         {[]any{"true", "yes"}, auto},
		"0 and 1":                     {[]any{"0", "1"}, number},
		"bools and numbers":           {[]any{"true", "1"}, auto},
		"times":                       {[]any{"2026-03-04T05:06:07Z"}, auto},
		"JSON":                        {[]any{`{"a":1}`, `[1]`}, auto},
		"numbers of Go":               {[]any{1, int64(2), 2.5, float32(1), uint8(1), json.Number("1.50"), json.Number("1e5")}, number},
		"numbers of Go and text":      {[]any{1, "2"}, number},
		"numbers of Go and words":     {[]any{1, "x"}, auto},
		"NaN":                         {[]any{math.NaN()}, auto},
		"a json.Number that is none":  {[]any{json.Number("NaN")}, auto},
		"a number with a text":        {[]any{time.Second}, auto},
		"bools of Go":                 {[]any{true, nil, false, "true"}, boolean},
		"bytes":                       {[]any{[]byte("1")}, auto},
		"documents":                   {[]any{map[string]any{"a": 1}, []any{1}}, auto},
		"a time":                      {[]any{time.Time{}}, auto},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var sample []dynamodest.Row
			for _, v := range test.values {
				sample = append(sample, dynamodest.Row{"v": v})
			}
			assert.Equal(t, dynamodest.Mapping{Fields: []dynamodest.Field{{Column: "v", Type: test.want}}}, source.ProposeMapping(sample))
		})
	}
	assert.Equal(t, dynamodest.Mapping{}, source.ProposeMapping(nil))
	assert.Equal(t, dynamodest.Mapping{Fields: []dynamodest.Field{{Column: "a"}, {Column: "b", Type: number}, {Column: "c"}}},
		source.ProposeMapping([]dynamodest.Row{{"c": "x"}, {"b": "1", "a": nil}}))
}

// What a proposed mapping makes of its own sample is the value of the sample: a number is equal, and spelled
// as it was but for zeros at the end of a fraction; all else is unchanged. "" is a NULL in any case.
func TestProposalsChangeNoValue(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	const letters = "0001123456789..--e+ tx"
	text := func() string {
		switch random.IntN(8) {
		case 0:
			return ""
		case 1:
			return []string{"true", "false", "TRUE"}[random.IntN(3)]
		case 2, 3:
			return fmt.Sprintf("%d.%02d", random.IntN(1000)-500, random.IntN(100))
		case 4, 5:
			return fmt.Sprint(random.Int64N(1 << uint(1+random.IntN(60))))
		}
		b := make([]byte, 1+random.IntN(8))
		for i := range b {
			b[i] = letters[random.IntN(len(letters))]
		}
		return string(b)
	}
	const columns, trials = 200, 25
	numbers := 0
	for range trials {
		sample := make([]dynamodest.Row, 3)
		for i := range sample {
			sample[i] = dynamodest.Row{"id": "x"}
			for c := range columns {
				if i <= c%3 { // columns of one, two and three values
					sample[i][fmt.Sprint(c)] = text()
				}
			}
		}
		dest, _ := newDest(t, source.ProposeMapping(sample))
		for _, row := range sample {
			item, err := dest.Item(row)
			require.NoError(t, err)
			require.Len(t, item, len(row))
			for column, v := range row {
				if requireUnchanged(t, v.(string), item[column]) {
					numbers++
				}
			}
		}
	}
	assert.Greater(t, numbers, trials*columns/2)
}

// requireUnchanged requires that got is what text says, and reports whether it is a number.
func requireUnchanged(t *testing.T, text string, got types.AttributeValue) bool {
	t.Helper()
	switch got := got.(type) {
	case *types.AttributeValueMemberNULL:
		require.Empty(t, text)
	case *types.AttributeValueMemberS:
		require.Equal(t, text, got.Value)
	case *types.AttributeValueMemberBOOL:
		require.Equal(t, strings.ToLower(text), fmt.Sprint(got.Value))
	case *types.AttributeValueMemberN:
		before, ok := new(big.Rat).SetString(text)
		require.True(t, ok)
		after, ok := new(big.Rat).SetString(got.Value)
		require.True(t, ok)
		require.Zero(t, before.Cmp(after), "%s became %s", text, got.Value)
		if strings.Contains(text, ".") {
			text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
		}
		require.Equal(t, text, got.Value)
		return true
	default:
		require.Fail(t, "unexpected type", "%T", got)
	}
	return false
}

// A CSV file is loaded by the mapping that its first rows propose; empty fields of all types are NULL.
func TestProposedMappingLoadsCSV(t *testing.T) {
	t.Parallel()
	const text = "id,zip,price,active,note\n1,02134,1.50,true,x\n2,,,,\n3,10001,2.25,false,y\n"
	var sample []dynamodest.Row
	for row, err := range source.CSVRows(strings.NewReader(text)) {
		require.NoError(t, err)
		sample = append(sample, row)
	}
	m := source.ProposeMapping(sample)
	for i := range m.Fields {
		if m.Fields[i].Column == "id" { // the table's key is an S: a person decides
			assert.Equal(t, dynamodest.Number, m.Fields[i].Type)
			m.Fields[i].Type = dynamodest.String
		}
	}
	dest, db := newDest(t, m)
	sum, err := dest.WriteSeq(t.Context(), source.CSVRows(strings.NewReader(text)), nil)
	require.NoError(t, err)
	assert.Equal(t, 3, sum.Written)
	null := &types.AttributeValueMemberNULL{Value: true}
	for _, item := range db.Items("rows") {
		switch item["id"].(*types.AttributeValueMemberS).Value {
		case "1":
			assert.Equal(t, &types.AttributeValueMemberS{Value: "02134"}, item["zip"])
			assert.Equal(t, &types.AttributeValueMemberN{Value: "1.5"}, item["price"])
			assert.Equal(t, &types.AttributeValueMemberBOOL{Value: true}, item["active"])
		case "2":
			for _, name := range []string{"zip", "price", "active", "note"} {
				assert.Equal(t, null, item[name], name)
			}
		}
	}
}
