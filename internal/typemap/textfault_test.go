package typemap

import (
	"encoding/json"
	"math"
	"math/big"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/internal/decimal"
	"github.com/dynamodest/dynamodest/internal/fault"
)

func big10(i int64) string { return strconv.FormatInt(i, 10) }

func TestBools(t *testing.T) {
	t.Parallel()
	yes := []any{
		true, namedBool(true), ptr(true), "1", "t", "T", "true", "TRUE", "True", namedString("t"), ptr("true"), []byte("1"), []byte("t"), []byte("TRUE"), namedBytes("true"), valuer{"t"}, valuer{[]byte("1")},
		1, int8(1), uint64(1), namedInt(1), 1.0, float32(1), json.Number("1"), json.Number("1.0"), json.Number("1e0"), json.Number("10e-1"), big.NewInt(1), big.NewFloat(1), rat("2/2"), "1.0", []byte("1.00"), []byte{1}, ptr([]byte{1}), namedBytes{1}, [1]byte{1}, ptr([1]byte{1}), valuer{int64(1)},
	}
	no := []any{
		false, "0", "f", "F", "false", "FALSE", "False", []byte("0"), []byte("f"), []byte("false"), 0, math.Copysign(0, -1), uint8(0), json.Number("0.00"), json.Number("-0"), json.Number("0e9"), new(big.Int), new(big.Rat), []byte{0}, [1]byte{}, valuer{[]byte{0}}, "0.0",
	}
	other := []any{
		"yes", "no", "on", "off", "y", "n", "tRUE", " true", "true ", "2", "-1", "1.5", "\x01", "null", "NaN", []byte("yes"), []byte{2}, []byte{0, 1}, []byte{1, 0}, []byte{0xff}, [1]byte{2}, [1]byte{'1'}, [4]byte([]byte("true")), [2]byte{0, 1},
		2, -1, 0.5, json.Number("2"), json.Number("x"), json.Number(""), big.NewInt(2), rat("1/2"), time.Unix(0, 0), []bool{true}, map[string]bool{}, n("1"), s("true"), bin(1),
	}
	for _, m := range []Mapping{forcing(Bool), textBytes(Bool)} {
		for _, v := range yes {
			got, err := convertValue(t, m, v)
			require.Nil(t, err, "%T %v", v, v)
			assert.Equal(t, boolean(true), got, "%T %v", v, v)
		}
		for _, v := range no {
			got, err := convertValue(t, m, v)
			require.Nil(t, err, "%T %v", v, v)
			assert.Equal(t, boolean(false), got, "%T %v", v, v)
		}
		for _, v := range other {
			_, err := convertValue(t, m, v)
			require.NotNil(t, err, "%T %v", v, v)
			assert.Equal(t, fault.Mapping, err.Reason)
			assert.NotEmpty(t, err.Advice().Remedy, "%T %v", v, v)
		}
	}
	_, err := convertValue(t, forcing(Bool), []byte{})
	require.NotNil(t, err, "no byte")
	got, err := convertValue(t, forcing(Bool), "")
	require.Nil(t, err)
	assert.Equal(t, null(), got)
}

// The type in an error is that of the value in the row, whatever its methods return.
func TestErrorsOfForcedTypesNameTheTypeOfTheSource(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		typ  Type
		v    any
		text string
	}{
		{Number, texter{'a', 'b'}, "the value of Go type typemap.texter is not a decimal number"},
		{Number, ptr(namedString(" 1")), "the value of Go type typemap.namedString is not a decimal number: its text begins or ends with white space"},
		{Number, namedFloat(math.Inf(1)), "the value of Go type typemap.namedFloat is NaN or infinite"},
		{Number, scalar{"1e200"}, "the value of Go type typemap.scalar is outside the range of a DynamoDB number, 1E-130 to 9.99...E125 or their negatives"},
		{Number, "1e200", "the value of Go type string is outside the range of a DynamoDB number, 1E-130 to 9.99...E125 or their negatives"},
		{NumberSet, []texter{{'1', '2'}}, "the member at index 0 of Go type typemap.texter is not a decimal number"},
		{NumberSet, []scalar{{"1e200"}}, "the member at index 0 of Go type typemap.scalar is outside the range of a DynamoDB number, 1E-130 to 9.99...E125 or their negatives"},
		{Binary, both{}, "Go type typemap.both cannot be converted to B"},
		{Bool, texter{'a', 'b'}, "the value of Go type typemap.texter does not spell a bool"},
		{EpochSeconds, scalar{"5"}, "Go type typemap.scalar cannot be converted to EPOCH_SECONDS"},
		{List, texter{'a', 'b'}, "the value of Go type typemap.texter is not valid JSON at byte 0"},
		{List, namedInt(5), "Go type typemap.namedInt cannot be converted to L"},
		{String, [2]byte{1, 2}, "Go type [2]byte cannot be converted to S"},
	} {
		_, err := convertValue(t, forcing(tt.typ), tt.v)
		require.NotNil(t, err, tt.text)
		assert.Equal(t, tt.text, err.Text)
	}
}

