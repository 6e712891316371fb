package deadletter

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"unicode/utf8"
)

// Values is a row. Its JSON is exact: numbers have all their digits, and what JSON cannot hold has a form of
// its own. Bytes, and text that is not UTF-8, are {"base64": "…"}; numbers that are not finite are
// {"number": "NaN"}; a value without any JSON is {"unreadable": "its type"}.
type Values map[string]any

// MarshalJSON returns the JSON of the row, its columns sorted.
func (v Values) MarshalJSON() ([]byte, error) {
	exact := make(map[string]any, len(v))
	for column, value := range v {
		exact[column] = exactly(value)
	}
	return marshal(exact)
}

// marshal is json.Marshal that leaves <, > and & as they are.
func marshal(v any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}

// exactly returns a value whose JSON says exactly what v is.
func exactly(v any) any {
	switch v := v.(type) {
	case string:
		if utf8.ValidString(v) {
			return v
		}
		return exactly([]byte(v))
	case []byte:
		if v == nil {
			return nil
		}
		return map[string]string{"base64": base64.StdEncoding.EncodeToString(v)}
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return map[string]string{"number": fmt.Sprint(v)}
		}
	case float32:
		if f := float64(v); math.IsNaN(f) || math.IsInf(f, 0) {
			return exactly(f)
		}
	case map[string]any:
		return Values(v)
	case []any:
		elems := make([]any, len(v))
		for i, elem := range v {
			elems[i] = exactly(elem)
		}
		return elems
	}
	text, err := marshal(v)
	if err != nil {
		return map[string]string{"unreadable": fmt.Sprintf("%T", v)}
	}
	return json.RawMessage(text)
}
