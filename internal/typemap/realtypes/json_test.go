package realtypes

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/bigquery"
	"cloud.google.com/go/civil"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"go.mongodb.org/mongo-driver/v2/bson"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/dynamodest/dynamodest"
)

// says is a type of the least kind: it has MarshalJSON alone.
type says string

func (s says) MarshalJSON() ([]byte, error) { return []byte(s), nil }

// optional is an optional type with a zero value that is none.
type optional[T any] struct{ v *T }

func some[T any](v T) optional[T]                  { return optional[T]{&v} }
func (o optional[T]) MarshalJSON() ([]byte, error) { return json.Marshal(o.v) }

// TestMarshalJSON holds that a type that has MarshalJSON alone is what its JSON is.
func TestMarshalJSON(t *testing.T) {
	t.Parallel()
	moment := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	asText := forced{dynamodest.String: text("héllo"), dynamodest.Number: mapping}
	object := doc{"a": number("1"), "b": list(nothing, text(""))}.want()
	runValues(t, []value{
		{name: "bigquery.NullString", value: bigquery.NullString{StringVal: "héllo", Valid: true}, auto: text("héllo"), forced: asText},
		{name: "bigquery.NullString of null", value: bigquery.NullString{}, auto: nothing, forced: forced{dynamodest.String: nothing}},
		{name: "bigquery.NullString that is empty", value: bigquery.NullString{StringVal: "", Valid: true}, auto: nothing, member: text("")},
		{name: "bigquery.NullInt64", value: bigquery.NullInt64{Int64: math.MaxInt64, Valid: true}, auto: number("9223372036854775807"), forced: forced{
			dynamodest.Number: number("9223372036854775807"), dynamodest.String: text("9223372036854775807")}},
		{name: "bigquery.NullFloat64", value: bigquery.NullFloat64{Float64: 0.1, Valid: true}, auto: number("0.1")},
		{name: "bigquery.NullFloat64 NaN", value: bigquery.NullFloat64{Float64: math.NaN(), Valid: true}, auto: text("NaN"), forced: forced{dynamodest.Number: mapping}},
		{name: "bigquery.NullBool", value: bigquery.NullBool{Bool: true, Valid: true}, auto: yes, forced: forced{dynamodest.Bool: yes}},
		{name: "bigquery.NullBool false", value: bigquery.NullBool{Bool: false, Valid: true}, auto: no},
		{name: "bigquery.NullTimestamp", value: bigquery.NullTimestamp{Timestamp: moment, Valid: true}, auto: text("2026-01-02T03:04:05Z")},
		{name: "bigquery.NullDate", value: bigquery.NullDate{Date: civil.DateOf(moment), Valid: true}, auto: text("2026-01-02")},
		{name: "bigquery.NullJSON", value: bigquery.NullJSON{JSONVal: `{"a":1}`, Valid: true}, auto: text(`{"a":1}`), forced: forced{dynamodest.Map: doc{"a": number("1")}.want()}},

		{name: "structpb text", value: structpb.NewStringValue("héllo"), auto: text("héllo"), forced: asText},
		{name: "structpb number", value: structpb.NewNumberValue(1.5), auto: number("1.5"), forced: forced{dynamodest.Number: number("1.5")}},
		{name: "structpb bool", value: structpb.NewBoolValue(true), auto: yes, forced: forced{dynamodest.Bool: yes}},
		{name: "structpb null", value: structpb.NewNullValue(), auto: nothing, forced: forced{dynamodest.String: nothing}},
		{name: "structpb NaN", value: structpb.NewNumberValue(math.NaN()), auto: mapping},
		{name: "structpb list", value: must(structpb.NewList([]any{1, "x"})), auto: text(`[1,"x"]`), member: list(number("1"), text("x")), json: `[1,"x"]`,
			forced: forced{dynamodest.List: list(number("1"), text("x"))}},
		{name: "structpb struct", value: must(structpb.NewStruct(map[string]any{"a": 1, "b": []any{nil, ""}})), auto: text(`{"a":1,"b":[null,""]}`), member: object,
			json: `{"a":1,"b":[null,""]}`, forced: forced{dynamodest.Map: object}},

		{name: "optional text", value: some("x"), auto: text("x")},
		{name: "optional number", value: some(uint64(math.MaxUint64)), auto: number("18446744073709551615")},
		{name: "optional list", value: some([]int{1, 2}), auto: text("[1,2]"), member: list(number("1"), number("2")), json: "[1,2]", forced: forced{
			dynamodest.NumberSet: numbers("1", "2"), dynamodest.List: list(number("1"), number("2"))}},
		{name: "no option", value: optional[string]{}, auto: nothing},

		{name: "bson.DateTime", value: bson.NewDateTimeFromTime(moment), auto: text("2026-01-02T03:04:05Z")},
		{name: "bson.D", value: bson.D{{Key: "b", Value: 1}, {Key: "a", Value: "x"}}, auto: text(`{"a":"x","b":1}`), json: `{"a":"x","b":1}`,
			member: doc{"a": text("x"), "b": number("1")}.want(), forced: forced{dynamodest.Map: doc{"a": text("x"), "b": number("1")}.want()}},

		{name: "number as spelled", value: says("12.50"), auto: number("12.5"), json: "12.50"},
		{name: "white space", value: says(" \n\"x\"\t"), auto: text("x")},
		{name: "escapes", value: says(`"\u00e9\n\ud83d\ude00"`), auto: text("é\n😀"), json: `"é\n😀"`},
		{name: "number of 39 digits", value: says(strings.Repeat("9", 39)), auto: mapping, json: strings.Repeat("9", 39)},
		{name: "not JSON", value: says(`{"a":`), auto: mapping},
		{name: "empty", value: says(""), auto: mapping},
		{name: "two values", value: says("1 2"), auto: mapping},
	})
}