// The flaw of a text is named, and not the text.
func TestFlawsOfTexts(t *testing.T) {
	t.Parallel()
	const (
		alone  = "provide the number alone, with a decimal point and without separators, such as 1234.5"
		commas = "its text has thousands separators, or a comma for the decimal point"
		inner  = "its text has white space inside, as a thousands separator or otherwise"
		groups = "its text has thousands separators"
		sign   = "its text has a negative sign other than a leading '-'"
		number = `provide a numeric value such as 12.5, or set Field.Type to "S"`
	)
	type texts []string
	for _, tt := range []struct {
		typ          Type
		isNot        string
		texts        []string
		what, remedy string
	}{
		{Number, "is not a decimal number", texts{" 5", "5 ", "5\n", "\t5", "\u00a05", "5\u202f", " 1,5 ", "5\u3000"}, flawSpace.what, flawSpace.remedy},
		{Number, "is not a decimal number", texts{"\ufeff5", "5\u200b", "\ufeff 5"}, flawInvisible.what, flawInvisible.remedy},
		{Number, "is not a decimal number", texts{" ", "\u00a0", "\r\n", "\ufeff"}, flawBlank.what, flawBlank.remedy},
		{Number, "is not a decimal number", texts{"NULL", "null", "Null", `\N`, "NaN", "nan", "N/A", "n/a", "#N/A", "-", "--", "none", "None", "nil", "<NA>", "NaT", "#DIV/0!", " NULL ", "—", "."}, flawNull.what, flawNull.remedy},
		{Number, "is not a decimal number", texts{"5\x00", "\x001"}, flawControl.what, flawControl.remedy},
		{Number, "is not a decimal number", texts{"5\xff", "\xa05"}, flawUTF8.what, flawUTF8.remedy},
		{Number, "is not a decimal number", texts{`"5"`, "'5'"}, flawQuotes.what, flawQuotes.remedy},
		{Number, "is not a decimal number", texts{"1,234", "1,5", "1.234,5", "1,234,567.8", "1,23,456"}, commas, alone},
		{Number, "is not a decimal number", texts{"1 234", "1\u00a0234", "1\u202f234,5", "1\u2009234"}, inner, alone},
		{Number, "is not a decimal number", texts{"1'234", "1’234", "1_000", "1.234.567"}, groups, alone},
		{Number, "is not a decimal number", texts{"$5", "5 €", "£1,234", "5%", "5‰"}, "its text has a currency or percent sign", alone},
		{Number, "is not a decimal number", texts{"5 USD", "0x1F", "5kg", "1d"}, "its text has letters", alone},
		{Number, "is not a decimal number", texts{"٥", "５"}, "its text has digits other than 0 to 9", alone},
		{Number, "is not a decimal number", texts{"−5", "(5)", "5-"}, sign, alone},
		{Number, "is not a decimal number", texts{"Infinity", "-inf", "∞"}, "its text spells infinity", "provide nil or a number instead: DynamoDB has no infinity"},
		{Number, "is not a decimal number", texts{"five", "+-5", "1/2", "5:00", "e5"}, "", ""},
		{Binary, "is not base64", texts{" AQI=", "AQI= "}, flawSpace.what, flawSpace.remedy},
		{Binary, "is not base64", texts{"AQ I="}, flawInner.what, flawInner.remedy},
		{Binary, "is not base64", texts{"N/A", `\N`, "-"}, flawNull.what, flawNull.remedy},
		{Binary, "is not base64", texts{"-_8=", "-_8"}, "its text uses the URL alphabet", "encode the bytes by the standard alphabet of base64, or provide a []byte"},
		{Binary, "is not base64", texts{"AQI", "AQI=="}, "its text lacks the padding", "pad the base64 with '=' to a multiple of four characters, or provide a []byte"},
		{Binary, "is not base64", texts{"?x", "é"}, "", "encode the bytes as base64, or provide a []byte"},
		{Bool, "does not spell a bool", texts{"true ", "\u00a01"}, flawSpace.what, flawSpace.remedy},
		{Bool, "does not spell a bool", texts{"NULL", `\N`, "n/a"}, flawNull.what, flawNull.remedy},
		{Bool, "does not spell a bool", texts{"yes", "2"}, "", "provide a bool, 0 or 1, or a text that strconv.ParseBool takes, such as true, f or 1"},
		{List, "is not valid JSON at byte 0", texts{"NULL", `\N`, "None", "N/A"}, flawNull.what, flawNull.remedy},
		{List, "is not valid JSON at byte 0", texts{"\ufeff[]", "\u00a0[]"}, "", ""},
		{List, "is not valid JSON at byte 1", texts{"{1,2}", "{a,b}"}, "its text is an array in the notation of SQL", "provide a slice, or JSON text such as [1,2]"},
		{Map, "is not valid JSON at byte 1", texts{"{'a': 1}"}, "its text has single quotes where JSON has double quotes", "provide valid JSON text"},
		{StringSet, "is not valid JSON at byte 1", texts{"['a']", " x"}, "", ""},
		{NumberSet, "is not valid JSON at byte 0", texts{"1,2"[1:], "NaN"}, "", ""},
		{StringSet, "is not valid JSON at byte 0", texts{"a,b"}, "", "provide valid JSON text"},
	} {
		for _, text := range tt.texts {
			for _, v := range []any{text, []byte(text)} {
				if _, isBytes := v.([]byte); isBytes && tt.typ == Binary {
					continue // are the bytes
				}
				_, err := convertValue(t, forcing(tt.typ), v)
				require.NotNil(t, err, "%q as %s", text, tt.typ)
				assert.Equal(t, fault.Mapping, err.Reason)
				want := "the value of Go type " + fault.TypeName(v) + " " + tt.isNot
				if tt.what != "" {
					want += ": " + tt.what
				}
				if tt.what == "" && tt.remedy == "" {
					assert.True(t, strings.HasPrefix(err.Error(), want), "%q: %s", text, err.Error())
				} else {
					assert.Equal(t, want, err.Error(), "%q", text)
				}
				if tt.remedy != "" {
					assert.Equal(t, tt.remedy, err.Advice().Remedy, "%q", text)
				}
				assert.NotEmpty(t, err.Advice().Remedy)
				if tt.typ == Number {
					assert.ErrorIs(t, err, decimal.ErrSyntax)
				}
			}
		}
	}
	_, err := convertValue(t, forcing(Number), "five")
	assert.Equal(t, number, err.Advice().Remedy)
}

