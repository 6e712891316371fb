package typemap

import (
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"
)

// Valuers as drivers and their helpers have them.
type (
	signed64        uint64  // answers by its bits
	cut32           uint64  // answers by its lowest bits
	rounded         float32 // answers as a float64
	truncated       float64 // answers without its fraction
	approx          string  // answers with the nearest float64
	bit             bool    // answers with one byte
	cents           int64   // answers in units, on purpose
	zip             int     // answers with leading zeros, on purpose
	snowflake       uint64  // answers with text, on purpose
	picky           int     // fails on purpose
	failing64       uint64  // fails as database/sql does
	literal         []string
	pairs           map[string]*string
	documents       map[string]any
	tags            []string
	rawJSON         []byte
	rawText         []byte
	gzipped         []byte
	anyArray        struct{ A any }
	address         struct{ Street string }
	nullable[T any] struct {
		V     T
		Valid bool
	}
	unsigned struct {
		Uint64 uint64
		Valid  bool
	}
	embedding[T any] struct{ sql.Null[T] }
	option[T any]    struct {
		v  T
		is bool
	}
	microseconds struct {
		Microseconds int64
		Valid        bool
	}
	uuidText struct {
		Bytes [2]byte
		Valid bool
	}
	percent   float64 // answers in hundredths, on purpose
	encrypted []byte  // answers with base64, on purpose
	mixed     [2]byte // answers with its bytes in another order, and has a text
)

func (x signed64) Value() (driver.Value, error)  { return int64(x), nil }        //nolint:gosec // the fault under test
func (x cut32) Value() (driver.Value, error)     { return int64(int32(x)), nil } //nolint:gosec // the fault under test
func (x rounded) Value() (driver.Value, error)   { return float64(x), nil }
func (x truncated) Value() (driver.Value, error) { return int64(x), nil }
func (x approx) Value() (driver.Value, error)    { return strconv.ParseFloat(string(x), 64) }
func (x bit) Value() (driver.Value, error) {
	if x {
		return []byte{1}, nil
	}
	return []byte{0}, nil
}
func (x cents) Value() (driver.Value, error) { return fmt.Sprintf("%d.%02d", x/100, x%100), nil }
func (x zip) Value() (driver.Value, error)   { return fmt.Sprintf("%05d", int(x)), nil }
func (x snowflake) Value() (driver.Value, error) {
	return strconv.FormatUint(uint64(x), 10), nil
}

var errPicky = errors.New("secret")

func (picky) Value() (driver.Value, error) { return nil, errPicky }
func (x failing64) Value() (driver.Value, error) {
	return driver.DefaultParameterConverter.ConvertValue(uint64(x))
}
func (x literal) Value() (driver.Value, error) { return "{" + strings.Join(x, ",") + "}", nil }
func (x pairs) Value() (driver.Value, error) {
	if x == nil {
		return nil, nil
	}
	return []byte(`"a"=>NULL`), nil
}
func (x documents) Value() (driver.Value, error) { return json.Marshal(map[string]any(x)) }
func (x tags) Value() (driver.Value, error) {
	text, err := json.Marshal([]string(x))
	return string(text), err
}
func (x rawJSON) Value() (driver.Value, error)  { return []byte(x), nil }
func (x rawJSON) MarshalJSON() ([]byte, error)  { return x, nil }
func (x rawText) Value() (driver.Value, error)  { return string(x), nil }
func (x rawText) MarshalJSON() ([]byte, error)  { return x, nil }
func (gzipped) Value() (driver.Value, error)    { return []byte("zipped"), nil }
func (x anyArray) Value() (driver.Value, error) { return "{}", nil }
func (x address) Value() (driver.Value, error)  { return json.Marshal(struct{ Road string }{x.Street}) }
func (x nullable[T]) Value() (driver.Value, error) {
	if !x.Valid {
		return nil, nil
	}
	return driver.DefaultParameterConverter.ConvertValue(x.V)
}
func (x unsigned) Value() (driver.Value, error) {
	return strconv.FormatUint(x.Uint64, 10), nil
}
func (x option[T]) Get() (T, bool) { return x.v, x.is }
func (x option[T]) Value() (driver.Value, error) {
	if !x.is {
		return nil, nil
	}
	return driver.DefaultParameterConverter.ConvertValue(x.v)
}
func (x microseconds) Value() (driver.Value, error) { return "15:04:05", nil }
func (x uuidText) Value() (driver.Value, error)     { return fmt.Sprintf("%x", x.Bytes), nil }
func (x percent) Value() (driver.Value, error)      { return int64(x * 100), nil }
func (encrypted) Value() (driver.Value, error)      { return "Y2lwaGVy", nil }
func (x mixed) Value() (driver.Value, error)        { return []byte{x[1], x[0]}, nil }
func (x mixed) MarshalText() ([]byte, error)        { return fmt.Appendf(nil, "%x", x[:]), nil }

