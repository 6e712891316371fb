package typemap

import (
	"database/sql"
	"database/sql/driver"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/internal/fault"
	"github.com/dynamodest/dynamodest/internal/item"
)

// Each speaker has the methods of the next one as well.
type (
	speaksJSON      string
	speaksText      struct{ speaksJSON }
	speaksSQL       struct{ speaksText }
	speaksAttribute struct{ speaksSQL }
	speaksByPointer struct{ N int }
	nilSpeaker      struct{}

	// Each of these has a method by pointer that comes before its method by value.
	mixedSQL  struct{ A int }
	mixedJSON []int
)

func (speaksJSON) MarshalJSON() ([]byte, error) { return []byte(`"json"`), nil }
func (speaksText) MarshalText() ([]byte, error) { return []byte("text"), nil }
func (speaksSQL) Value() (driver.Value, error)  { return "sql", nil }
func (speaksAttribute) MarshalDynamoDBAttributeValue() (types.AttributeValue, error) {
	return s("attribute"), nil
}

func (*speaksByPointer) MarshalDynamoDBAttributeValue() (types.AttributeValue, error) {
	return n("1.50"), nil
}

func (mixedSQL) Value() (driver.Value, error) { return "sql", nil }
func (*mixedSQL) MarshalDynamoDBAttributeValue() (types.AttributeValue, error) {
	return s("attribute"), nil
}
func (mixedJSON) MarshalJSON() ([]byte, error)  { return []byte(`"json"`), nil }
func (*mixedJSON) MarshalText() ([]byte, error) { return []byte("text"), nil }

func (nilSpeaker) MarshalDynamoDBAttributeValue() (types.AttributeValue, error) { return nil, nil }

// TestOneOrder asks the same values wherever a value may stand.
func TestOneOrder(t *testing.T) {
	t.Parallel()
	type m = map[string]any
	speakers := []struct {
		v    any
		want string
	}{
		{speaksJSON("kind"), "json"}, {speaksText{}, "text"}, {speaksSQL{}, "sql"}, {speaksAttribute{}, "attribute"},
		{namedString("kind"), "kind"}, {s("itself"), "itself"}, {mixedSQL{}, "attribute"}, {mixedJSON{1}, "text"},
	}
	for _, sp := range speakers {
		for name, v := range map[string]any{"value": sp.v, "pointer": ptr(sp.v), "two pointers": ptr(ptr(sp.v))} {
			for place, tt := range map[string]struct {
				typ  Type
				v    any
				want types.AttributeValue
			}{
				"top":   {Auto, v, s(sp.want)},
				"S":     {String, v, s(sp.want)},
				"L":     {List, []any{v}, list(s(sp.want))},
				"M":     {Map, m{"k": v}, object(map[string]types.AttributeValue{"k": s(sp.want)})},
				"set":   {StringSet, []any{v}, ss(sp.want)},
				"JSON":  {Auto, []any{v}, s(`["` + sp.want + `"]`)},
				"field": {Auto, struct{ F any }{v}, s(`{"F":"` + sp.want + `"}`)},
			} {
				t.Run(sp.want+" "+name+" "+place, func(t *testing.T) {
					t.Parallel()
					got, err := convertValue(t, forcing(tt.typ), tt.v)
					if err != nil {
						require.NoError(t, err)
					}
					require.Equal(t, tt.want, got)
				})
			}
		}
	}
}

type (
	fixed  [3]byte
	color  uint8
	serial [2]byte // has a text, as UUIDs have
	scalar struct{ json string }
)

func (c color) MarshalText() ([]byte, error)  { return []byte{'c', '0' + byte(c)}, nil }
func (x serial) MarshalText() ([]byte, error) { return []byte{'a' + x[0], '-', 'a' + x[1]}, nil }
func (x scalar) MarshalJSON() ([]byte, error) { return []byte(x.json), nil }

