package typemap

import (
	"encoding/base64"
	"encoding/json"
	"math"
	"strconv"
	"time"

	"github.com/dynamodest/dynamodest/internal/decimal"
	"github.com/dynamodest/dynamodest/internal/item"
)

// quick is the set of Go values of a column that are encoded without an attribute in between: neither the mapping
// nor the table changes what their Go type becomes.
type quick uint8

// The Go values, and the kinds that they become.
const (
	quickText   quick = 1 << iota // a string of one byte or more: S
	quickNumber                   // an int, uint or float of any size, a json.Number: N
	quickBool                     // BOOL
	quickNull                     // nil: NULL
	quickBytes                    // a []byte that is not nil: B
	quickTime                     // S
)

// quickTypes holds, for each type of a Field, the values that it does not change.
var quickTypes = map[Type]quick{
	Auto:   quickText | quickNumber | quickBool | quickBytes | quickTime,
	String: quickText,
	Number: quickNumber,
	Binary: quickBytes,
	Bool:   quickBool,
}

// quickValues returns the values of col that are encoded quickly.
func (c *Converter) quickValues(col *column) quick {
	inIndex := col.indexLimit < math.MaxInt || col.indexKey != nil || col.filter != nil || col.vector != nil
	if col.problem != nil || col.version || col.key == nil && inIndex {
		return 0
	}
	values := quickNull | quickTypes[col.typ]
	if col.typ == Auto && col.rules.bytes == TextBytes {
		values &^= quickBytes
	}
	if c.mapping.Null != WriteNull {
		values &^= quickNull
	}
	if col.key != nil {
		values &= quickText
	}
	return values
}

// appendQuick appends v as the SDK encodes v's attribute, and returns the bytes that DynamoDB counts for it.
// It reports false if v is none of the given values, or may be invalid; what it has appended is then void.
func (s *Scratch) appendQuick(dst []byte, v any, values quick) (out []byte, size int, ok bool) {
	switch v := v.(type) {
	case string:
		if values&quickText == 0 || v == "" {
			return dst, 0, false
		}
		dst, ok = item.AppendQuoted(append(dst, `{"S":`...), v)
		return append(dst, '}'), len(v), ok
	case nil:
		return append(dst, `{"NULL":true}`...), 1, values&quickNull != 0
	case bool:
		dst = strconv.AppendBool(append(dst, `{"BOOL":`...), v)
		return append(dst, '}'), 1, values&quickBool != 0
	case time.Time:
		dst = append(dst, `{"S":"`...)
		start := len(dst)
		dst, err := appendTime(dst, v)
		return append(dst, `"}`...), len(dst) - start, err == nil && values&quickTime != 0
	case []byte:
		if values&quickBytes == 0 || v == nil {
			return dst, 0, false
		}
		dst = base64.StdEncoding.AppendEncode(append(dst, `{"B":"`...), v)
		return append(dst, `"}`...), len(v), true
	}
	if values&quickNumber == 0 {
		return dst, 0, false
	}
	return s.appendNumber(dst, v)
}

// appendNumber is appendQuick for numbers.
func (s *Scratch) appendNumber(dst []byte, v any) (out []byte, size int, ok bool) {
	const before, after = `{"N":"`, `"}`
	dst = append(dst, before...)
	start := len(dst)
	text := 0 // bytes of the number in the row
	var err error
	switch v := v.(type) {
	case float64:
		dst, err = decimal.AppendFloat(dst, v, 64)
	case float32:
		dst, err = decimal.AppendFloat(dst, float64(v), 32)
	case json.Number:
		var d decimal.Decimal
		d, err = decimal.Parse(string(v))
		dst = d.Append(dst)
		text = len(v)
	default:
		if dst, ok = appendInteger(dst, v); !ok {
			return dst, 0, false
		}
	}
	if err != nil {
		return dst, 0, false
	}
	size = decimal.Size(dst[start:])
	s.builder.Footprint += max(0, text-size)
	return append(dst, after...), size, true
}
