package typemap

import (
	"database/sql"
	"encoding/json"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/internal/fault"
	"github.com/dynamodest/dynamodest/internal/item"
)

func TestDeletes(t *testing.T) {
	t.Parallel()
	yes, no := true, false
	for name, tt := range map[string]struct {
		v    any
		want string // "delete", "put" or "refused"
	}{
		"true":              {true, "delete"},
		"named true":        {namedBool(true), "delete"},
		"pointer to true":   {&yes, "delete"},
		"text true":         {"true", "delete"},
		"text T":            {"T", "delete"},
		"bytes 1":           {[]byte("1"), "delete"},
		"bit 1":             {[]byte{1}, "delete"},
		"number 1":          {1, "delete"},
		"number 1.0":        {1.0, "delete"},
		"json.Number":       {json.Number("1"), "delete"},
		"raw JSON":          {json.RawMessage("true"), "delete"},
		"Valuer of true":    {sql.NullBool{Bool: true, Valid: true}, "delete"},
		"BOOL true":         {&types.AttributeValueMemberBOOL{Value: true}, "delete"},
		"false":             {false, "put"},
		"pointer to false":  {&no, "put"},
		"text 0":            {"0", "put"},
		"number 0":          {0, "put"},
		"nil":               {nil, "put"},
		"nil pointer":       {(*bool)(nil), "put"},
		"Valuer of nil":     {sql.NullBool{}, "put"},
		"NULL":              {&types.AttributeValueMemberNULL{Value: true}, "put"},
		"raw JSON null":     {json.RawMessage("null"), "put"},
		"empty text":        {"", "refused"},
		"empty bytes":       {[]byte{}, "refused"},
		"text yes":          {"secret-yes", "refused"},
		"text with a space": {" true", "refused"},
		"number 2":          {2, "refused"},
		"list":              {[]bool{true}, "refused"},
		"S true":            {&types.AttributeValueMemberS{Value: "true"}, "refused"},
		"channel":           {make(chan int), "refused"},
		"method that fails": {failing{}, "refused"},
	} {
		for _, m := range []Mapping{
			{Delete: "gone"},
			{Delete: "gone", Bytes: TextBytes, EmptyString: KeepEmpty},
			{Delete: "gone", Fields: []Field{field("p", Auto), field("a", Auto)}},
		} {
			it, err := New(m, partitionKey("p", item.S)).Convert(row{"p": "x", "a": "b", "gone": tt.v})
			switch tt.want {
			case "refused":
				require.NotNil(t, err, name)
				assert.Equal(t, fault.Mapping, err.Reason, name)
				assert.Equal(t, "gone", err.Column, name)
				assert.Contains(t, err.Error(), "Config.Delete", name)
				assert.NotContains(t, err.Error(), "secret", name)
				assert.NotEmpty(t, err.Advice().Remedy, name)
			case "delete":
				require.Nil(t, err, name)
				assert.True(t, it.Delete, name)
				assert.Equal(t, avMap{"p": s("x")}, it.SDK(), name)
				assert.Equal(t, 1, it.Units())
				assert.Equal(t, len(`{"DeleteRequest":{"Key":{"p":{"S":"x"}}}}`), it.EncodedSize, name)
			default:
				require.Nil(t, err, name)
				assert.False(t, it.Delete, name)
				assert.Equal(t, avMap{"p": s("x"), "a": s("b")}, it.SDK(), name, "the column is written only if it is mapped")
			}
		}
	}
}

// Of a delete only the key's columns are converted and checked; a put is checked as ever.
func TestDeletesNeedTheKeyAlone(t *testing.T) {
	t.Parallel()
	bad := make(chan int)
	m := Mapping{
		Delete: "gone",
		Fields: []Field{field("p", Auto), {Column: "when", Attribute: "s", Type: SortableTime}, {Column: "a", Attribute: "a", Required: true}, field("gone", Auto)},
	}
	c := New(m, schemaOfKeys(item.S, item.S))
	it := mustConvert(t, c, row{"p": "x", "when": early, "gone": true, "b": bad})
	assert.Equal(t, avMap{"p": s("x"), "s": s("2026-03-04T05:06:07.500000000Z")}, it.SDK())
	assert.Equal(t, mustConvert(t, c, row{"p": "x", "when": early, "a": 1}).Key, it.Key, "a put of the key has the same identity")
	it = mustConvert(t, c, row{"p": "x", "when": early, "a": 1, "gone": false})
	assert.Equal(t, boolean(false), it.SDK()["gone"], "the column is written if it is mapped")

	for name, tt := range map[string]struct {
		row    row
		reason fault.Reason
		column string
	}{
		"no key":          {row{"p": "x", "gone": true}, fault.Key, "when"},
		"null key":        {row{"p": nil, "when": early, "gone": true}, fault.Key, "p"},
		"bad key":         {row{"p": bad, "when": early, "gone": true}, fault.Mapping, "p"},
		"put without a":   {row{"p": "x", "when": early}, fault.Mapping, "a"},
		"neither is sent": {row{"p": "x", "when": early, "gone": bad}, fault.Mapping, "gone"},
	} {
		_, err := c.Convert(tt.row)
		require.NotNil(t, err, name)
		assert.Equal(t, tt.reason, err.Reason, name)
		assert.Equal(t, tt.column, err.Column, name)
	}
	_, err := c.Convert(nil)
	require.NotNil(t, err)

	long := New(Mapping{Delete: "gone"}, schemaOfKeys(item.S, item.S))
	it = mustConvert(t, long, row{"p": string(make([]byte, 2000)), "s": string(make([]byte, 1000)), "gone": true})
	assert.Equal(t, 1, it.Units(), "a delete counts as one unit, however long its key is")
}

// The mapping's Convert is asked for the column too.
func TestDeletesByConvert(t *testing.T) {
	t.Parallel()
	type flag struct{}
	m := Mapping{Delete: "gone", Convert: func(column string, v any) (any, bool, error) {
		_, is := v.(flag)
		return true, is && column == "gone", nil
	}}
	it := mustConvert(t, New(m, partitionKey("p", item.S)), row{"p": "x", "gone": flag{}})
	assert.True(t, it.Delete)
}