func TestBytesAndJSONScalars(t *testing.T) {
	t.Parallel()
	text := func(p ...byte) string { return `["` + base64.StdEncoding.EncodeToString(p) + `"]` }
	for name, tt := range map[string]struct {
		typ  Type
		v    any
		want types.AttributeValue // nil for a failure
	}{
		"array of bytes":              {Auto, [3]byte{1, 2, 3}, bin(1, 2, 3)},
		"named array of bytes":        {Auto, fixed{1, 2, 3}, bin(1, 2, 3)},
		"pointer to array of bytes":   {Auto, &fixed{1, 2, 3}, bin(1, 2, 3)},
		"array of named bytes":        {Auto, [1]namedUint{7}, bin(7)},
		"array of nothing":            {Auto, [0]byte{}, bin()},
		"array of bytes in JSON":      {Auto, []any{[2]byte{1, 2}}, s(text(1, 2))},
		"arrays of bytes in JSON":     {Auto, [][2]byte{{1, 2}}, s(text(1, 2))},
		"arrays of bytes in L":        {List, [][2]byte{{1, 2}}, list(bin(1, 2))},
		"BS of arrays of bytes":       {BinarySet, [][2]byte{{1, 2}, {1, 2}, {3, 4}}, bs([]byte{1, 2}, []byte{3, 4})},
		"B of array of bytes":         {Binary, fixed{1}, bin(1, 0, 0)},
		"S of array of bytes":         {String, fixed{1}, nil},
		"bytes that have texts":       {Auto, []color{1, 2}, s(`["c1","c2"]`)},
		"array of bytes with texts":   {List, [1]color{3}, list(s("c3"))},
		"text of bytes":               {Auto, serial{0, 1}, s("a-b")},
		"B of bytes that have a text": {Binary, serial{0, 1}, bin(0, 1)},
		"B by pointer":                {Binary, &serial{0, 1}, bin(0, 1)},
		"BS of bytes that have texts": {BinarySet, []serial{{0, 1}}, bs([]byte{0, 1})},
		"B of net.IP":                 {Binary, net.IP{1, 2, 3, 4}, bin(1, 2, 3, 4)},
		"net.IP":                      {Auto, net.IPv4(1, 2, 3, 4), s("1.2.3.4")},

		"MarshalJSON of text":           {Auto, scalar{` "a\"\u00e9" `}, s(`a"é`)},
		"MarshalJSON of empty text":     {Auto, scalar{`""`}, null()},
		"MarshalJSON of a number":       {Auto, scalar{"1.50"}, n("1.5")},
		"MarshalJSON of true":           {Auto, scalar{"true"}, boolean(true)},
		"MarshalJSON of null":           {Auto, scalar{" null"}, null()},
		"MarshalJSON of an object":      {Auto, scalar{`{"b":1, "a":2}`}, s(`{"a":2,"b":1}`)},
		"MarshalJSON of too much":       {Auto, scalar{"1e200"}, nil},
		"MarshalJSON of two texts":      {Auto, scalar{`"a" "b"`}, nil},
		"MarshalJSON cut":               {Auto, scalar{`"a`}, nil},
		"MarshalJSON of nothing":        {Auto, scalar{""}, nil},
		"N of MarshalJSON of text":      {Number, scalar{`"1.50"`}, n("1.5")},
		"N of MarshalJSON of a number":  {Number, scalar{"1.50"}, n("1.5")},
		"S of MarshalJSON of a number":  {String, scalar{"1e200"}, s("1e200")},
		"BOOL of MarshalJSON":           {Bool, scalar{"false"}, boolean(false)},
		"B of MarshalJSON":              {Binary, scalar{`"AQI="`}, bin(1, 2)},
		"JSON of MarshalJSON":           {JSON, scalar{`"a"`}, s(`"a"`)},
		"L of MarshalJSON":              {List, scalar{`["a",1]`}, list(s("a"), n("1"))},
		"SS of MarshalJSON":             {StringSet, scalar{`["a","a"]`}, ss("a")},
		"SS of members that marshal":    {StringSet, []scalar{{`"a"`}, {"1"}}, ss("a", "1")},
		"S of an object that marshals":  {String, scalar{`{"a":1}`}, s(`{"a":1}`)},
		"N of an object that marshals":  {Number, scalar{`{"a":1}`}, nil},
		"S of raw JSON":                 {String, json.RawMessage(`{"b":1, "a":2}`), s(`{"b":1, "a":2}`)},
		"S of raw JSON of text":         {String, json.RawMessage(`"a"`), s("a")},
		"S of raw JSON of null":         {String, json.RawMessage("null"), null()},
		"S of raw JSON that is not":     {String, json.RawMessage(`{"a":`), nil},
		"N of raw JSON":                 {Number, json.RawMessage(" 5.0"), n("5")},
		"BOOL of raw JSON":              {Bool, json.RawMessage("true"), boolean(true)},
		"N of raw JSON of an array":     {Number, json.RawMessage("[1]"), nil},
		"N of raw JSON of empty text":   {Number, json.RawMessage(`""`), null()},
		"time of raw JSON":              {EpochSeconds, json.RawMessage(`"1970-01-01T00:00:09Z"`), n("9")},
		"SS of raw JSON":                {StringSet, []json.RawMessage{json.RawMessage(`"a"`), json.RawMessage(`1`)}, ss("a", "1")},
		"SS of raw JSON with null":      {StringSet, []json.RawMessage{json.RawMessage(`"a"`), json.RawMessage(`null`)}, nil},
		"NS of raw JSON with null":      {NumberSet, []json.RawMessage{json.RawMessage(`null`)}, nil},
		"text only in S and SS":         {String, serialID{0xff}, s("ff")},
		"no text in JSON":               {JSON, serialID{0xff}, s(`"/w=="`)},
		"no text in a list in JSON":     {JSON, []serialID{{0xff}}, s(`["/w=="]`)},
		"MarshalJSON of text in JSON":   {Auto, []any{scalar{`"a"`}}, s(`["a"]`)},
		"MarshalJSON of a number in L":  {List, []any{scalar{"1.50"}}, list(n("1.5"))},
		"pointer to a Marshaler":        {Auto, &scalar{`"a"`}, s("a")},
		"AttributeValue by pointer":     {Auto, speaksByPointer{}, n("1.5")},
		"AttributeValue by pointer in":  {List, []speaksByPointer{{}}, list(n("1.5"))},
		"no AttributeValue":             {Auto, nilSpeaker{}, null()},
		"string like json.Number":       {Auto, decimalText("1.50"), n("1.5")},
		"string like json.Number in L":  {List, []decimalText{"1.50"}, list(n("1.5"))},
		"string like json.Number, none": {Auto, decimalText("x"), nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			holdsValue(t, forcing(tt.typ), tt.v, tt.want)
		})
	}
}

