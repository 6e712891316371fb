package item

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/internal/itemtest"
)

// sdkRequest is the write request that the SDK makes of one item.
func sdkRequest(t testing.TB, attributes itemtest.Map) string {
	t.Helper()
	body := string(itemtest.Body(t, "tbl", attributes))
	request, ok := strings.CutPrefix(body, `{"RequestItems":{"tbl":[`)
	require.True(t, ok)
	request, ok = strings.CutSuffix(request, `]},"ReturnConsumedCapacity":"INDEXES"}`)
	require.True(t, ok)
	return request
}

// hardTexts holds every character that a JSON encoder may treat in a way of its own.
func hardTexts() []string {
	texts := []string{
		"", "plain", "é€😀", "\u2027\u2028\u2029\u202a", "<>&'/", "\ufffd", "\u0080\u009f\u00a0", "\U0010ffff", "\ufeff", strings.Repeat("x", 100),
		strings.Repeat("1234567\"", 5), "é\"", "\x00\x00", strings.Repeat("€", 50) + "\n",
	}
	for c := range byte(utf8.RuneSelf) {
		texts = append(texts, string(rune(c)), "before "+string(rune(c))+" and after")
	}
	return texts
}

// singles are values of every kind for which the SDK can write one form only: no M has two members.
func singles() []types.AttributeValue {
	values := []types.AttributeValue{
		itemtest.Null(), itemtest.Bool(true), itemtest.Bool(false), itemtest.L(), itemtest.M(nil),
		itemtest.B(), itemtest.B(0), itemtest.B(0xff, 0xfe), itemtest.B(1, 2, 3), itemtest.B([]byte(strings.Repeat("\x00\xff\x3e\x3f", 100))...),
		itemtest.SS("a"), itemtest.SS("a", "", "\"b\"", "\u2028"), itemtest.NS("1"), itemtest.NS("1", "2.5", "-1E100"),
		itemtest.BS([]byte{1}), itemtest.BS([]byte{}, []byte{1, 2}, []byte("abc")),
		itemtest.L(itemtest.Null(), itemtest.L(itemtest.S("\x7f")), itemtest.M(itemtest.Map{"\n": itemtest.NS("7")}), itemtest.B(9), itemtest.Bool(true)),
		itemtest.M(itemtest.Map{"a\"": itemtest.M(itemtest.Map{"\u2029": itemtest.L(itemtest.S(""))})}),
	}
	for _, number := range []string{
		"0", "1", "-1", "0.1", "-0.001", "12345678901234567890123456789012345678", "1E125", "-9.9999999999999999999999999999999999999E125", "1E-130",
		"100000000000000000000", "0.00000000000000000001", "9223372036854775807", "18446744073709551615",
	} {
		values = append(values, itemtest.N(number))
	}
	for _, text := range hardTexts() {
		values = append(values, itemtest.S(text))
	}
	deep := itemtest.S("deep")
	for range MaxLevels/2 - 1 {
		deep = itemtest.L(itemtest.M(itemtest.Map{"m": deep}))
	}
	return append(values, deep)
}

func TestAttributesAreEncodedAsTheSDKDoes(t *testing.T) {
	t.Parallel()
	for _, v := range singles() {
		it := newItem(t, itemtest.Map{"name": v})
		want := sdkRequest(t, it.SDK())
		require.Equal(t, want, string(it.AppendJSON(nil)))
		require.Len(t, want, it.EncodedSize)
		value := it.Attrs[0].AppendJSON([]byte("before"))
		require.Equal(t, want, putStart+`{"name":`+strings.TrimPrefix(string(value), "before")+`}`+RequestEnd)
		_, encoded, err := it.Attrs[0].Measure()
		require.NoError(t, err)
		require.Equal(t, len(value)-len("before"), encoded)
	}
}

func TestNamesAreEncodedAsTheSDKDoes(t *testing.T) {
	t.Parallel()
	for _, text := range hardTexts() {
		if text == "" {
			continue
		}
		it := newItem(t, itemtest.Map{text: itemtest.M(itemtest.Map{text: itemtest.S(text)})})
		require.Equal(t, sdkRequest(t, it.SDK()), string(it.AppendJSON(nil)))
	}
}

// The order of attributes is the item's own; the SDK's is that of a map.
func TestItemsAreEncodedAsTheSDKDoes(t *testing.T) {
	t.Parallel()
	all := itemtest.Map{"members": itemtest.M(itemtest.Map{"b": itemtest.N("1"), "a": itemtest.S("x"), "c": itemtest.M(itemtest.Map{"z": itemtest.Null(), "y": itemtest.L()})})}
	for i, v := range singles() {
		all[fmt.Sprint("a", i)] = v
	}
	all["large"] = itemtest.S(strings.Repeat("\x01é", 100_000))
	it := newItem(t, all)
	got := it.AppendJSON(nil)
	require.JSONEq(t, sdkRequest(t, all), string(got))
	require.Len(t, got, it.EncodedSize)

	encoded := Item{JSON: got, EncodedSize: it.EncodedSize}
	assert.Equal(t, got, encoded.AppendJSON(nil))
	assert.Equal(t, string(it.AppendAttributes(nil)), string(encoded.AppendAttributes(nil)))
	assert.Equal(t, string(got), putStart+string(it.AppendAttributes(nil))+RequestEnd)
}

