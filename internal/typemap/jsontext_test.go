package typemap

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/internal/fault"
)

type (
	Deep   struct{ Level int }
	Shadow struct {
		Deep
		Name  string `json:"name"`
		Level string `json:",omitempty"`
	}
	hiddenEmbedded struct{ Promoted int }
	Left           struct{ Both, OnlyLeft int }
	Right          struct{ Both, OnlyRight int }
	Tagged         struct {
		X int `json:"Both"`
	}
	oneIsZero        struct{ N int }
	twoIsZero        struct{ N int }
	embeddedPointers struct {
		*hiddenEmbedded `json:"inner"`
		*Deep           `json:"deep"`
	}
)

func (z oneIsZero) IsZero() bool  { return z.N == 1 }
func (z *twoIsZero) IsZero() bool { return z.N == 2 }

type everything struct {
	Shadow
	hiddenEmbedded
	*Left
	Right
	Named   hiddenEmbedded `json:"named"`
	Skipped int            `json:"-"`
	Dash    int            `json:"-,"` //nolint:staticcheck // the odd tags are what is tested
	private int
	Quoted  int        `json:",string"`
	QuotedS string     `json:"qs,string"`
	QuotedB *bool      `json:",string"`
	Odd     int        `json:"a/b.c"`
	Empty   []int      `json:"empty,omitempty"`
	EmptyM  struct{}   `json:"em,omitempty"`
	Zero    oneIsZero  `json:",omitzero"`
	Two     twoIsZero  `json:",omitzero"`
	TwoPtr  *twoIsZero `json:",omitzero"`
	AnyZero any        `json:",omitzero"`
	ZeroT   time.Time
	ZeroTO  time.Time `json:",omitzero"`
	Ptr     *int      `json:",omitempty"`
	NilPtr  *int
	Any     any
	Map     map[string]*Deep
	Bytes   []byte
	NilB    []byte
	Raw     json.RawMessage
	Array   [2]uint16
	F32     float32
	U       uint64
	R       rune
}

// compact returns JSON text with the keys of objects in order and without HTML escaping, as
// encoding/json makes it.
func compact(t testing.TB, v any) string {
	t.Helper()
	var text, out bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	require.NoError(t, e.Encode(v))
	d := json.NewDecoder(&text)
	d.UseNumber()
	var tree any
	require.NoError(t, d.Decode(&tree))
	e = json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	require.NoError(t, e.Encode(tree))
	return strings.TrimSuffix(out.String(), "\n")
}

func TestStructsAsEncodingJSONWritesThem(t *testing.T) {
	t.Parallel()
	type taggedHidden struct {
		hiddenEmbedded `json:"inner"`
		Tagged
		Right
	}
	type Loop struct {
		*Loop
		N int
	}
	yes := true
	full := everything{Shadow: Shadow{Deep{1}, "n<>", "lvl"}, hiddenEmbedded: hiddenEmbedded{2}, Left: &Left{1, 2}, Right: Right{3, 4}, private: 5, Quoted: 6, QuotedS: "a\"\u2028<é", QuotedB: &yes,
		Zero: oneIsZero{2}, Two: twoIsZero{2}, TwoPtr: &twoIsZero{1}, AnyZero: oneIsZero{1}, Ptr: new(int), Any: []any{1.5, map[string]any{"z": nil, "a": "<\x7f\b"}}, Map: map[string]*Deep{"k": {1}, "": nil}, Bytes: []byte("<>"), Raw: json.RawMessage(`{"b":1, "a":[1.0]}`),
		F32: 0.1, U: math.MaxUint64, R: 'x'}
	for i, v := range []any{everything{Zero: oneIsZero{1}, TwoPtr: &twoIsZero{2}}, full, &full, []everything{full}, taggedHidden{hiddenEmbedded{1}, Tagged{2}, Right{3, 4}}, Loop{N: 1}, struct{ A, B any }{}, struct {
		Left
		Right
	}{}, embeddedPointers{}, embeddedPointers{&hiddenEmbedded{1}, &Deep{2}}, map[string]uint8{"a": 1}, [][]uint16{{1}, nil}, map[uint8]*int{3: nil}} {
		got, err := convertValue(t, Mapping{}, v)
		require.Nil(t, err, i)
		assert.Equal(t, s(compact(t, v)), got, i)
	}
}