func TestValuersLoseNothing(t *testing.T) {
	t.Parallel()
	type m = map[string]types.AttributeValue
	const big64 = uint64(math.MaxUint64)
	for name, tt := range map[string]struct {
		typ  Type
		v    any
		want types.AttributeValue // nil for a failure
	}{
		"sign":                      {Auto, signed64(big64), n("18446744073709551615")},
		"sign by pointer":           {Auto, ptr(signed64(big64)), n("18446744073709551615")},
		"width":                     {Auto, cut32(1<<40 + 7), n("1099511627783")},
		"precision of a float32":    {Auto, rounded(0.1), n("0.1")},
		"precision of a fraction":   {Auto, truncated(1.5), n("1.5")},
		"a fraction in other units": {Auto, percent(0.0049), n("0")},
		"precision of digits":       {Auto, approx("12345678901234567890.12"), n("12345678901234567890.12")},
		"bit":                       {Auto, bit(true), boolean(true)},
		"bit in L":                  {List, []bit{false}, list(boolean(false))},
		"N of a float32":            {Number, rounded(0.1), n("0.1")},
		"S of a float32":            {String, rounded(0.1), s("0.1")},
		"NS of float32s":            {NumberSet, []rounded{0.1, 0.2}, ns("0.1", "0.2")},
		"float32 in JSON":           {Auto, []rounded{0.1}, s("[0.1]")},
		"on purpose: units":         {Auto, cents(1250), s("12.50")},
		"on purpose: text":          {Auto, zip(1234), s("01234")},
		"on purpose: digits":        {Auto, snowflake(7), s("7")},
		"on purpose: failure":       {Auto, picky(1), nil},
		"failure of database/sql":   {Auto, failing64(big64), n("18446744073709551615")},
		"wrapped number as text":    {Auto, unsigned{big64, true}, n("18446744073709551615")},
		"time of day":               {Auto, microseconds{5, true}, s("15:04:05")},

		"Null of uint64":           {Auto, sql.Null[uint64]{V: big64, Valid: true}, n("18446744073709551615")},
		"Null of float32":          {Auto, sql.Null[float32]{V: 0.1, Valid: true}, n("0.1")},
		"Null of big.Int":          {Auto, sql.Null[*big.Int]{V: big.NewInt(5), Valid: true}, n("5")},
		"Null of slice":            {Auto, sql.Null[[]string]{V: []string{"a"}, Valid: true}, s(`["a"]`)},
		"L of Null of slice":       {List, sql.Null[[]string]{V: []string{"a"}, Valid: true}, list(s("a"))},
		"Null of map":              {Map, sql.Null[map[string]int]{V: map[string]int{"a": 1}, Valid: true}, object(m{"a": n("1")})},
		"Null of struct":           {Map, sql.Null[struct{ A int }]{V: struct{ A int }{1}, Valid: true}, object(m{"A": n("1")})},
		"Null of array of bytes":   {Auto, sql.Null[[2]byte]{V: [2]byte{1, 2}, Valid: true}, bin(1, 2)},
		"Null of raw JSON":         {Auto, sql.Null[json.RawMessage]{V: json.RawMessage(`{"a": 1}`), Valid: true}, s(`{"a":1}`)},
		"M of Null of raw JSON":    {Map, []sql.Null[json.RawMessage]{{V: json.RawMessage(`1`), Valid: true}}, nil},
		"L of Nulls of raw JSON":   {List, []sql.Null[json.RawMessage]{{V: json.RawMessage(`[1]`), Valid: true}}, list(list(n("1")))},
		"Null of json.Number":      {Auto, sql.Null[json.Number]{V: "1.50", Valid: true}, n("1.5")},
		"Null of time":             {Auto, sql.Null[time.Time]{V: time.Unix(0, 0).UTC(), Valid: true}, s("1970-01-01T00:00:00Z")},
		"Null of Valuer":           {Auto, sql.Null[cents]{V: 1250, Valid: true}, s("12.50")},
		"Null of literal":          {List, sql.Null[literal]{V: literal{"a"}, Valid: true}, list(s("a"))},
		"Null of TextMarshaler":    {Auto, sql.Null[texter]{V: texter{'a', 'b'}, Valid: true}, s("a-b")},
		"Null that is null":        {Auto, sql.Null[uint64]{V: 5}, null()},
		"embedded Null":            {Auto, embedding[float32]{sql.Null[float32]{V: 0.1, Valid: true}}, n("0.1")},
		"embedded Null that is so": {Auto, embedding[float32]{}, null()},
		"nullable of float32":      {Auto, nullable[float32]{0.1, true}, n("0.1")},
		"option of float32":        {Auto, option[float32]{0.1, true}, n("0.1")},
		"option of uint64":         {Auto, option[uint64]{big64, true}, n("18446744073709551615")},
		"option of slice":          {List, option[[]int]{[]int{1}, true}, list(n("1"))},
		"option of nothing":        {Auto, option[uint64]{}, null()},
		"sql.NullString":           {Auto, sql.NullString{String: "a", Valid: true}, s("a")},
		"sql.NullByte":             {Auto, sql.NullByte{Byte: 200, Valid: true}, n("200")},
		"sql.RawBytes":             {Auto, sql.RawBytes("a"), bin('a')},

		"literal":                   {Auto, literal{"a", "b"}, s(`["a","b"]`)},
		"empty literal":             {Auto, literal{}, s(`[]`)},
		"L of literal":              {List, literal{"a", "b"}, list(s("a"), s("b"))},
		"SS of literal":             {StringSet, literal{"a", "b", "a"}, ss("a", "b")},
		"JSON of literal":           {JSON, literal{"a"}, s(`["a"]`)},
		"literal in M":              {Map, map[string]any{"k": literal{"a"}}, object(m{"k": list(s("a"))})},
		"nil literal":               {Auto, literal(nil), null()},
		"pairs":                     {Map, pairs{"a": nil, "b": ptr("c")}, object(m{"a": null(), "b": s("c")})},
		"map that is JSON":          {Map, documents{"a": 1}, object(m{"a": n("1")})},
		"map that is JSON as text":  {Auto, documents{"a": 1}, s(`{"a":1}`)},
		"map that is JSON in L":     {List, []documents{{"a": 1}}, list(object(m{"a": n("1")}))},
		"slice that is JSON":        {List, tags{"a"}, list(s("a"))},
		"slice that is JSON in L":   {List, []tags{{"a"}}, list(list(s("a")))},
		"array of anything":         {List, anyArray{[]int{1}}, list(n("1"))},
		"empty array of anything":   {Auto, anyArray{[]int{}}, s(`[]`)},
		"struct that is JSON":       {Auto, address{"x"}, s(`{"Road":"x"}`)},
		"M of struct that is JSON":  {Map, address{"x"}, object(m{"Road": s("x")})},
		"struct that is JSON in M":  {Map, map[string]any{"k": address{"x"}}, object(m{"k": object(m{"Road": s("x")})})},
		"bytes that are JSON":       {Auto, rawJSON(`{"a": 1}`), s(`{"a":1}`)},
		"M of bytes that are JSON":  {Map, rawJSON(`{"a": 1}`), object(m{"a": n("1")})},
		"bytes that are JSON in L":  {List, []rawJSON{rawJSON(`"a"`)}, list(s("a"))},
		"JSON of bytes that are so": {JSON, rawJSON(`{"a": 1}`), s(`{"a":1}`)},
		"bytes that give JSON text": {List, []rawText{rawText(`[1]`)}, list(list(n("1")))},
		"bytes changed on purpose":  {Auto, gzipped("plain"), bin([]byte("zipped")...)},

		"text of bytes":           {Auto, uuidText{[2]byte{1, 2}, true}, s("0102")},
		"B of encrypted bytes":    {Binary, encrypted("plain"), bin([]byte("cipher")...)},
		"B of text of bytes":      {Binary, uuidText{[2]byte{1, 2}, true}, bin(1, 2)},
		"bytes with a text":       {Auto, mixed{0xff, 0xfe}, bin(0xfe, 0xff)},
		"S of bytes with a text":  {String, mixed{0xff, 0xfe}, s("fffe")},
		"SS of bytes with a text": {StringSet, []mixed{{0xff, 0xfe}}, ss("fffe")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			holdsValue(t, forcing(tt.typ), tt.v, tt.want)
		})
	}
}

// A Valuer is asked once, and its failure is reached by unwrapping.
func TestValuerThatFails(t *testing.T) {
	t.Parallel()
	_, err := convertValue(t, Mapping{}, picky(1))
	require.ErrorIs(t, err, errPicky)
	require.Equal(t, "method Value of typemap.picky returned an error of type *errors.errorString", err.Text)
}

func TestBigNumbersOfValuersTakeNoTime(t *testing.T) {
	t.Parallel()
	huge := new(big.Float).SetMantExp(big.NewFloat(1), math.MaxInt32)
	for _, v := range []any{nullable[*big.Float]{huge, true}, option[*big.Float]{huge, true}} {
		_, err := convertValue(t, Mapping{}, v)
		require.NotNil(t, err)
	}
}
