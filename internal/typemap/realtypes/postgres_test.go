package realtypes

import (
	"math"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgtype/zeronull"
	"github.com/lib/pq"
	"github.com/lib/pq/hstore"

	"database/sql"

	"github.com/dynamodest/dynamodest"
)

// TestPGType holds the types of pgx: numbers keep their width and sign, containers their members.
func TestPGType(t *testing.T) {
	t.Parallel()
	pairs := doc{"a": text("1"), "b": nothing}.want()
	day := time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)
	runValues(t, []value{
		{name: "Bool", value: pgtype.Bool{Bool: true, Valid: true}, auto: yes, forced: forced{dynamodest.Bool: yes}},
		{name: "Bool of null", value: pgtype.Bool{}, auto: nothing},
		{name: "Int8", value: pgtype.Int8{Int64: math.MinInt64, Valid: true}, auto: number("-9223372036854775808")},
		{name: "Int4", value: pgtype.Int4{Int32: 5, Valid: true}, auto: number("5")},
		{name: "Uint32", value: pgtype.Uint32{Uint32: math.MaxUint32, Valid: true}, auto: number("4294967295")},
		{name: "Uint64", value: pgtype.Uint64{Uint64: math.MaxUint64, Valid: true}, auto: number("18446744073709551615"), forced: forced{
			dynamodest.Number: number("18446744073709551615"), dynamodest.String: text("18446744073709551615")}},
		{name: "Uint64 that is small", value: pgtype.Uint64{Uint64: 5, Valid: true}, auto: number("5")},
		{name: "Uint64 of null", value: pgtype.Uint64{}, auto: nothing},
		{name: "Float4", value: pgtype.Float4{Float32: 0.1, Valid: true}, auto: number("0.1"), forced: forced{
			dynamodest.Number: number("0.1"), dynamodest.String: text("0.1")}},
		{name: "Float4 of null", value: pgtype.Float4{}, auto: nothing},
		{name: "Float8", value: pgtype.Float8{Float64: 0.1, Valid: true}, auto: number("0.1")},
		{name: "Text", value: pgtype.Text{String: "x", Valid: true}, auto: text("x"), forced: forced{dynamodest.String: text("x"), dynamodest.Number: mapping}},
		{name: "Text of null", value: pgtype.Text{}, auto: nothing},
		{name: "Date", value: pgtype.Date{Time: day, Valid: true}, auto: text("2026-01-02T00:00:00Z")},
		{name: "Timestamptz", value: pgtype.Timestamptz{Time: moment, Valid: true}, auto: text(momentText)},
		{name: "Timestamptz infinity", value: pgtype.Timestamptz{InfinityModifier: pgtype.Infinity, Valid: true}, auto: text("infinity"), forced: forced{dynamodest.Number: mapping}},
		{name: "Timestamptz of null", value: pgtype.Timestamptz{}, auto: nothing},
		{name: "Time", value: pgtype.Time{Microseconds: 3_723_000_004, Valid: true}, auto: text("01:02:03.000004"), forced: forced{dynamodest.Number: mapping}},
		{name: "Interval", value: pgtype.Interval{Months: 1, Days: 2, Microseconds: 3_000_000, Valid: true}, auto: text("1 mon 2 day 00:00:03")},
		{name: "Bits", value: pgtype.Bits{Bytes: []byte{0b0101_0000}, Len: 4, Valid: true}, auto: text("0101")},
		{name: "Hstore", value: pgtype.Hstore{"a": ptr("1"), "b": nil}, auto: text(`{"a":"1","b":null}`), member: pairs, json: `{"a":"1","b":null}`, forced: forced{
			dynamodest.Map: pairs, dynamodest.JSON: text(`{"a":"1","b":null}`)}},
		{name: "Hstore that is empty", value: pgtype.Hstore{}, auto: text("{}"), member: doc{}.want(), json: "{}"},
		{name: "Hstore of null", value: pgtype.Hstore(nil), auto: nothing},
		{name: "FlatArray", value: pgtype.FlatArray[float32]{0.1}, auto: text("[0.1]"), member: list(number("0.1")), json: "[0.1]", forced: forced{
			dynamodest.NumberSet: numbers("0.1")}},
		{name: "zeronull.Int8", value: zeronull.Int8(5), auto: number("5")},
		{name: "zeronull.Int8 of zero", value: zeronull.Int8(0), auto: nothing},
		{name: "zeronull.Text of zero", value: zeronull.Text(""), auto: nothing, member: nothing},
		{name: "zeronull.Timestamp", value: zeronull.Timestamp(moment), auto: text(momentText)},
		{name: "zeronull.Timestamp of zero", value: zeronull.Timestamp{}, auto: nothing},
	}, []write{
		{name: "NS of Uint64", value: []pgtype.Uint64{{Uint64: math.MaxUint64, Valid: true}}, typ: dynamodest.NumberSet, want: numbers("18446744073709551615")},
		{name: "NS of Float4", value: []pgtype.Float4{{Float32: 0.1, Valid: true}}, typ: dynamodest.NumberSet, want: numbers("0.1")},
		{name: "SS of Text", value: []pgtype.Text{{String: "x", Valid: true}}, typ: dynamodest.StringSet, want: texts("x")},
		{name: "SS of Text with null", value: []pgtype.Text{{}}, typ: dynamodest.StringSet, want: mapping},
		{name: "Hstore as a key", value: pgtype.Hstore{"a": nil}, key: types.ScalarAttributeTypeS, want: badKey},
	}...)
}

