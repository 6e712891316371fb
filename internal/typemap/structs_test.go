package typemap

import (
	"database/sql"
	"encoding/json"
	"errors"
	"math"
	"math/big"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/internal/fault"
)

type (
	unwritable struct{ a, b int }
	allLeftOut struct {
		A int `json:"-"`
		B int `dynamodbav:"-"`
		c int
	}
	onlyInM struct {
		A int `dynamodbav:"a" json:"-"`
	}
	Locked struct {
		sync.Mutex
		N int
	}
	embedsUnwritable struct{ unwritable }
	embedsNothing    struct{ nothing }
	nothing          struct{}
	ambiguous        struct {
		time.Time
		big.Int
		N int
	}
	named struct {
		time.Time `json:"at"`
		big.Int   `dynamodbav:"big" json:"n"`
	}
	generic[T any] struct{ V T }
	shut[T any]    struct{ v T }
)

// Where a value goes beyond attributevalue, or its struct has json tags too.
func TestTagsOfStructsInDocuments(t *testing.T) {
	t.Parallel()
	moment := time.Unix(1_700_000_000, 999_999_999).UTC()
	type m = avMap
	for name, tt := range map[string]struct {
		v    any
		want avMap
	}{
		"each field by its own tag": {struct {
			A int   `dynamodbav:"a" json:"x"`
			B int   `json:"b"`
			C int   `dynamodbav:",omitempty" json:"-"`
			D int   `dynamodbav:"d" json:"-"`
			E int   `dynamodbav:"-" json:"e"`
			F int   `dynamodbav:"" json:"f"`
			G bool  `json:",string"`
			H bool  `dynamodbav:",string" json:",string"`
			I int   `dynamodbav:"i" json:",omitempty"`
			J []int `dynamodbav:"j,omitempty" json:",omitempty"`
			K []int `json:"k,omitempty"`
		}{A: 1, B: 2, C: 3, D: 4, E: 5, F: 6, J: []int{}, K: []int{}}, m{
			"a": n("1"), "b": n("2"), "C": n("3"), "d": n("4"), "f": n("6"), "G": s("false"), "H": boolean(false), "i": n("0"), "j": list(),
		}},
		"a name of either tag wins over a Go name": {struct {
			Both int
			avTagged
			X int `json:"Only"`
			avBoth
		}{1, avTagged{2}, 3, avBoth{4, 5}}, m{"Both": n("1"), "Only": n("3")}},
		"embedded with a json name": {struct {
			Deep     `json:"deep"`
			avHidden `json:"hidden"`
		}{Deep{1}, avHidden{2}}, m{"deep": object(m{"Level": n("1")}), "hidden": object(m{"promoted": n("2")})}},
		"embedded with a json name and dynamodbav options": {struct {
			Deep `dynamodbav:",omitempty" json:"deep"`
		}{Deep{1}}, m{"Level": n("1")}},
		"unixtime rounds down and looks into wrappers": {struct {
			T time.Time            `dynamodbav:",unixtime"`
			N namedTime            `dynamodbav:",unixtime"`
			P **namedTime          `dynamodbav:",unixtime"`
			W sql.NullTime         `dynamodbav:",unixtime"`
			Z sql.NullTime         `dynamodbav:",unixtime"`
			A types.AttributeValue `dynamodbav:",unixtime"`
			F float64              `dynamodbav:",unixtime"`
		}{moment, namedTime(moment), ptr(ptr(namedTime(moment))), sql.NullTime{Time: moment, Valid: true}, sql.NullTime{}, s("av"), 1.5}, m{
			"T": n("1700000000"), "N": n("1700000000"), "P": n("1700000000"), "W": n("1700000000"), "Z": null(), "A": s("av"), "F": n("1.5"),
		}},
		"sets of more than attributevalue takes": {struct {
			D []string            `dynamodbav:"d,stringset"`
			E []any               `dynamodbav:"e,numberset"`
			I []int               `dynamodbav:"i,stringset"`
			T []namedTime         `dynamodbav:"t,stringset"`
			M map[string]struct{} `dynamodbav:"m,stringset"`
			B map[int]bool        `dynamodbav:"b,numberset"`
			F map[int]bool        `dynamodbav:"f,numberset"`
			Y map[[2]byte]nothing `dynamodbav:"y,binaryset"`
			Z [][2]byte           `dynamodbav:"z,binaryset"`
			A map[any]struct{}    `dynamodbav:"a,stringset"`
			J json.RawMessage     `dynamodbav:"j,stringset"`
			N json.RawMessage     `dynamodbav:"n,stringset"`
			V sql.Null[[]string]  `dynamodbav:"v,stringset,omitempty"`
			O map[string]struct{} `dynamodbav:"o,stringset,omitempty"`
		}{
			D: []string{"b", "a", "b"}, E: []any{1, "1.0", 2.5}, I: []int{1}, T: []namedTime{namedTime(moment.Truncate(time.Second))}, M: map[string]struct{}{"y": {}, "x": {}},
			B: map[int]bool{1: true, 2: false}, F: map[int]bool{1: false}, Y: map[[2]byte]nothing{{1, 2}: {}}, Z: [][2]byte{{1, 2}, {1, 2}}, A: map[any]struct{}{1: {}, "x": {}, true: {}},
			J: json.RawMessage(`["r"]`), N: json.RawMessage(`null`),
		}, m{
			"d": ss("b", "a"), "e": ns("1", "2.5"), "i": ss("1"), "t": ss("2023-11-14T22:13:20Z"), "m": ss("x", "y"), "b": ns("1"), "f": null(),
			"y": bs([]byte{1, 2}), "z": bs([]byte{1, 2}), "a": ss("1", "true", "x"), "j": ss("r"), "n": null(), "v": null(),
		}},
		"a slice of bytes without binaryset keeps order and duplicates": {struct {
			B [][]byte `dynamodbav:"b"`
		}{[][]byte{{2}, {1}, {2}}}, m{"b": list(bin(2), bin(1), bin(2))}},
		"string of any number": {struct {
			B any                  `dynamodbav:",string"`
			C any                  `dynamodbav:",string"`
			F float64              `dynamodbav:",string"`
			N any                  `dynamodbav:",string"`
			V valuer               `dynamodbav:",string"`
			A types.AttributeValue `dynamodbav:",string"`
		}{bigInt("123456789012345678901234567890123456789012345"), bigFloat("0.5"), 1e-7, json.Number("1e400"), valuer{int64(7)}, n("1.0")}, m{
			"B": s("123456789012345678901234567890123456789012345"), "C": s("0.5"), "F": s("0.0000001"), "N": s("1e400"), "V": s("7"), "A": n("1"),
		}},
		"members of wrapped and named containers": {struct {
			L *marshalingSlice       `dynamodbav:",omitemptyelem"`
			A map[any]any            `dynamodbav:",omitemptyelem"`
			R json.RawMessage        `dynamodbav:",omitemptyelem"`
			V valuer                 `dynamodbav:",omitemptyelem"`
			N []types.AttributeValue `dynamodbav:",omitemptyelem,nullempty"`
		}{&marshalingSlice{0}, map[any]any{1: nil, true: 0}, json.RawMessage(`[0,""]`), valuer{"x"}, []types.AttributeValue{nil, s("")}}, m{
			"L": object(m{"length": n("1")}), "A": object(m{"true": n("0")}), "R": list(n("0"), s("")), "V": s("x"), "N": list(s("")),
		}},
		"generic": {generic[generic[avHidden]]{generic[avHidden]{avHidden{1}}}, m{"V": object(m{"V": object(m{"promoted": n("1")})})}},
		"a name of its own keeps what an embedded struct speaks": {named{moment.Truncate(time.Second), *bigInt("7")}, m{"at": s("2023-11-14T22:13:20Z"), "big": n("7")}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := convertValue(t, forcing(Map), tt.v)
			if err != nil {
				require.NoError(t, err)
			}
			require.Equal(t, object(tt.want), got)
		})
	}
}

