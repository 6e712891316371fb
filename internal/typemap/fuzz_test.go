package typemap

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/internal/fault"
	"github.com/dynamodest/dynamodest/internal/item"
	"github.com/dynamodest/dynamodest/internal/itemtest"
	"github.com/dynamodest/dynamodest/internal/table"
)

// secret is in every text of a random row, and must not be in any error.
const secret = "s3cr3t"

// randomText is a text with secret in it, sometimes long, sometimes not UTF-8.
func randomText(r *rand.Rand) string {
	parts := []string{"", "a", "é", "😀", "\u2028", "\x00", "\"", "\\", "\n", "<", "\x7f", "0", "}"}
	var b strings.Builder
	b.WriteString(secret)
	for range r.IntN(6) {
		b.WriteString(parts[r.IntN(len(parts))])
	}
	switch r.IntN(60) {
	case 0:
		b.WriteByte(0xff)
	case 1:
		b.WriteString(strings.Repeat("x", r.IntN(300_000)))
	}
	return b.String()
}

// randomNumber is a number of any of the types, mostly one that DynamoDB takes.
func randomNumber(r *rand.Rand) any {
	digits := func(n int) string {
		var b strings.Builder
		b.WriteByte(byte('1' + r.IntN(9)))
		for range n {
			b.WriteByte(byte('0' + r.IntN(10)))
		}
		return b.String()
	}
	switch r.IntN(10) {
	case 0:
		return r.Int64()
	case 1:
		return -int8(r.IntN(128))
	case 2:
		return r.Uint64()
	case 3:
		return math.Float64frombits(r.Uint64() &^ (1 << 62)) // small ones, no NaN
	case 4:
		return float32(r.NormFloat64())
	case 5:
		return json.Number(fmt.Sprintf("-%s.%s", digits(r.IntN(10)), digits(r.IntN(30))))
	case 6:
		return json.Number(fmt.Sprintf("%se%d", digits(r.IntN(4)), r.IntN(300)-150))
	case 7:
		i, _ := new(big.Int).SetString(digits(r.IntN(40)), 10)
		return i
	case 8:
		return big.NewFloat(float64(r.IntN(1000)) / 8)
	}
	return json.Number(digits(r.IntN(38)))
}

// randomValue is a value of any type, nested to depth.
func randomValue(r *rand.Rand, depth int) any {
	kinds := 16
	if depth == 0 {
		kinds = 9
	}
	switch r.IntN(kinds) {
	case 0, 1:
		return randomText(r)
	case 2, 3:
		return randomNumber(r)
	case 4:
		return r.IntN(2) == 0
	case 5:
		return nil
	case 6:
		return []byte(randomText(r))
	case 7:
		return time.Unix(r.Int64N(1<<36), r.Int64N(1e9)).UTC()
	case 8:
		return []any{namedString(randomText(r)), make(chan int), ptr(randomText(r)), valuer{randomText(r)}, texter{'a', 'b'}, math.Inf(1), "", nilSlice, failing{}, failing{panics: true},
			signed64(r.Uint64()), rounded(r.Float32()), bit(true), literal{randomText(r)}, tags{randomText(r)}, rawJSON(randomText(r)), fixed{1}, scalar{randomText(r)},
			sql.Null[float32]{V: 0.1, Valid: true}, option[any]{randomText(r), true}, speaksAttribute{}, picky(1), uuidText{Valid: true}}[r.IntN(23)]
	case 9, 10:
		m := map[string]any{}
		for range r.IntN(5) {
			m[randomText(r)] = randomValue(r, depth-1)
		}
		return m
	case 11:
		return []string{randomText(r), randomText(r)}
	case 12:
		text, _ := json.Marshal([]any{randomText(r), r.IntN(1000)})
		return json.RawMessage(text)
	case 13:
		return randomAttributeValue(r, depth)
	case 14:
		return &struct {
			A string `json:"a"`
			B any    `json:",omitempty"`
		}{randomText(r), randomValue(r, depth-1)}
	}
	l := []any{}
	for range r.IntN(5) {
		l = append(l, randomValue(r, depth-1))
	}
	return l
}