// TestRawJSON holds that JSON text in bytes is JSON wherever it is.
func TestRawJSON(t *testing.T) {
	t.Parallel()
	object := doc{"a": number("1.5")}.want()
	runValues(t, []value{
		{name: "object", value: json.RawMessage(`{"a":1.5}`), auto: text(`{"a":1.5}`), member: object, json: `{"a":1.5}`, forced: forced{
			dynamodest.String: text(`{"a":1.5}`), dynamodest.JSON: text(`{"a":1.5}`), dynamodest.Map: object, dynamodest.Number: mapping}},
		{name: "array", value: json.RawMessage(`[1,"x"]`), auto: text(`[1,"x"]`), member: list(number("1"), text("x")), json: `[1,"x"]`, forced: forced{
			dynamodest.String: text(`[1,"x"]`), dynamodest.List: list(number("1"), text("x"))}},
		{name: "text", value: json.RawMessage(`"x"`), auto: text(`"x"`), member: text("x"), keys: keys{types.ScalarAttributeTypeS: badKey}, forced: forced{dynamodest.String: text("x")}},
		{name: "number", value: json.RawMessage(`12.50`), auto: text("12.50"), member: number("12.5"), json: "12.50", forced: forced{dynamodest.Number: number("12.5")}},
		{name: "true", value: json.RawMessage(`true`), auto: text("true"), member: yes, forced: forced{dynamodest.Bool: yes}},
		{name: "null", value: json.RawMessage(`null`), auto: nothing, forced: forced{dynamodest.Map: nothing}},
		{name: "nil", value: json.RawMessage(nil), auto: nothing},
		{name: "replaced member that is not UTF-8", value: json.RawMessage("{\"a\":\"\xcf\",\"a\":0}"), auto: mapping, forced: forced{dynamodest.Map: mapping}},
	}, []write{
		{name: "object as a key", value: json.RawMessage(`{"a":1.5}`), typ: dynamodest.JSON, key: types.ScalarAttributeTypeS, want: text(`{"a":1.5}`)},
		{name: "null left out", value: bigquery.NullString{}, mapping: &dynamodest.Mapping{Null: dynamodest.OmitNull}, want: leftOut},
		{name: "null refused", value: structpb.NewNullValue(), mapping: &dynamodest.Mapping{Null: dynamodest.RefuseNull}, want: mapping},
		{name: "empty text kept", value: says(`""`), mapping: &dynamodest.Mapping{EmptyString: dynamodest.KeepEmpty}, want: text("")},
		{name: "SS", value: []bigquery.NullString{{StringVal: "a", Valid: true}, {StringVal: "b", Valid: true}}, typ: dynamodest.StringSet, want: texts("a", "b")},
		{name: "SS with null", value: []bigquery.NullString{{StringVal: "a", Valid: true}, {}}, typ: dynamodest.StringSet, want: mapping},
		{name: "NS", value: []*structpb.Value{structpb.NewNumberValue(1.5)}, typ: dynamodest.NumberSet, want: numbers("1.5")},
	}...)
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
