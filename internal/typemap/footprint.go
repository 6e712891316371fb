package typemap

import (
	"encoding/json"

	"github.com/dynamodest/dynamodest/internal/item"
)

// entryBytes is roughly the memory that a column takes in the map of a row, in bytes.
const entryBytes = 48

// maxWeighed bounds the time for a value that has very many parts, or contains itself.
const maxWeighed = 10_000

// Footprint estimates the memory, in bytes, that the columns of row keep alive.
func Footprint(row map[string]any) int {
	f := footprint{nodes: maxWeighed}
	f.add(row, item.MaxLevels)
	return f.bytes
}

// FootprintOfValues is Footprint for a row of the given values, without a map.
func FootprintOfValues(values []any) int {
	f := footprint{nodes: maxWeighed}
	f.add(values, item.MaxLevels)
	return f.bytes
}

// footprint estimates the memory a value keeps alive.
type footprint struct {
	bytes int
	nodes int // parts that may still be counted
}

func (f *footprint) add(v any, levels int) {
	f.bytes += entryBytes + textSize(v)
	if f.nodes--; f.nodes < 0 || levels == 0 {
		return
	}
	switch v := v.(type) {
	case map[string]any:
		for name, elem := range v {
			f.bytes += len(name)
			f.add(elem, levels-1)
		}
	case []any:
		for _, elem := range v {
			f.add(elem, levels-1)
		}
	}
}

// textSize returns the bytes of v if v is a text, otherwise 0.
func textSize(v any) int {
	switch v := v.(type) {
	case string:
		return len(v)
	case []byte:
		return len(v)
	case json.RawMessage:
		return len(v)
	case json.Number:
		return len(v)
	}
	return 0
}