// TestPQ holds the arrays of lib/pq, whose Value gives the literal of PostgreSQL.
func TestPQ(t *testing.T) {
	t.Parallel()
	ab, pairs := list(text("a"), text("b,}")), doc{"a": text("1"), "b": nothing}.want()
	bytes := list(binary("\x01"), binary("\xff"))
	runValues(t, []value{
		{name: "StringArray", value: pq.StringArray{"a", "b,}"}, auto: text(`["a","b,}"]`), member: ab, json: `["a","b,}"]`, forced: forced{
			dynamodest.List: ab, dynamodest.StringSet: texts("a", "b,}"), dynamodest.JSON: text(`["a","b,}"]`)}},
		{name: "StringArray that is empty", value: pq.StringArray{}, auto: text("[]"), member: list(), json: "[]", forced: forced{dynamodest.List: list()}},
		{name: "StringArray of null", value: pq.StringArray(nil), auto: nothing, forced: forced{dynamodest.List: nothing, dynamodest.StringSet: nothing}},
		{name: "Int64Array", value: pq.Int64Array{1, math.MaxInt64}, auto: text("[1,9223372036854775807]"), member: list(number("1"), number("9223372036854775807")),
			json: "[1,9223372036854775807]", forced: forced{dynamodest.NumberSet: numbers("1", "9223372036854775807")}},
		{name: "Float32Array", value: pq.Float32Array{0.1}, auto: text("[0.1]"), member: list(number("0.1")), json: "[0.1]", forced: forced{dynamodest.NumberSet: numbers("0.1")}},
		{name: "Float64Array", value: pq.Float64Array{0.1}, auto: text("[0.1]"), member: list(number("0.1")), json: "[0.1]"},
		{name: "BoolArray", value: pq.BoolArray{true, false}, auto: text("[true,false]"), member: list(yes, no), json: "[true,false]"},
		{name: "ByteaArray", value: pq.ByteaArray{{1}, {255}}, auto: text(`["AQ==","/w=="]`), member: bytes, json: `["AQ==","/w=="]`, forced: forced{
			dynamodest.BinarySet: binaries("\x01", "\xff"), dynamodest.List: bytes}},
		{name: "GenericArray", value: pq.GenericArray{A: []int{1, 2}}, auto: text("[1,2]"), member: list(number("1"), number("2")), json: "[1,2]", forced: forced{
			dynamodest.List: list(number("1"), number("2")), dynamodest.NumberSet: numbers("1", "2")}},
		{name: "pq.Array", value: pq.Array([]string{"a", "b,}"}), auto: text(`["a","b,}"]`), member: ab, json: `["a","b,}"]`},
		{name: "pq.Array of two dimensions", value: pq.Array([][]int{{1}, {2}}), auto: text("[[1],[2]]"), member: list(list(number("1")), list(number("2"))), json: "[[1],[2]]"},
		{name: "GenericArray of null", value: pq.GenericArray{A: []int(nil)}, auto: nothing},
		{name: "hstore.Hstore", value: hstore.Hstore{Map: map[string]sql.NullString{"a": {String: "1", Valid: true}, "b": {}}}, auto: text(`{"a":"1","b":null}`),
			member: pairs, json: `{"a":"1","b":null}`, forced: forced{dynamodest.Map: pairs}},
		{name: "hstore.Hstore of null", value: hstore.Hstore{}, auto: nothing},
	}, []write{
		{name: "StringArray as a key", value: pq.StringArray{"a"}, key: types.ScalarAttributeTypeS, want: badKey},
		{name: "StringArray in an M", value: map[string]pq.StringArray{"tags": {"a"}}, typ: dynamodest.Map, want: doc{"tags": list(text("a"))}.want()},
	}...)
}