// JSON text is written by json tags; of dynamodbav tags only "-" counts.
func TestTagsOfStructsInJSONText(t *testing.T) {
	t.Parallel()
	type tagged struct {
		A time.Time `dynamodbav:"a,unixtime" json:"x"`
		B int       `dynamodbav:"-"`
		C int       `dynamodbav:"-" json:"c"`
		D int       `dynamodbav:"d" json:"-"`
		E []int     `dynamodbav:"e,numberset"`
		F int       `dynamodbav:",omitempty"`
	}
	v := tagged{A: time.Unix(0, 0).UTC(), B: 1, C: 2, D: 3, E: []int{1, 1}}
	for _, typ := range []Type{Auto, JSON} {
		got, err := convertValue(t, forcing(typ), v)
		require.Nil(t, err)
		assert.Equal(t, s(`{"E":[1,1],"F":0,"x":"1970-01-01T00:00:00Z"}`), got)
		got, err = convertValue(t, forcing(typ), []any{map[any]*tagged{1: &v}})
		require.Nil(t, err)
		assert.Equal(t, s(`[{"1":{"E":[1,1],"F":0,"x":"1970-01-01T00:00:00Z"}}]`), got)
	}
}

func TestStructsOfWhichNothingCanBeWritten(t *testing.T) {
	t.Parallel()
	hidden := unwritable{1, 2}
	for name, v := range map[string]any{
		"unexported fields": hidden, "pointer": &hidden, "fields left out by tags": allLeftOut{1, 2, 3}, "embedded": embedsUnwritable{hidden}, "embedded pointer": struct{ *unwritable }{&hidden},
		"a type of the standard library": &sync.Mutex{}, "atomic": &atomic.Int64{}, "error": errors.New("secret"), "reflect.Value": reflect.ValueOf("secret"), "generic": shut[int]{1},
		"in a slice": []unwritable{hidden}, "in a map": map[string]unwritable{"k": hidden}, "in any": []any{map[any]any{1: hidden}}, "in a field": struct{ F any }{hidden}, "in a field with a tag": struct {
			F unwritable `dynamodbav:"f,omitempty" json:"f,omitempty"`
		}{hidden},
		"unexported with a name": struct {
			unwritable `json:"u"`
		}{hidden},
		"names that clash": struct {
			clashLeft
			clashRight
		}{},
		"embedded time whose methods are ambiguous": ambiguous{N: 1}, "embedded pointer to it": struct {
			*time.Time
			*big.Int
			N int
		}{},
	} {
		for _, typ := range []Type{Auto, JSON, List} {
			_, err := convertValue(t, forcing(typ), []any{v})
			require.NotNil(t, err, "%s as %s", name, typ)
			assert.Equal(t, fault.Mapping, err.Reason, name)
			assert.NotContains(t, err.Error(), "secret", name)
		}
	}
	for name, tt := range map[string]struct {
		v    any
		want types.AttributeValue
	}{
		"no fields": {nothing{}, object(avMap{})}, "no size": {struct{ _ [0]func() }{}, object(avMap{})}, "embeds no fields": {embedsNothing{nothing{}}, object(avMap{})},
		"all omitted": {struct {
			A int `json:",omitempty"`
		}{}, object(avMap{})},
		"nil embedded pointer": {struct{ *Left }{}, object(avMap{})}, "nil pointer": {(*unwritable)(nil), null()},
		"embedded mutex": {&Locked{N: 1}, object(avMap{"N": n("1")})}, "unexported embedded": {struct {
			embedsUnwritable
			N int
		}{N: 1}, object(avMap{"N": n("1")})},
		"only in M": {onlyInM{1}, object(avMap{"a": n("1")})}, "speaks for itself": {texter{'a', 'b'}, s("a-b")},
	} {
		got, err := convertValue(t, forcing(List), []any{tt.v})
		require.Nil(t, err, name)
		assert.Equal(t, list(tt.want), got, name)
	}
}