func randomAttributeValue(r *rand.Rand, depth int) types.AttributeValue {
	switch r.IntN(9) {
	case 0:
		return &types.AttributeValueMemberNS{Value: []string{"1", fmt.Sprint(randomNumber(r))}}
	case 1:
		return &types.AttributeValueMemberSS{Value: []string{randomText(r), "x"}}
	case 2:
		return &types.AttributeValueMemberBS{Value: [][]byte{[]byte(randomText(r)), {}}}
	case 3:
		return []types.AttributeValue{nil, nilAttr, &types.AttributeValueMemberSS{}, &types.AttributeValueMemberNULL{}, &types.UnknownUnionMember{Tag: secret}}[r.IntN(5)]
	case 4:
		return s(randomText(r))
	case 5:
		return n(fmt.Sprint(randomNumber(r)))
	}
	if depth == 0 {
		return boolean(true)
	}
	if r.IntN(2) == 0 {
		return list(randomAttributeValue(r, depth-1), randomAttributeValue(r, depth-1))
	}
	return object(map[string]types.AttributeValue{randomText(r): randomAttributeValue(r, depth-1), "": null()})
}

var allTypes = []Type{Auto, Auto, Auto, String, Number, Binary, Bool, JSON, List, Map, StringSet, NumberSet, BinarySet}

// randomSchemas are the keys of randomCase's tables, by the seed.
var randomSchemas = []table.Schema{{}, schemaOfKeys(item.S, item.S), schemaOfKeys(item.S, item.N), schemaOfKeys(item.B, item.S)}

// randomCase returns a row, a mapping for it and the keys of a table. Equal seeds give equal cases.
func randomCase(seed uint64) (row, Mapping, table.Schema) {
	r := rand.New(rand.NewPCG(seed, 1))
	values := row{"p": any(randomText(r)), "s": any(randomText(r))} // mostly as the schema has them
	switch seed % 4 {
	case 2:
		values["s"] = r.IntN(1000)
	case 3:
		values["p"] = []byte(randomText(r))
	}
	if r.IntN(4) == 0 {
		values["p"], values["s"] = randomValue(r, 0), randomValue(r, 0)
	}
	for i := range r.IntN(5) {
		values[fmt.Sprintf("column%d\u2028", i)] = randomValue(r, 3)
	}
	m := Mapping{Null: Null(r.IntN(3)), EmptyString: EmptyString(r.IntN(3))}
	if r.IntN(2) == 0 {
		m.Fields = []Field{field("p", allTypes[r.IntN(4)]), field("s", Auto)}
		for i := range 5 {
			m.Fields = append(m.Fields, Field{Column: fmt.Sprintf("column%d\u2028", i), Attribute: fmt.Sprint("a", i), Type: allTypes[r.IntN(len(allTypes))]})
		}
	}
	return values, m, randomSchemas[seed%uint64(len(randomSchemas))]
}

// randomSeeds returns the seeds of FuzzConvert's corpus; the last one makes an item that is too
// large, which is rare.
func randomSeeds() []uint64 {
	seeds := make([]uint64, 300, 301)
	for i := range seeds {
		seeds[i] = uint64(i)
	}
	return append(seeds, 1117)
}

func FuzzConvert(f *testing.F) {
	for _, seed := range randomSeeds() {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		r, m, schema := randomCase(seed)
		untouched, _, _ := randomCase(seed)
		it, err := New(m, schema).Convert(r)
		require.Equal(t, printable(untouched), printable(r))
		if err != nil {
			require.Nil(t, it)
			require.Contains(t, []fault.Reason{fault.Mapping, fault.Key, fault.TooLarge}, err.Reason)
			for _, format := range []string{"%v", "%+v", "%s", "%q"} {
				require.NotContains(t, fmt.Sprintf(format, err), secret)
			}
			require.NotContains(t, err.Advice().Remedy, secret)
			return
		}
		checkItem(t, schema, it)
	})
}

// TestRandomCases asserts that FuzzConvert's corpus meets every result often enough.
func TestRandomCases(t *testing.T) {
	t.Parallel()
	items, reasons := 0, map[fault.Reason]int{}
	for _, seed := range randomSeeds() {
		r, m, schema := randomCase(seed)
		if _, err := New(m, schema).Convert(r); err != nil {
			reasons[err.Reason]++
		} else {
			items++
		}
	}
	assert.Greater(t, items, 100)
	assert.Greater(t, reasons[fault.Mapping], 30)
	assert.Greater(t, reasons[fault.Key], 10)
	assert.Positive(t, reasons[fault.TooLarge])
}

// printable returns v with what is not equal for equal seeds replaced: channels and pointers.
func printable(v any) any {
	switch v := v.(type) {
	case row:
		m := row{}
		for name, elem := range v {
			m[name] = printable(elem)
		}
		return m
	case []any:
		l := make([]any, len(v))
		for i, elem := range v {
			l[i] = printable(elem)
		}
		return l
	case chan int:
		return "chan"
	case *struct {
		A string `json:"a"`
		B any    `json:",omitempty"`
	}:
		return []any{v.A, printable(v.B)}
	}
	return v
}

