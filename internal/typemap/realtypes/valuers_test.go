package realtypes

import (
	"database/sql"
	"encoding/json"
	"math"
	"math/big"
	"testing"
	"time"

	"cloud.google.com/go/civil"
	"cloud.google.com/go/spanner"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/uuid"
	"github.com/guregu/null/v6"
	"github.com/guregu/null/v6/zero"
	"github.com/samber/mo"
	"github.com/shopspring/decimal"

	"github.com/dynamodest/dynamodest"
)

var moment = time.Date(2026, 1, 2, 3, 4, 5, 600_000_000, time.UTC)

const momentText = "2026-01-02T03:04:05.6Z"

// TestSQL holds the wrappers of database/sql: what they wrap is written, where Value narrows it or
// fails too.
func TestSQL(t *testing.T) {
	t.Parallel()
	object := doc{"a": number("1")}.want()
	runValues(t, []value{
		{name: "NullString", value: sql.NullString{String: "x", Valid: true}, auto: text("x")},
		{name: "NullString of null", value: sql.NullString{String: "x"}, auto: nothing, forced: forced{dynamodest.String: nothing}},
		{name: "NullString that is empty", value: sql.NullString{Valid: true}, auto: nothing, member: text("")},
		{name: "NullInt64", value: sql.NullInt64{Int64: math.MinInt64, Valid: true}, auto: number("-9223372036854775808")},
		{name: "NullInt32", value: sql.NullInt32{Int32: -5, Valid: true}, auto: number("-5")},
		{name: "NullInt16", value: sql.NullInt16{Int16: 5, Valid: true}, auto: number("5")},
		{name: "NullByte", value: sql.NullByte{Byte: 255, Valid: true}, auto: number("255")},
		{name: "NullFloat64", value: sql.NullFloat64{Float64: 0.1, Valid: true}, auto: number("0.1")},
		{name: "NullFloat64 NaN", value: sql.NullFloat64{Float64: math.NaN(), Valid: true}, auto: mapping},
		{name: "NullBool", value: sql.NullBool{Bool: true, Valid: true}, auto: yes, forced: forced{dynamodest.Bool: yes}},
		{name: "NullTime", value: sql.NullTime{Time: moment, Valid: true}, auto: text(momentText)},

		{name: "Null of float32", value: sql.Null[float32]{V: 0.1, Valid: true}, auto: number("0.1"), forced: forced{dynamodest.Number: number("0.1"), dynamodest.String: text("0.1")}},
		{name: "Null of uint64", value: sql.Null[uint64]{V: math.MaxUint64, Valid: true}, auto: number("18446744073709551615"), forced: forced{
			dynamodest.Number: number("18446744073709551615")}},
		{name: "Null of null", value: sql.Null[uint64]{}, auto: nothing},
		{name: "Null of a list", value: sql.Null[[]string]{V: []string{"a", "b"}, Valid: true}, auto: text(`["a","b"]`), member: list(text("a"), text("b")), json: `["a","b"]`,
			forced: forced{dynamodest.StringSet: texts("a", "b"), dynamodest.List: list(text("a"), text("b"))}},
		{name: "Null of a map", value: sql.Null[map[string]int]{V: map[string]int{"a": 1}, Valid: true}, auto: text(`{"a":1}`), member: object, json: `{"a":1}`},
		{name: "Null of a struct", value: sql.Null[struct {
			A int `json:"a"`
		}]{V: struct {
			A int `json:"a"`
		}{1}, Valid: true}, auto: text(`{"a":1}`), member: object, json: `{"a":1}`},
		{name: "Null of JSON", value: sql.Null[json.RawMessage]{V: json.RawMessage(`{"a":1}`), Valid: true}, auto: text(`{"a":1}`), member: object, json: `{"a":1}`,
			forced: forced{dynamodest.Map: object, dynamodest.String: text(`{"a":1}`)}},
		{name: "Null of a number's text", value: sql.Null[json.Number]{V: "12.50", Valid: true}, auto: number("12.5"), json: "12.50"},
		{name: "Null of *big.Int", value: sql.Null[*big.Int]{V: big.NewInt(5), Valid: true}, auto: number("5")},
		{name: "Null of *big.Rat", value: sql.Null[*big.Rat]{V: rat("19/2"), Valid: true}, auto: number("9.5")},
		{name: "Null of [4]byte", value: sql.Null[[4]byte]{V: [4]byte{1, 2, 3, 4}, Valid: true}, auto: binary("\x01\x02\x03\x04")},
		{name: "Null of bytes", value: sql.Null[[]byte]{V: []byte("x"), Valid: true}, auto: binary("x")},
		{name: "Null of uuid.UUID", value: sql.Null[uuid.UUID]{V: uuid.Nil, Valid: true}, auto: text(uuid.Nil.String())},
		{name: "Null of decimal.Decimal", value: sql.Null[decimal.Decimal]{V: decimal.New(125, -1), Valid: true}, auto: text("12.5"), forced: forced{dynamodest.Number: number("12.5")}},
		{name: "Null of time.Time", value: sql.Null[time.Time]{V: moment, Valid: true}, auto: text(momentText)},
		{name: "Null of any", value: sql.Null[any]{V: uint64(math.MaxUint64), Valid: true}, auto: number("18446744073709551615")},
		{name: "Null of nil", value: sql.Null[any]{Valid: true}, auto: nothing},
		{name: "Null of Null", value: sql.Null[sql.Null[float32]]{V: sql.Null[float32]{V: 0.1, Valid: true}, Valid: true}, auto: number("0.1")},
		{name: "Null of a chan", value: sql.Null[chan int]{Valid: true}, auto: mapping},
	})
}