func TestDeletesAreEncoded(t *testing.T) {
	t.Parallel()
	it := newItem(t, itemtest.Map{"p": itemtest.S("a\tb")})
	it.Delete = true
	key := string(it.AppendAttributes(nil))
	require.JSONEq(t, `{"p":{"S":"a\tb"}}`, key)
	want := deleteStart + key + RequestEnd
	assert.Equal(t, want, string(it.AppendJSON(nil)))
	assert.Len(t, want, it.EncodedSize+EmptyDeleteSize-EmptyEncodedSize)
	encoded := Item{JSON: []byte(want), Delete: true}
	assert.Equal(t, want, string(encoded.AppendJSON(nil)))
	assert.Equal(t, key, string(encoded.AppendAttributes(nil)))
}

func TestQuotedTextIsAsLongAsItIsSaidToBe(t *testing.T) {
	t.Parallel()
	for _, text := range hardTexts() {
		for _, invalid := range []string{"", "\xff", "\xc3", "\xed\xa0\x80", "\xf4\x90\x80\x80"} {
			s := text + invalid + text
			quoted, ok := AppendQuoted([]byte("x"), s)
			n, sized := EncodedText(s)
			require.Equal(t, utf8.ValidString(s), ok, "%q", s)
			require.Equal(t, ok, sized, "%q", s)
			if ok {
				require.Len(t, quoted, 1+n, "%q", s)
			} else {
				require.Equal(t, "x", string(quoted), "%q", s)
			}
		}
	}
}

// Eight characters at once are plain exactly if the table has no escape for any of them.
func TestPlainCharactersAreThoseOfTheTable(t *testing.T) {
	t.Parallel()
	for c := range 256 {
		for at := range 8 {
			for _, others := range []string{"aaaaaaaa", " ~!#[]^}", "00000000"} {
				p := []byte(others)
				p[at] = byte(c)
				want := at
				if escapeOverhead[c] == 0 {
					want = len(p)
				}
				require.Equal(t, want, plainPrefix(string(p)), "%q", p)
			}
		}
	}
}

func FuzzAppendQuoted(f *testing.F) {
	for _, text := range hardTexts() {
		f.Add(text)
	}
	f.Add("\xff")
	f.Fuzz(func(t *testing.T, text string) {
		quoted, ok := AppendQuoted(nil, text)
		n, sized := EncodedText(text)
		require.Equal(t, utf8.ValidString(text), ok)
		require.Equal(t, ok, sized)
		if ok {
			require.Len(t, quoted, n)
			require.Equal(t, sdkRequest(t, itemtest.Map{"s": itemtest.S(text)}), putStart+`{"s":{"S":`+string(quoted)+`}}`+RequestEnd)
		}
	})
}

func TestEncodingAllocatesNothing(t *testing.T) {
	it := newItem(t, itemtest.Map{
		"s": itemtest.S("text\n€\u2028"), "n": itemtest.N("1.5"), "b": itemtest.B([]byte(strings.Repeat("bytes", 100))...),
		"l": itemtest.L(itemtest.Null(), itemtest.Bool(true)), "m": itemtest.M(itemtest.Map{"x": itemtest.BS([]byte("abc"))}),
	})
	dst := make([]byte, 0, it.EncodedSize)
	assert.Zero(t, testing.AllocsPerRun(100, func() { dst = it.AppendJSON(dst[:0]) }))
	assert.Zero(t, testing.AllocsPerRun(100, func() { dst = it.AppendAttributes(dst[:0]) }))
}

func BenchmarkAppendJSON(b *testing.B) {
	it := newItem(b, itemtest.Map{
		"user_id": itemtest.S("user-0000000001"), "email": itemtest.S("somebody@example.com"), "name": itemtest.S("Some Body"), "age": itemtest.N("42"),
		"score": itemtest.N("0.8731"), "active": itemtest.Bool(true), "created_at": itemtest.S("2026-03-04T05:06:07.891Z"), "segment": itemtest.Null(),
	})
	dst := make([]byte, 0, it.EncodedSize)
	b.ReportAllocs()
	b.SetBytes(int64(it.EncodedSize))
	for b.Loop() {
		dst = it.AppendJSON(dst[:0])
	}
}

func BenchmarkAppendQuoted(b *testing.B) {
	for name, text := range map[string]string{
		"15 plain": "user-0000000001", "200 plain": strings.Repeat("0123456789", 20), "200 with quotes": strings.Repeat(`12345678"`, 22), "200 greek": strings.Repeat("αβγδε", 20),
	} {
		b.Run(name, func(b *testing.B) {
			var dst []byte
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				dst, _ = AppendQuoted(dst[:0], text)
			}
		})
	}
}