func TestFlawsOfMembers(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		typ  Type
		v    any
		text string
	}{
		"strings":         {NumberSet, []string{"1", "1,2"}, "the member at index 1 of Go type string is not a decimal number: its text has thousands separators, or a comma for the decimal point"},
		"JSON text":       {NumberSet, `["1", " 2"]`, "the member at index 1 of Go type string is not a decimal number: its text begins or ends with white space"},
		"bytes":           {NumberSet, [][]byte{[]byte("NULL")}, "the member at index 0 of Go type []byte is not a decimal number: " + flawNull.what},
		"base64":          {BinarySet, []string{"AQ"}, "the member at index 0 of Go type string is not base64: its text lacks the padding"},
		"base64 in JSON":  {BinarySet, `["AQ"]`, "the member at index 0 of Go type string is not base64: its text lacks the padding"},
		"bool in JSON":    {NumberSet, `[true]`, "the member at index 0 cannot be converted to N, the type of the members of NS"},
		"array of a bool": {NumberSet, []any{true}, "the member at index 0: Go type bool cannot be converted to N"},
		"json.Number":     {Number, json.Number("1,5"), "the value of Go type json.Number is not a decimal number: its text has thousands separators, or a comma for the decimal point"},
		"raw JSON":        {List, json.RawMessage("NULL"), "the value of Go type json.RawMessage is not valid JSON at byte 0: " + flawNull.what},
	} {
		_, err := convertValue(t, forcing(tt.typ), tt.v)
		require.NotNil(t, err, name)
		assert.Equal(t, tt.text, err.Error(), name)
		assert.NotEmpty(t, err.Advice().Remedy, name)
	}
}

// The search for a flaw reads no more of a long text than its ends, and finds what is there.
func TestFlawsOfLongTexts(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("1é", 1<<20)
	for text, want := range map[string]flaw{
		" " + long: flawSpace, long + "\u00a0": flawSpace, "\ufeff" + long: flawInvisible, strings.Repeat(" ", 1<<20): flawBlank, "\xff" + long + "\xff": {}, long: {},
	} {
		read := 0
		assert.Equal(t, want, findFlaw(text, func(text string) flaw { read = len(text); return flaw{} }))
		assert.LessOrEqual(t, read, maxExamined)
	}
	for _, typ := range []Type{Number, Binary, Bool, List, NumberSet, EpochSeconds} {
		_, err := convertValue(t, forcing(typ), long)
		require.NotNil(t, err, typ)
		assert.Less(t, len(err.Error())+len(err.Advice().Remedy), 400)
	}
}

// FuzzFlaws asserts that no text of a flaw quotes the row.
func FuzzFlaws(f *testing.F) {
	for _, text := range []string{"", " ", "1,5", "{'a'", "[", "\xff", "NULL", `"a"`, "'", strings.Repeat("x", 3000)} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, typ := range []Type{Number, Binary, Bool, List, Map, StringSet, NumberSet, EpochSeconds, SortableTime} {
			_, err := convertValue(t, forcing(typ), "secret"+text+"secret")
			if err != nil {
				require.NotContains(t, err.Error(), "secret")
				require.NotEmpty(t, err.Advice().Remedy)
			}
			_, _ = convertValue(t, forcing(typ), text)
		}
	})
}