// TestNull holds the types of github.com/guregu/null, which embed those of database/sql and have
// methods of their own that give "" or 0 for null.
func TestNull(t *testing.T) {
	t.Parallel()
	runValues(t, []value{
		{name: "null.String", value: null.StringFrom("x"), auto: text("x")},
		{name: "null.String of null", value: null.String{}, auto: nothing},
		{name: "null.Int", value: null.IntFrom(math.MaxInt64), auto: number("9223372036854775807")},
		{name: "null.Int of null", value: null.Int{}, auto: nothing},
		{name: "null.Float", value: null.FloatFrom(0.1), auto: number("0.1")},
		{name: "null.Float NaN", value: null.FloatFrom(math.NaN()), auto: mapping},
		{name: "null.Bool", value: null.BoolFrom(true), auto: yes, forced: forced{dynamodest.Bool: yes}},
		{name: "null.Bool of null", value: null.Bool{}, auto: nothing, forced: forced{dynamodest.Bool: nothing}},
		{name: "null.Time", value: null.TimeFrom(moment), auto: text(momentText)},
		{name: "null.Time of null", value: null.Time{}, auto: nothing},
		{name: "null.Value of float32", value: null.ValueFrom(float32(0.1)), auto: number("0.1")},
		{name: "null.Value of uint64", value: null.ValueFrom(uint64(math.MaxUint64)), auto: number("18446744073709551615")},
		{name: "null.Value of a list", value: null.ValueFrom([]int{1, 2}), auto: text("[1,2]"), member: list(number("1"), number("2")), json: "[1,2]",
			forced: forced{dynamodest.NumberSet: numbers("1", "2")}},
		{name: "null.Value of null", value: null.Value[[]int]{}, auto: nothing, forced: forced{dynamodest.NumberSet: nothing}},
		{name: "zero.Int of null", value: zero.Int{}, auto: nothing},
		{name: "zero.Int", value: zero.IntFrom(5), auto: number("5")},
		{name: "zero.Time of null", value: zero.Time{}, auto: nothing},
		{name: "zero.Value", value: zero.ValueFrom(float32(0.1)), auto: number("0.1")},
	})
}

