package realtypes

import (
	"database/sql"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/lib/pq"

	"github.com/dynamodest/dynamodest"
)

// TestBytesAreText holds Mapping.Bytes: with "text", a []byte is the text or the decimal that drivers of
// MySQL and PostgreSQL give so.
func TestBytesAreText(t *testing.T) {
	t.Parallel()
	asText := &dynamodest.Mapping{Bytes: "text"}
	keep := &dynamodest.Mapping{Bytes: "text", EmptyString: dynamodest.KeepEmpty}
	var writes []write
	add := func(name string, typ dynamodest.Type, v any, w want) {
		writes = append(writes, write{name: name, typ: typ, value: v, mapping: asText, want: w})
	}
	add("text", dynamodest.Auto, []byte("héllo"), text("héllo"))
	add("number", dynamodest.Number, []byte("12.50"), number("12.5"))
	add("number without a type", dynamodest.Auto, []byte("12.50"), text("12.50"))
	add("not UTF-8", dynamodest.Auto, []byte("\xff"), binary("\xff"))
	add("not UTF-8 as S", dynamodest.String, []byte("\xff"), mapping)
	add("not UTF-8 as B", dynamodest.Binary, []byte("\xff"), binary("\xff"))
	add("text as B", dynamodest.Binary, []byte("AAH/"), binary("AAH/"))
	add("text as S", dynamodest.String, []byte("x"), text("x"))
	add("BOOL", dynamodest.Bool, []byte("1"), yes)
	add("BIT(1)", dynamodest.Bool, []byte{1}, yes)
	add("JSON as M", dynamodest.Map, []byte(`{"a":1}`), doc{"a": number("1")}.want())
	add("nil", dynamodest.Auto, []byte(nil), nothing)
	add("empty", dynamodest.Auto, []byte{}, nothing)
	add("pointer", dynamodest.Auto, ptr([]byte("x")), text("x"))
	add("sql.RawBytes", dynamodest.Auto, sql.RawBytes("x"), text("x"))
	add("sql.Null", dynamodest.Auto, sql.Null[[]byte]{V: []byte("x"), Valid: true}, text("x"))
	add("in L", dynamodest.List, []any{[]byte("x"), []byte{}}, list(text("x"), text("")))
	add("in M", dynamodest.Map, map[string]any{"m": []byte("x")}, doc{"m": text("x")}.want())
	add("in a struct", dynamodest.Map, struct{ F []byte }{[]byte("x")}, doc{"F": text("x")}.want())
	add("in JSON", dynamodest.Auto, []any{[]byte("x")}, text(`["x"]`))
	add("in JSON, not UTF-8", dynamodest.Auto, []any{[]byte("\xff")}, text(`["/w=="]`))
	add("SS", dynamodest.StringSet, [][]byte{[]byte("x")}, texts("x"))
	add("NS", dynamodest.NumberSet, [][]byte{[]byte("12.50")}, numbers("12.5"))
	add("BS", dynamodest.BinarySet, pq.ByteaArray{[]byte("x")}, binaries("x"))
	add("array of bytes", dynamodest.Auto, [2]byte{0xff, 1}, binary("\xff\x01"))
	writes = append(writes, []write{
		{name: "empty, kept", value: []byte{}, mapping: keep, want: text("")},
		{name: "key", value: []byte("x"), key: types.ScalarAttributeTypeS, mapping: asText, want: text("x")},
		{name: "key that the table declares as B", value: []byte("x"), key: types.ScalarAttributeTypeB, mapping: asText, want: binary("x")},
		{name: "key that is binary", value: []byte("x"), typ: dynamodest.Binary, key: types.ScalarAttributeTypeB, mapping: asText, want: binary("x")},
		{name: "by default", value: []byte("x"), want: binary("x")},
		{name: "binary", value: []byte("x"), mapping: &dynamodest.Mapping{Bytes: "binary"}, want: binary("x")},
	}...)
	runWrites(t, writes...)
}