type (
	clashLeft  struct{ Both int }
	clashRight struct{ Both int }
	clashDeep  struct {
		Owner int `dynamodbav:"id"`
		clashBase
	}
	clashBase struct {
		ID int `json:"id"`
	}
)

func TestErrorsOfStructsNameTypeAndField(t *testing.T) {
	t.Parallel()
	const u = "Go type typemap.unwritable is a struct without a field that can be written"
	for name, tt := range map[string]struct {
		typ          Type
		v            any
		text, remedy string // "" is any remedy
	}{
		"JSON": {Auto, unwritable{}, u, structRemedy}, "M": {Map, &unwritable{}, u, structRemedy}, "nested": {Auto, []any{unwritable{}}, "a nested value: " + u, structRemedy},
		"only in M":               {Auto, onlyInM{}, `Go type typemap.onlyInM has only fields whose json tag is "-", and JSON text is written by json tags`, `set Field.Type to "M", or give the fields json tags`},
		"ambiguous":               {Map, ambiguous{}, "Go type typemap.ambiguous embeds Go type time.Time, of which no field can be written", "give the embedded field a name in its tag"},
		"both tags at two depths": {Map, clashDeep{}, "the json tag and the dynamodbav tag of fields Owner and ID of Go type typemap.clashDeep give the same name", "give each of the two fields a dynamodbav tag with a name of its own"},
		"both tags":               {Map, bothTags{}, "the json tag and the dynamodbav tag of fields ID and Key of Go type typemap.bothTags give the same name", "give each of the two fields a dynamodbav tag with a name of its own"},
		"set of an int": {Map, setOf[int]{}, "a nested value: field V of Go type typemap.setOf[int] has the tag option stringset, which does not apply to Go type int",
			"provide a slice, an array, or a map to struct{} or bool, or remove the option from the dynamodbav tag"},
		"set of text":            {Map, setOf[string]{`["a"]`}, "a nested value: field V of Go type typemap.setOf[string] has the tag option stringset, which does not apply to Go type string", ""},
		"set of bytes":           {Map, setOf[namedBytes]{namedBytes{}}, "a nested value: field V of Go type typemap.setOf[github.com/dynamodest/dynamodest/internal/typem… has the tag option stringset, which does not apply to Go type []byte", ""},
		"set of a byte array":    {Map, setOf[*[1]byte]{&[1]byte{}}, "a nested value: field V of Go type typemap.setOf[*[1]byte] has the tag option stringset, which does not apply to Go type [1]byte", ""},
		"set of a map":           {Map, setOf[map[string]int]{map[string]int{}}, "a nested value: field V of Go type typemap.setOf[map[string]int] has the tag option stringset, which does not apply to Go type map[string]int", ""},
		"set of a hidden struct": {Map, hiddenSet{}, "a nested value: field avHidden of Go type typemap.hiddenSet has the tag option numberset, which does not apply to Go type typemap.avHidden", ""},
		"nil member":             {Map, setOf[[]any]{[]any{"a", nil}}, "a nested value: field V of Go type typemap.setOf[[]any]: the member at index 1 is nil", "remove the nil member"},
		"member of a map":        {Map, setOf[map[any]bool]{map[any]bool{nothing{}: true}}, "a nested value: field V of Go type typemap.setOf[map[any]bool]: a member: Go type typemap.nothing cannot be converted to S", ""},
		"NULL member": {Map, struct {
			F []string `dynamodbav:",stringset,nullemptyelem"`
		}{[]string{""}}, "", "remove the nil member"},
		"unixtime of text":  {Map, timeOf[string]{"2026"}, "a nested value: field V of Go type typemap.timeOf[string] has the tag option unixtime, which does not apply to Go type string", "provide a time or a number of seconds, or remove the option from the dynamodbav tag"},
		"unixtime of times": {Map, timeOf[[]time.Time]{[]time.Time{{}}}, "a nested value: field V of Go type typemap.timeOf[[]time.Time] has the tag option unixtime, which does not apply to Go type []time.Time", ""},
		"omitempty and nullempty": {Map, struct {
			F int `dynamodbav:",omitempty,nullempty"`
		}{}, "", "remove one of the two options from the dynamodbav tag"},
		"omitemptyelem and nullemptyelem": {Map, struct {
			F []int `dynamodbav:",omitemptyelem,nullemptyelem"`
		}{[]int{0}}, "", "remove one of the two options from the dynamodbav tag"},
		"the same in a set": {Map, contradictory{[]int{0}}, "a nested value: field F of Go type typemap.contradictory has tag options that exclude each other: omitempty and nullempty, or omitemptyelem and nullemptyelem", ""},
		"NaN as text": {Map, struct {
			F float64 `dynamodbav:",string"`
		}{math.NaN()}, "a nested value is NaN or infinite", ""},
		"no number as text": {Map, struct {
			F json.Number `dynamodbav:",string"`
		}{"secret"}, "a nested value is not a decimal number", ""},
		"empty number as text": {Map, struct {
			F json.Number `dynamodbav:",string"`
		}{}, "a nested value is empty text, which is not a number", ""},
		"chan": {Map, struct {
			F chan int `dynamodbav:",omitempty"`
		}{make(chan int)}, "a nested value: Go type chan int cannot be stored in DynamoDB", ""},
		"empty name": {Map, map[any]any{"": 1}, "the value holds a name that is empty or has more than 65535 bytes", ""},
		"cyclic pointer with options": {Map, struct {
			F cyclicPointer `dynamodbav:",omitempty,omitemptyelem"`
		}{cyclicValues()["pointer"].(cyclicPointer)}, "", "provide the final value"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := convertValue(t, forcing(tt.typ), tt.v)
			require.NotNil(t, err)
			require.Equal(t, fault.Mapping, err.Reason)
			if tt.text != "" {
				require.EqualError(t, err, tt.text)
			}
			if tt.remedy != "" {
				require.Equal(t, tt.remedy, err.Advice().Remedy)
			}
		})
	}
}

type (
	bothTags struct {
		ID  string `json:"id"`
		Key string `dynamodbav:"id" json:"key"`
	}
	setOf[T any] struct {
		V T `dynamodbav:"v,stringset"`
	}
	timeOf[T any] struct {
		V T `dynamodbav:"v,unixtime"`
	}
	contradictory struct {
		F []int `dynamodbav:",numberset,omitemptyelem,nullemptyelem"`
	}
	hiddenSet struct {
		avHidden `dynamodbav:"h,numberset"`
	}
)

// Sets that a value references many times count each time.
func TestSetsInDocumentsAreBounded(t *testing.T) {
	t.Parallel()
	one := &setOf[[]string]{make([]string, 1000)}
	for i := range one.V {
		one.V[i] = string(rune('a'+i%26)) + string(rune(0x100+i))
	}
	many := make([]any, 1000)
	for i := range many {
		many[i] = one
	}
	_, err := convertValue(t, forcing(List), many)
	require.NotNil(t, err)
	assert.Equal(t, fault.TooLarge, err.Reason)
	assert.ErrorContains(t, err, "the value has more than 409600 bytes")
}