// Tags that encoding/json reads otherwise from Go 1.27 on are read as up to
// Go 1.26, so that no attribute changes its name with the version of Go.
func TestTagsAreReadAlikeOnEveryGoVersion(t *testing.T) {
	t.Parallel()
	for tag, want := range map[string]string{
		`bad"name`:         `{"F":{"N":1}}`,
		`a\b`:              `{"F":{"N":1}}`,
		`it's`:             `{"F":{"N":1}}`,
		"a\tb":             `{"F":{"N":1}}`,
		"\xff":             `{"F":{"N":1}}`,
		"€":                `{"F":{"N":1}}`,
		"😀":                `{"F":{"N":1}}`,
		"x,format:RFC3339": `{"x":{"N":1}}`,
		",embed":           `{"F":{"N":1}}`,
		// These are read alike by all.
		"é":           `{"é":{"N":1}}`,
		"a b/c.d":     `{"a b/c.d":{"N":1}}`,
		",inline":     `{"F":{"N":1}}`,
		",unknown":    `{"F":{"N":1}}`,
		"x,omitEmpty": `{"x":{"N":1}}`,
	} {
		odd := reflect.StructOf([]reflect.StructField{{
			Name: "F", Type: reflect.TypeFor[struct{ N int }](), Tag: reflect.StructTag(fmt.Sprintf("json:%q", tag)),
		}})
		value := reflect.New(odd).Elem()
		value.Field(0).Field(0).SetInt(1)
		got, err := convertValue(t, Mapping{}, value.Interface())
		require.Nil(t, err, tag)
		assert.Equal(t, s(want), got, tag)
	}
}

func TestFloatsInJSON(t *testing.T) {
	t.Parallel()
	for _, f := range []float64{0, math.Copysign(0, -1), 1, -1.5, 1e20, 1e21, 1e-6, 1e-7, 9.999e-7, 1e-10, 1e100, math.MaxFloat64, math.SmallestNonzeroFloat64, 123456789.123} {
		for _, v := range []any{[]float64{f}, []float32{float32(math.Min(f, math.MaxFloat32))}, []any{f}} {
			want, err := json.Marshal(v)
			require.NoError(t, err)
			got, rowErr := convertValue(t, Mapping{}, v)
			require.Nil(t, rowErr)
			assert.Equal(t, s(string(want)), got)
		}
	}
}

func TestKeysWithEqualText(t *testing.T) {
	t.Parallel()
	_, err := convertValue(t, Mapping{}, map[texter]int{{'a', 'b'}: 1, {'a', 'c'}: 2})
	require.Nil(t, err)
	_, err = convertValue(t, Mapping{}, map[clashing]int{1: 1, 2: 2})
	require.NotNil(t, err)
	require.Equal(t, fault.Mapping, err.Reason)
	_, err = convertValue(t, Mapping{}, map[*texter]int{nil: 1})
	require.Nil(t, err)
}

type clashing int

func (clashing) MarshalText() ([]byte, error) { return []byte("same"), nil }

// FuzzJSONText compares the parser and the writer with encoding/json.
func FuzzJSONText(f *testing.F) {
	for _, text := range []string{`null`, `{"b":[1,2.50,-0e1],"a":{"a":"\u00e9\ud83d\ude00\n"},"a":1}`, ` [ ] `, `"\ud800"`, `01`, `1.`, `tru`, `{"a":1,}`, "\"\x01\"", `"\/\b"`, `-`, `[1 2]`, `{"a" 1}`, `"\u12"`, `{"\u0061":1,"a":2}`, "{\"a\":\"\xcf\",\"a\":0}"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := convertValue(t, Mapping{}, json.RawMessage(text))
		valid := json.Valid([]byte(text)) && utf8.ValidString(text)
		if err != nil {
			require.True(t, !valid || strings.Contains(strings.ToLower(text), `\ud`) || strings.Count(text, "[")+strings.Count(text, "{") > 1000, "%v", err)
			if len(text) > 8 {
				require.NotContains(t, fmt.Sprintf("%v %+v", err, err), text)
			}
			return
		}
		require.True(t, valid)
		if strings.TrimSpace(text) == "null" {
			require.Equal(t, null(), got)
			return
		}
		require.Equal(t, s(compact(t, json.RawMessage(text))), got)
	})
}