// serialID is bytes for databases that has a text, as ulid.ULID.
type serialID [1]byte

func (x serialID) Value() (driver.Value, error) { return x[:], nil }
func (x serialID) MarshalText() ([]byte, error) { return []byte(hex.EncodeToString(x[:])), nil }

type decimalText string

func (d decimalText) Float64() (float64, error) { return json.Number(d).Float64() }
func (d decimalText) Int64() (int64, error)     { return json.Number(d).Int64() }
func (d decimalText) String() string            { return string(d) }

// A document does not become a key unless a Field asks for that.
func TestDocumentsAsKeys(t *testing.T) {
	t.Parallel()
	for name, v := range map[string]any{
		"map": map[string]any{"a": 1}, "slice": []int{1}, "struct": struct{ A int }{1}, "raw JSON": json.RawMessage(`{"a":1}`),
		"raw JSON of text": json.RawMessage(`"a"`), "Marshaler": scalar{"[1]"}, "pointer": &[]int{1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, schema := range []struct {
				attribute string
				c         func(Mapping) *Converter
			}{
				{"p", func(m Mapping) *Converter { return New(m, partitionKey("p", item.S)) }},
				{"g", func(m Mapping) *Converter { return New(m, schemaOfKeys(item.S, item.S)) }},
			} {
				r := row{"p": "x", "s": "y"}
				r[schema.attribute] = v
				_, err := schema.c(Mapping{}).Convert(r)
				require.NotNil(t, err)
				require.Equal(t, fault.Key, err.Reason)
				require.Equal(t, schema.attribute, err.Attribute)
				require.Contains(t, err.Advice().Remedy, `set Field.Type to "JSON"`)

				fields := []Field{field("p", Auto), field("s", Auto), field("g", Auto)}
				for i := range fields {
					if fields[i].Column == schema.attribute {
						fields[i].Type = JSON
					}
				}
				mustConvert(t, schema.c(Mapping{Fields: fields}), r)
			}
		})
	}
	it := mustConvert(t, New(Mapping{}, partitionKey("p", item.S)), row{"p": scalar{`"a"`}})
	require.Equal(t, s("a"), it.SDK()["p"])
	it = mustConvert(t, New(Mapping{}, partitionKey("p", item.B)), row{"p": fixed{1, 2, 3}, "at": time.Unix(0, 0)})
	require.Equal(t, bin(1, 2, 3), it.SDK()["p"])
}

