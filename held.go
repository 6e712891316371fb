package dynamodest

import "encoding/json"

// rowSize is roughly what the columns of a row hold, in bytes.
func rowSize(row Row) int {
	w := weighing{nodes: mostWeighed}
	w.add(row, maxLevels)
	return w.bytes
}

// weighing adds up what a value holds.
type weighing struct {
	bytes int
	nodes int // that may still be looked at
}

// mostWeighed bounds the time that a value takes which has very many parts, or
// contains itself.
const mostWeighed = 10_000

func (w *weighing) add(v any, levels int) {
	w.bytes += entryBytes + textSize(v)
	if w.nodes--; w.nodes < 0 || levels == 0 {
		return
	}
	switch v := v.(type) {
	case map[string]any:
		for name, elem := range v {
			w.bytes += len(name)
			w.add(elem, levels-1)
		}
	case []any:
		for _, elem := range v {
			w.add(elem, levels-1)
		}
	}
}

// textSize is the bytes of v if it is a text, else 0.
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
