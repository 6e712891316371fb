package typemap

import (
	"database/sql"
	"database/sql/driver"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"
)

// says is what a Valuer answers, whatever it holds.
type says string

// Valuers over containers, each with an answer of its choice first.
type (
	listSaying   []any
	mapSaying    map[says]any
	wideInt      [4]uint64 // answers with its digits, as uint256.Int
	words        []string  // answers with its members and commas
	stringSet    map[string]struct{}
	sealed       []string // answers with a ciphertext
	sealedStruct struct{ Plain map[string]string }
	sealedJSON   []string
	holder       struct{ V any }
	endless      *endless

	padded[T any] struct {
		N     T
		Valid bool
	}
	amount string // answers with a float64
)

func (x listSaying) Value() (driver.Value, error) { return string(x[0].(says)), nil }
func (x mapSaying) Value() (driver.Value, error) {
	for said := range x {
		return string(said), nil
	}
	return nil, nil
}
func (x *wideInt) Value() (driver.Value, error)   { return fmt.Sprint(x[0]), nil }
func (x words) Value() (driver.Value, error)      { return strings.Join(x, ","), nil }
func (stringSet) Value() (driver.Value, error)    { return `["a","b"]`, nil }
func (sealed) Value() (driver.Value, error)       { return "kJd8Zx==", nil }
func (sealedStruct) Value() (driver.Value, error) { return []byte("kJd8Zx=="), nil }
func (sealedJSON) Value() (driver.Value, error)   { return `{"ciphertext":"kJ"}`, nil }
func (holder) Value() (driver.Value, error)       { return "held", nil }
func (x padded[T]) Value() (driver.Value, error)  { return fmt.Sprintf("%03v", x.N), nil }
func (x amount) Value() (driver.Value, error)     { return 5.5, nil }

// A Valuer that answers for a container by a text of its own choice is written as that text, whatever
// the container holds; a literal of SQL gives way to the members.
func TestLiteralsOfContainers(t *testing.T) {
	t.Parallel()
	var toItself any
	toItself = &toItself
	var pointers endless
	pointers = &pointers
	for name, tt := range map[string]struct {
		typ  Type
		v    any
		want types.AttributeValue
	}{
		"digits":                   {Auto, &wideInt{7}, s("7")},
		"digits by value":          {Auto, wideInt{7}, s("7")},
		"N of digits":              {Number, &wideInt{7}, n("7")},
		"NS of digits":             {NumberSet, []wideInt{{7}}, ns("7")},
		"digits in L":              {List, []*wideInt{{7}}, list(s("7"))},
		"ciphertext":               {Auto, sealed{"pin"}, s("kJd8Zx==")},
		"ciphertext of nothing":    {Auto, sealed{}, s("kJd8Zx==")},
		"ciphertext in L":          {List, []sealed{{"pin"}}, list(s("kJd8Zx=="))},
		"ciphertext in JSON":       {Auto, []sealed{{"pin"}}, s(`["kJd8Zx=="]`)},
		"Null of ciphertext":       {Auto, sql.Null[sealed]{V: sealed{"pin"}, Valid: true}, s("kJd8Zx==")},
		"ciphertext of a field":    {Auto, sealedStruct{map[string]string{"pin": "1"}}, bin([]byte("kJd8Zx==")...)},
		"ciphertext as JSON":       {Auto, sealedJSON{"pin"}, s(`{"ciphertext":"kJ"}`)},
		"JSON array of a map":      {Auto, stringSet{"a": {}, "b": {}}, s(`["a","b"]`)},
		"L of JSON array":          {List, stringSet{"a": {}, "b": {}}, list(s("a"), s("b"))},
		"SS of JSON array":         {StringSet, stringSet{"a": {}, "b": {}}, ss("a", "b")},
		"two words":                {List, words{"a", "b c"}, list(s("a"), s("b c"))},
		"one word":                 {List, words{"a"}, list(s("a"))},
		"no words":                 {List, words{}, list()},
		"set of words":             {StringSet, words{"b", "a"}, ss("b", "a")},
		"braces":                   {List, listSaying{says(`{t,"x"}`), true}, list(s(`{t,"x"}`), boolean(true))},
		"range":                    {List, listSaying{says("[1,2)")}, list(s("[1,2)"))},
		"hstore":                   {Map, mapSaying{`"a"=>NULL`: nil}, object(map[string]types.AttributeValue{`"a"=>NULL`: null()})},
		"pairs":                    {Map, mapSaying{"a": nil}, object(map[string]types.AttributeValue{"a": null()})},
		"other members":            {Auto, listSaying{says("a"), []int{1}}, s("a")},
		"field that has no end":    {Auto, holder{toItself}, s("held")},
		"pointer without end":      {Auto, holder{pointers}, s("held")},
		"int with zeros":           {Auto, padded[int]{7, true}, s("007")},
		"int without":              {Auto, padded[int]{700, true}, s("700")},
		"uint32 with zeros":        {Auto, padded[uint32]{7, true}, s("007")},
		"uint32 without":           {Auto, padded[uint32]{700, true}, s("700")},
		"uint64 with zeros":        {Auto, padded[uint64]{7, true}, s("007")},
		"uint64":                   {Auto, padded[uint64]{700, true}, n("700")},
		"big.Int":                  {Auto, padded[*big.Int]{big.NewInt(700), true}, n("700")},
		"bool in letters":          {Auto, padded[bool]{true, true}, s("true")},
		"float with a sign":        {Auto, amount("+5.5"), n("5.5")},
		"float with a sign in L":   {List, []amount{"+5.5"}, list(n("5.5"))},
		"float with a sign in":     {Auto, []amount{"+5.5", "05.50", "5.5"}, s("[5.5,5.5,5.5]")},
		"float in other digits":    {Auto, amount("0x1.6p2"), n("5.5")},
		"float that is far beyond": {Auto, amount("5.5000000000000000000000000000000000000000001"), nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := convertValue(t, forcing(tt.typ), tt.v)
			if tt.want == nil {
				require.NotNil(t, err)
				return
			}
			if err != nil {
				require.NoError(t, err)
			}
			require.Equal(t, tt.want, got)
		})
	}
}