// TestOptions holds mo.Option, whose value is had by its Get method alone.
func TestOptions(t *testing.T) {
	t.Parallel()
	object := doc{"a": number("1")}.want()
	runValues(t, []value{
		{name: "text", value: mo.Some("x"), auto: text("x")},
		{name: "none", value: mo.None[string](), auto: nothing},
		{name: "float32", value: mo.Some(float32(0.1)), auto: number("0.1")},
		{name: "uint64", value: mo.Some(uint64(math.MaxUint64)), auto: number("18446744073709551615")},
		{name: "bool", value: mo.Some(true), auto: yes},
		{name: "time", value: mo.Some(moment), auto: text(momentText)},
		{name: "list", value: mo.Some([]string{"a"}), auto: text(`["a"]`), member: list(text("a")), json: `["a"]`, forced: forced{
			dynamodest.StringSet: texts("a"), dynamodest.List: list(text("a"))}},
		{name: "map", value: mo.Some(map[string]int{"a": 1}), auto: text(`{"a":1}`), member: object, json: `{"a":1}`, forced: forced{dynamodest.Map: object}},
		{name: "JSON", value: mo.Some(json.RawMessage(`{"a":1}`)), auto: text(`{"a":1}`), member: object, json: `{"a":1}`, forced: forced{dynamodest.Map: object}},
		{name: "*big.Rat", value: mo.Some(rat("19/2")), auto: number("9.5")},
		{name: "bytes", value: mo.Some([]byte("x")), auto: binary("x")},
		{name: "array of bytes", value: mo.Some([2]byte{1, 2}), auto: binary("\x01\x02")},
		{name: "nil pointer", value: mo.Some((*int)(nil)), auto: nothing},
		{name: "pointer", value: mo.Some(ptr(5)), auto: number("5")},
		{name: "decimal", value: mo.Some(decimal.New(125, -1)), auto: text("12.5"), forced: forced{dynamodest.Number: number("12.5")}},
	}, []write{
		{name: "SS", value: []mo.Option[string]{mo.Some("a"), mo.Some("b")}, typ: dynamodest.StringSet, want: texts("a", "b")},
		{name: "NS", value: []mo.Option[uint64]{mo.Some(uint64(math.MaxUint64))}, typ: dynamodest.NumberSet, want: numbers("18446744073709551615")},
		{name: "list as a key", value: mo.Some([]string{"a"}), key: types.ScalarAttributeTypeS, want: badKey},
	}...)
}

// TestSpanner holds the types of spanner, whose Value gives types that no driver may give, and civil.
func TestSpanner(t *testing.T) {
	t.Parallel()
	day := civil.Date{Year: 2026, Month: 1, Day: 2}
	runValues(t, []value{
		{name: "NullFloat32", value: spanner.NullFloat32{Float32: 0.1, Valid: true}, auto: number("0.1")},
		{name: "NullNumeric", value: spanner.NullNumeric{Numeric: *rat("19/2"), Valid: true}, auto: number("9.5"), forced: forced{
			dynamodest.Number: number("9.5"), dynamodest.String: text("9.5")}},
		{name: "NullNumeric without a finite decimal", value: spanner.NullNumeric{Numeric: *rat("1/3"), Valid: true}, auto: mapping},
		{name: "NullNumeric of null", value: spanner.NullNumeric{}, auto: nothing},
		{name: "NullDate", value: spanner.NullDate{Date: day, Valid: true}, auto: text("2026-01-02")},
		{name: "NullUUID", value: spanner.NullUUID{UUID: uuid.Nil, Valid: true}, auto: text(uuid.Nil.String())},
		{name: "PGNumeric", value: spanner.PGNumeric{Numeric: "12.50", Valid: true}, auto: text("12.50"), forced: forced{dynamodest.Number: number("12.5")}},
		{name: "PGNumeric NaN", value: spanner.PGNumeric{Numeric: "NaN", Valid: true}, auto: text("NaN"), forced: forced{dynamodest.Number: mapping}},
		{name: "NullJSON object", value: spanner.NullJSON{Value: map[string]any{"a": 1.5}, Valid: true}, auto: text(`{"a":1.5}`), member: doc{"a": number("1.5")}.want(), json: `{"a":1.5}`},
		{name: "NullJSON text", value: spanner.NullJSON{Value: "x", Valid: true}, auto: text("x")},
		{name: "NullJSON of null", value: spanner.NullJSON{}, auto: nothing},
		{name: "civil.Date", value: day, auto: text("2026-01-02")},
		{name: "*civil.Date", value: &day, auto: text("2026-01-02")},
		{name: "civil.Time", value: civil.TimeOf(moment), auto: text("03:04:05.600000000")},
		{name: "civil.DateTime", value: civil.DateTimeOf(moment), auto: text("2026-01-02T03:04:05.600000000")},
	})
}
