package typemap

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

type (
	avTagged struct {
		X int `dynamodbav:"Both"`
	}
	avBoth   struct{ Both, Only int }
	avHidden struct {
		Promoted int `dynamodbav:"promoted"`
	}
	avTwice struct {
		A int `dynamodbav:"same"`
		B int `dynamodbav:"same"`
		C int
	}
	avOuter struct {
		avBoth
		avTagged
		avHidden `dynamodbav:",omitempty,unknown"`
		*Deep    `dynamodbav:"deep"`
		Level    int
	}
	avPointers struct {
		*avBoth
		*Deep `dynamodbav:",inline"`
	}
	avNamedHidden struct {
		avHidden `dynamodbav:"inner"`
		*Deep    `dynamodbav:"-"`
	}
	AVLoop struct {
		*AVLoop
		N int
	}
	avStringer string
	avTime     time.Time
)

// dynamodbavCases returns structs with no tags but dynamodbav tags, and the M that Marshal of
// feature/dynamodb/attributevalue v1.21.21 makes of each of them.
func dynamodbavCases() map[string]struct {
	v    any
	want avMap
} {
	moment := time.Date(2026, 3, 4, 5, 6, 7, 891_000_000, time.FixedZone("", 3600))
	before := time.Unix(-2, 500_000_000).UTC()
	zero, nilP := 0, (*int)(nil)
	nilPP, zeroP := &nilP, &zero
	type m = avMap
	return map[string]struct {
		v    any
		want avMap
	}{
		"names": {struct {
			A int `dynamodbav:"a"`
			B int `dynamodbav:",omitempty"`
			C int `dynamodbav:"-"`
			D int `dynamodbav:"-,"`
			E int `dynamodbav:""`
			F int `dynamodbav:"a \"b\"/ü€,unknown"`
			G int
			h int
		}{1, 2, 3, 4, 5, 6, 7, 8}, m{"a": n("1"), "B": n("2"), "E": n("5"), `a "b"/ü€`: n("6"), "G": n("7")}},
		"omitempty leaves out": {struct {
			S  string         `dynamodbav:",omitempty"`
			I  int            `dynamodbav:",omitempty"`
			U  uint8          `dynamodbav:",omitempty"`
			F  float64        `dynamodbav:",omitempty"`
			Z  float32        `dynamodbav:",omitempty"`
			B  bool           `dynamodbav:",omitempty"`
			P  *int           `dynamodbav:",omitempty"`
			A  any            `dynamodbav:",omitempty"`
			L  []int          `dynamodbav:",omitempty"`
			M  map[string]int `dynamodbav:",omitempty"`
			E  [0]int         `dynamodbav:",omitempty"`
			N  json.Number    `dynamodbav:",omitempty"`
			By []byte         `dynamodbav:",omitempty"`
			PP **int          `dynamodbav:",omitempty,omitemptyelem"`
			P0 **int          `dynamodbav:",omitempty"`
		}{Z: float32(math.Copysign(0, -1)), PP: nilPP, P0: &zeroP}, m{}},
		"omitempty keeps": {struct {
			L  []int           `dynamodbav:",omitempty"`
			M  map[string]int  `dynamodbav:",omitempty"`
			E  [1]int          `dynamodbav:",omitempty"`
			P  *int            `dynamodbav:",omitempty"`
			PP **int           `dynamodbav:",omitempty"`
			A  any             `dynamodbav:",omitempty"`
			T  time.Time       `dynamodbav:",omitempty"`
			S  struct{ A int } `dynamodbav:",omitempty"`
			By []byte          `dynamodbav:",omitempty"`
		}{L: []int{}, M: map[string]int{}, P: &zero, PP: nilPP, A: 0, By: []byte{}}, m{
			"L": list(), "M": object(m{}), "E": list(n("0")), "P": n("0"), "PP": null(), "A": n("0"),
			"T": s("0001-01-01T00:00:00Z"), "S": object(m{"A": n("0")}), "By": bin(),
		}},
		"nullempty": {struct {
			S  string             `dynamodbav:",nullempty"`
			I  int                `dynamodbav:",nullempty"`
			B  bool               `dynamodbav:",nullempty"`
			F  float64            `dynamodbav:",nullempty"`
			L  []int              `dynamodbav:",nullempty"`
			E  [0]int             `dynamodbav:",nullempty"`
			L0 []int              `dynamodbav:",nullempty"`
			T  time.Time          `dynamodbav:",nullempty"`
			P  *int               `dynamodbav:",nullempty"`
			S1 string             `dynamodbav:",nullempty"`
			St struct{ A string } `dynamodbav:",nullempty"`
		}{L0: []int{}, P: &zero, S1: "x"}, m{
			"S": null(), "I": null(), "B": null(), "F": null(), "L": null(), "E": null(), "L0": list(),
			"T": s("0001-01-01T00:00:00Z"), "P": n("0"), "S1": s("x"), "St": object(m{"A": s("")}),
		}},
		"nothing set": {struct {
			P *int
			A any
			L []int
			M map[string]int
			S string
			T *time.Time
		}{}, m{"P": null(), "A": null(), "L": null(), "M": null(), "S": s(""), "T": null()}},
		"omitemptyelem": {struct {
			L  []string             `dynamodbav:",omitemptyelem"`
			A  [3]int               `dynamodbav:",omitemptyelem"`
			M  map[string]*int      `dynamodbav:",omitemptyelem"`
			P  *[]int               `dynamodbav:",omitemptyelem"`
			I  any                  `dynamodbav:",omitemptyelem"`
			LL [][]int              `dynamodbav:",omitemptyelem"`
			MM map[string][]string  `dynamodbav:",omitemptyelem"`
			X  []any                `dynamodbav:",omitemptyelem"`
			S  []struct{ A string } `dynamodbav:",omitemptyelem"`
			T  []time.Time          `dynamodbav:",omitemptyelem"`
			N  int                  `dynamodbav:",omitemptyelem"`
			B  []byte               `dynamodbav:",omitemptyelem"`
			E  []string             `dynamodbav:",omitemptyelem"`
		}{
			L: []string{"a", "", "b"}, A: [3]int{0, 1, 0}, M: map[string]*int{"nil": nil, "zero": &zero}, P: &[]int{0, 2}, I: []bool{false, true},
			LL: [][]int{nil, {}, {0}, {0, 1}}, MM: map[string][]string{"a": nil, "b": {"", "x"}}, X: []any{nil, 0, "", "x"},
			S: []struct{ A string }{{""}}, T: []time.Time{{}}, B: []byte{0, 1}, E: []string{""},
		}, m{
			"L": list(s("a"), s("b")), "A": list(n("1")), "M": object(m{"zero": n("0")}), "P": list(n("2")), "I": list(boolean(true)),
			"LL": list(list(), list(), list(n("1"))), "MM": object(m{"b": list(s("x"))}), "X": list(n("0"), s(""), s("x")),
			"S": list(object(m{"A": s("")})), "T": list(s("0001-01-01T00:00:00Z")), "N": n("0"), "B": bin(0, 1), "E": list(),
		}},
		"nullemptyelem": {struct {
			L  []string         `dynamodbav:",nullemptyelem"`
			M  map[string]int   `dynamodbav:",nullemptyelem"`
			LL [][]int          `dynamodbav:",nullemptyelem"`
			O  []int            `dynamodbav:",nullemptyelem,omitempty"`
			X  map[string][]int `dynamodbav:",nullemptyelem"`
		}{[]string{"a", ""}, map[string]int{"a": 0, "b": 1}, [][]int{nil, {}, {0}}, nil, map[string][]int{"a": nil, "b": {0}}}, m{
			"L": list(s("a"), null()), "M": object(m{"a": null(), "b": n("1")}), "LL": list(null(), list(), list(n("0"))), "X": object(m{"a": null(), "b": list(n("0"))}),
		}},
		"string": {struct {
			I  int         `dynamodbav:",string"`
			U  uint64      `dynamodbav:",string"`
			F  float64     `dynamodbav:",string"`
			G  float32     `dynamodbav:",string"`
			H  float64     `dynamodbav:",string"`
			P  *int        `dynamodbav:",string"`
			NP *int        `dynamodbav:",string"`
			N  json.Number `dynamodbav:",string"`
			B  bool        `dynamodbav:",string"`
			S  string      `dynamodbav:",string"`
			L  []int       `dynamodbav:",string,omitemptyelem"`
			A  any         `dynamodbav:",string"`
			E  int         `dynamodbav:",string,omitempty"`
			T  time.Time   `dynamodbav:",string"`
		}{-1, math.MaxUint64, 0.1, 0.1, 1e25, &zero, nil, "1.50", true, "x", []int{1, 0}, 7, 0, time.Unix(0, 0).UTC()}, m{
			"I": s("-1"), "U": s("18446744073709551615"), "F": s("0.1"), "G": s("0.1"), "H": s("10000000000000000000000000"), "P": s("0"), "NP": null(),
			"N": s("1.50"), "B": boolean(true), "S": s("x"), "L": list(n("1")), "A": s("7"), "T": s("1970-01-01T00:00:00Z"),
		}},
		"unixtime": {struct {
			T  time.Time  `dynamodbav:",unixtime"`
			P  *time.Time `dynamodbav:"p,unixtime"`
			N  *time.Time `dynamodbav:"n,unixtime"`
			O  *time.Time `dynamodbav:"o,omitempty,unixtime"`
			A  any        `dynamodbav:"a,unixtime"`
			Z  time.Time  `dynamodbav:"z,unixtime,omitempty"`
			M  avTime     `dynamodbav:"m,unixtime"`
			I  int64      `dynamodbav:"i,unixtime"`
			U  *uint32    `dynamodbav:"u,unixtime"`
			PP **int      `dynamodbav:"pp,unixtime"`
		}{T: moment, P: &before, A: moment, M: avTime(before), I: 5, PP: nilPP}, m{
			"T": n("1772597167"), "p": n("-2"), "n": null(), "a": n("1772597167"), "z": n("-62135596800"), "m": n("-2"), "i": n("5"), "u": null(), "pp": null(),
		}},
		"sets": {struct {
			S  []string      `dynamodbav:"s,stringset"`
			N  []float64     `dynamodbav:"n,numberset"`
			B  [][]byte      `dynamodbav:"b,binaryset"`
			Ns []avStringer  `dynamodbav:"ns,stringset"`
			Ar [2]int        `dynamodbav:"ar,numberset"`
			P  *[]string     `dynamodbav:"p,stringset"`
			I  any           `dynamodbav:"i,stringset"`
			X  []any         `dynamodbav:"x,stringset"`
			J  []json.Number `dynamodbav:"j,numberset"`
			Pt []*string     `dynamodbav:"pt,stringset"`
			E  []string      `dynamodbav:"e,stringset,omitemptyelem"`
			V  []string      `dynamodbav:"v,numberset,omitempty"`
		}{
			[]string{"b", "a", ""}, []float64{1.5, 2}, [][]byte{{1}, {}}, []avStringer{"x"}, [2]int{2, 1}, &[]string{"p"}, []string{"i"},
			[]any{"x", "y"}, []json.Number{"1"}, []*string{ptr("z")}, []string{"", "e"}, nil,
		}, m{
			"s": ss("b", "a", ""), "n": ns("1.5", "2"), "b": bs([]byte{1}, []byte{}), "ns": ss("x"), "ar": ns("2", "1"), "p": ss("p"), "i": ss("i"),
			"x": ss("x", "y"), "j": ns("1"), "pt": ss("z"), "e": ss("e"),
		}},
		"empty sets": {struct {
			N []string `dynamodbav:"n,stringset"`
			E []string `dynamodbav:"e,stringset"`
			Z []int    `dynamodbav:"z,numberset,omitempty"`
			B [][]byte `dynamodbav:"b,binaryset,omitempty"`
			A [0]int   `dynamodbav:"a,numberset"`
		}{E: []string{}, B: [][]byte{}}, m{"n": null(), "e": null(), "b": null(), "a": null()}},
		"the last of several sets": {struct {
			A []int    `dynamodbav:",stringset,numberset"`
			B [][]byte `dynamodbav:",binaryset,numberset"`
		}{[]int{1}, [][]byte{{1}}}, m{"A": ns("1"), "B": bs([]byte{1})}},
		"embedded":               {avOuter{avBoth{1, 2}, avTagged{3}, avHidden{4}, &Deep{5}, 6}, m{"Only": n("2"), "Both": n("3"), "promoted": n("4"), "deep": object(m{"Level": n("5")}), "Level": n("6")}},
		"embedded, nil":          {avOuter{}, m{"Only": n("0"), "Both": n("0"), "promoted": n("0"), "deep": null(), "Level": n("0")}},
		"embedded pointers":      {avPointers{&avBoth{1, 2}, &Deep{3}}, m{"Both": n("1"), "Only": n("2"), "Level": n("3")}},
		"embedded nil pointers":  {avPointers{}, m{}},
		"unexported with a name": {avNamedHidden{avHidden{1}, &Deep{2}}, m{"inner": object(m{"promoted": n("1")})}},
		"equal names":            {avTwice{1, 2, 3}, m{"C": n("3")}},
		"embeds itself":          {AVLoop{N: 1}, m{"N": n("1")}},
		"nested": {struct {
			A []avHidden          `dynamodbav:"a"`
			B map[string]avHidden `dynamodbav:"b,omitempty"`
			C *avHidden           `dynamodbav:"c"`
			D any                 `dynamodbav:"d"`
		}{[]avHidden{{1}}, map[string]avHidden{"k": {2}}, &avHidden{3}, avHidden{4}}, m{
			"a": list(object(m{"promoted": n("1")})), "b": object(m{"k": object(m{"promoted": n("2")})}), "c": object(m{"promoted": n("3")}), "d": object(m{"promoted": n("4")}),
		}},
	}
}

func TestDynamodbavTags(t *testing.T) {
	t.Parallel()
	for name, tt := range dynamodbavCases() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := convertValue(t, forcing(Map), tt.v)
			if err != nil {
				require.NoError(t, err)
			}
			require.Equal(t, object(tt.want), got)
			got, err = convertValue(t, forcing(List), []any{tt.v})
			if err != nil {
				require.NoError(t, err)
			}
			require.Equal(t, list(object(tt.want)), got)
		})
	}
}