type (
	stamped struct {
		time.Time
		ID int
	}
	stampedPointer struct {
		*time.Time
		ID int
	}
	stampedOwn struct {
		time.Time
		ID int
	}
	stampedFlag struct {
		sql.NullString
		Valid bool
	}
	stampedHidden struct {
		time.Time
		id      int
		Skipped int `json:"-"`
	}
	labelled struct {
		sql.NullString
		Label string
	}
	byPointer struct {
		pointerValuer
		Label string
	}
	deeper  struct{ stamped }
	single  struct{ time.Time }
	recurse struct {
		*recurse
		time.Time
	}
)

func (s stampedOwn) MarshalText() ([]byte, error) {
	return append(s.AppendFormat(nil, time.DateOnly), '#', '0'+byte(s.ID)), nil
}

// A method of an embedded type does not speak for a struct that has more to say.
func TestMethodsOfEmbeddedTypes(t *testing.T) {
	t.Parallel()
	at := time.Unix(0, 0).UTC()
	for name, v := range map[string]any{
		"time": stamped{at, 7}, "pointer to time": stampedPointer{&at, 7}, "Valuer": labelled{sql.NullString{String: "a", Valid: true}, "x"},
		"pointer": &stamped{at, 7}, "method of a pointer": byPointer{pointerValuer{"a"}, "x"}, "deeper": deeper{stamped{at, 7}},
	} {
		for _, wrap := range []func(any) any{func(v any) any { return v }, func(v any) any { return []any{v} }} {
			_, err := convertValue(t, Mapping{}, wrap(v))
			require.NotNil(t, err, name)
			require.Equal(t, fault.Mapping, err.Reason)
			require.Regexp(t, `^(the value|a nested value|Go type)?.*has method \w+ of the embedded \S+, which says nothing of its field (ID|Label)$`, err.Text)
			require.Contains(t, err.Advice().Remedy, "Mapping.Convert")
		}
	}
	for name, tt := range map[string]struct{ v, want any }{
		"own method": {stampedOwn{at, 7}, s("1970-01-01#7")}, "flag": {stampedFlag{sql.NullString{String: "a", Valid: true}, true}, s("a")},
		"single": {single{at}, s("1970-01-01T00:00:00Z")}, "hidden": {stampedHidden{at, 1, 2}, s("1970-01-01T00:00:00Z")},
	} {
		got, err := convertValue(t, Mapping{}, tt.v)
		require.Nil(t, err, name)
		require.Equal(t, tt.want, got, name)
	}
	_, err := convertValue(t, Mapping{}, recurse{nil, at})
	require.NotNil(t, err)
}