// checkItem compares what an item says of itself with its SDK form.
func checkItem(t *testing.T, schema table.Schema, it *item.Item) {
	m := it.SDK()
	require.Len(t, m, len(it.Attrs))
	require.Equal(t, m, it.SDK())
	require.True(t, it.EqualSDK(m))
	size := 0
	for name, v := range m {
		size += len(name) + sizeOf(t, v)
	}
	require.Equal(t, size, it.Size)
	require.LessOrEqual(t, it.Size, item.MaxSize)
	require.Len(t, itemtest.Body(t, "tbl", m), item.EnvelopeSize("tbl")+it.EncodedSize)
	id, ok := schema.Identity(m)
	require.Equal(t, schema.Partition.Name != "", ok)
	require.Equal(t, it.Key, id)
}

// sizeOf returns the size of v, computed in the simplest way.
func sizeOf(t *testing.T, v types.AttributeValue) int {
	size := 0
	switch v := v.(type) {
	case *types.AttributeValueMemberS:
		return len(v.Value)
	case *types.AttributeValueMemberN:
		return sizeOfNumber(t, v.Value)
	case *types.AttributeValueMemberB:
		return len(v.Value)
	case *types.AttributeValueMemberSS:
		return len(strings.Join(v.Value, ""))
	case *types.AttributeValueMemberNS:
		for _, number := range v.Value {
			size += sizeOfNumber(t, number)
		}
		return size
	case *types.AttributeValueMemberBS:
		for _, member := range v.Value {
			size += len(member)
		}
		return size
	case *types.AttributeValueMemberL:
		for _, elem := range v.Value {
			size += 1 + sizeOf(t, elem)
		}
		return 3 + size
	case *types.AttributeValueMemberM:
		for name, elem := range v.Value {
			size += 1 + len(name) + sizeOf(t, elem)
		}
		return 3 + size
	}
	return 1
}

// sizeOfNumber writes the number out with all its zeros to count its digits.
func sizeOfNumber(t *testing.T, text string) int {
	r, ok := new(big.Rat).SetString(text)
	require.True(t, ok)
	if r.Sign() == 0 {
		return 1
	}
	size := 1
	if r.Sign() < 0 {
		size++
	}
	whole, fraction, _ := strings.Cut(r.Abs(r).FloatString(200), ".")
	whole, fraction = strings.TrimLeft(whole, "0"), strings.TrimRight(fraction, "0")
	if fraction == "" {
		whole = strings.TrimRight(whole, "0")
	}
	if whole == "" {
		fraction = strings.TrimLeft(fraction, "0")
	}
	return size + (len(whole)+1)/2 + (len(fraction)+1)/2
}

// FuzzItemSize compares the sizes of texts and numbers with the SDK's and with sizeOf, for every
// item that DynamoDB takes.
func FuzzItemSize(f *testing.F) {
	f.Add("name", "text", []byte("bytes"), 1.5, int64(-120))
	f.Add("\u2028\x7f", "\x00\"\\é😀", []byte{}, -1e100, int64(0))
	f.Add("", "text", []byte{}, 0.0, int64(0))
	f.Add("name", "\xff", []byte{}, 1e126, int64(0))
	f.Add("name", "", []byte{}, 1e-130, int64(math.MinInt64))
	f.Fuzz(func(t *testing.T, name, text string, raw []byte, x float64, i int64) {
		it, err := New(Mapping{}, table.Schema{}).Convert(row{
			name: text, "b" + name: raw, "n" + name: x, "i" + name: i, "l" + name: list(s(text), n(fmt.Sprint(i)), bin(raw...)),
			"m" + name: object(itemtest.Map{name: bs(raw, append([]byte{1}, raw...))}),
		})
		fits := x == 0 || math.Abs(x) >= 1e-130 && math.Abs(x) < 1e126
		fits = fits && name != "" && len(name) < item.MaxAttributeName && utf8.ValidString(name) && utf8.ValidString(text)
		size := 7*len(name) + 2*len(text) + 4*len(raw) // all but numbers, tags and counts, which take less than 200 bytes
		switch {
		case !fits || size > item.MaxSize:
			require.NotNil(t, err)
		case size < item.MaxSize-200:
			require.Nil(t, err)
		}
		if err == nil {
			checkItem(t, table.Schema{}, it)
		}
	})
}
