package realtypes

import (
	"bytes"
	"compress/gzip"
	"database/sql/driver"
	"encoding/json"
	"io"
	"testing"

	sqlxtypes "github.com/jmoiron/sqlx/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynamodest/dynamodest"
)

// The types of gorm.io/datatypes, which pulls in gorm and its drivers. Value gives JSON as text.
type (
	gormJSON             json.RawMessage
	gormJSONMap          map[string]any
	gormJSONSlice[T any] []T
	gormJSONType[T any]  struct{ data T }
)

func gormText(v any) (driver.Value, error) {
	raw, err := json.Marshal(v)
	return string(raw), err
}

func (j gormJSON) Value() (driver.Value, error) {
	if len(j) == 0 {
		return nil, nil
	}
	return string(j), nil
}
func (j gormJSON) MarshalJSON() ([]byte, error)         { return json.RawMessage(j).MarshalJSON() }
func (m gormJSONMap) Value() (driver.Value, error)      { return gormText(map[string]any(m)) }
func (m gormJSONMap) MarshalJSON() ([]byte, error)      { return json.Marshal(map[string]any(m)) }
func (s gormJSONSlice[T]) Value() (driver.Value, error) { return gormText(s) }
func (j gormJSONType[T]) Value() (driver.Value, error)  { return gormText(j.data) }
func (j gormJSONType[T]) MarshalJSON() ([]byte, error)  { return json.Marshal(j.data) }

// jsonColumn is what applications write for JSON columns: a struct whose Value gives its JSON in bytes.
type jsonColumn struct {
	A float64 `json:"a"`
}

func (c jsonColumn) Value() (driver.Value, error) { return json.Marshal(c) }

// labels is the same for a map.
type labels map[string]string

func (l labels) Value() (driver.Value, error) { return json.Marshal(l) }

// TestJSONOfValuers holds that JSON that a Valuer holds or gives is JSON, not bytes and not text in
// quotes.
func TestJSONOfValuers(t *testing.T) {
	t.Parallel()
	object := doc{"a": number("1.5")}.want()
	asObject := forced{dynamodest.Map: object, dynamodest.JSON: text(`{"a":1.5}`), dynamodest.String: text(`{"a":1.5}`)}
	isObject := func(name string, v any) value {
		return value{name: name, value: v, auto: text(`{"a":1.5}`), member: object, json: `{"a":1.5}`, forced: asObject}
	}
	values := []value{
		isObject("sqlx JSONText", sqlxtypes.JSONText(`{"a":1.5}`)),
		isObject("sqlx NullJSONText", sqlxtypes.NullJSONText{JSONText: sqlxtypes.JSONText(`{"a":1.5}`), Valid: true}),
		{name: "sqlx NullJSONText of null", value: sqlxtypes.NullJSONText{}, auto: nothing, forced: forced{dynamodest.Map: nothing}},
		{name: "sqlx JSONText of an array", value: sqlxtypes.JSONText(`[1,"x"]`), auto: text(`[1,"x"]`), member: list(number("1"), text("x")), json: `[1,"x"]`,
			forced: forced{dynamodest.List: list(number("1"), text("x"))}},
		{name: "sqlx JSONText of text", value: sqlxtypes.JSONText(`"x"`), auto: text(`"x"`), member: text("x"), keys: keys{types.ScalarAttributeTypeS: badKey}},
		{name: "sqlx JSONText of null", value: sqlxtypes.JSONText(`null`), auto: nothing},
		{name: "sqlx JSONText that is no JSON", value: sqlxtypes.JSONText(`{`), auto: mapping},
		{name: "sqlx BitBool", value: sqlxtypes.BitBool(true), auto: yes, forced: forced{dynamodest.Bool: yes}},
		{name: "sqlx BitBool false", value: sqlxtypes.BitBool(false), auto: no, forced: forced{dynamodest.Bool: no}},
		isObject("datatypes.JSON", gormJSON(`{"a":1.5}`)),
		isObject("datatypes.JSONMap", gormJSONMap{"a": 1.5}),
		isObject("datatypes.JSONType", gormJSONType[map[string]float64]{map[string]float64{"a": 1.5}}),
		{name: "datatypes.JSON of null", value: gormJSON(nil), auto: nothing},
		{name: "datatypes.JSONSlice", value: gormJSONSlice[string]{"a"}, auto: text(`["a"]`), member: list(text("a")), json: `["a"]`,
			forced: forced{dynamodest.StringSet: texts("a"), dynamodest.List: list(text("a"))}},
		{name: "JSON column of a struct", value: jsonColumn{1.5}, auto: text(`{"a":1.5}`), member: object, json: `{"a":1.5}`, forced: forced{dynamodest.Map: object}},
		{name: "JSON column of a map", value: labels{"a": "x"}, auto: text(`{"a":"x"}`), member: doc{"a": text("x")}.want(), json: `{"a":"x"}`,
			forced: forced{dynamodest.Map: doc{"a": text("x")}.want()}},
	}
	runValues(t, values, []write{
		{name: "sqlx JSONText as a key", value: sqlxtypes.JSONText(`{"a":1.5}`), key: types.ScalarAttributeTypeS, want: badKey},
		{name: "sqlx JSONText as a key by JSON", value: sqlxtypes.JSONText(`{"a":1.5}`), typ: dynamodest.JSON, key: types.ScalarAttributeTypeS, want: text(`{"a":1.5}`)},
	}...)
}

// TestGzippedText holds that GzippedText is the gzip that a database gets, whose bytes are up to Go's
// release.
func TestGzippedText(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		t.Helper()
		cfg := s.cfg
		cfg.Table = s.table(t, types.ScalarAttributeTypeS)
		dest, err := dynamodest.New(t.Context(), cfg)
		require.NoError(t, err)
		item, err := dest.Item(dynamodest.Row{partitionColumn: "cases", sortColumn: "gzip", valueColumn: sqlxtypes.GzippedText("plain")})
		require.NoError(t, err)
		zipped, ok := item[valueColumn].(*types.AttributeValueMemberB)
		require.True(t, ok)
		r, err := gzip.NewReader(bytes.NewReader(zipped.Value))
		require.NoError(t, err)
		plain, err := io.ReadAll(r)
		require.NoError(t, err)
		assert.Equal(t, "plain", string(plain))
	})
}
