package source

// quoteScan finds out whether a quote is open at the end of a line of CSV that is too long to be kept. It reads the line
// in parts, as csvParser reads a whole one.
type quoteScan struct {
	comma []byte // UTF-8, so no part of it begins as it does
	lazy  bool

	state   quoteState
	matched int // bytes of a comma that the part before ends with
}

// quoteState is where in a line a quoteScan is.
type quoteState int

const (
	atField    quoteState = iota // at the beginning of a field
	inPlain                      // in a field that is not quoted
	inQuotes                     // in a quoted field
	afterQuote                   // after a quote in a quoted field, which may close it
	afterCR                      // after a carriage return after such a quote, which may end the line
	broken                       // after a fault, which ends the record with the line
)

// begin begins a line in the given state.
func (q *quoteScan) begin(state quoteState) { q.state, q.matched = state, 0 }

// open reports whether a quote is open after what was read, if the line ends there.
func (q *quoteScan) open() bool { return q.state == inQuotes }

// read reads a part of the line.
func (q *quoteScan) read(part []byte) {
	for _, b := range part {
		switch q.state {
		case broken:
			return
		case atField:
			if b == '"' {
				q.state = inQuotes
			} else {
				q.state = inPlain
				q.plain(b)
			}
		case inPlain:
			q.plain(b)
		case inQuotes:
			if b == '"' {
				q.begin(afterQuote)
			}
		case afterQuote, afterCR:
			q.quote(b)
		}
	}
}

// plain reads a byte of a field that is not quoted.
func (q *quoteScan) plain(b byte) {
	switch {
	case q.isComma(b):
		q.begin(atField)
	case b == '"' && !q.lazy:
		q.state = broken
	}
}

// quote reads a byte after a quote in a quoted field, and perhaps after a part of a comma or a carriage return.
func (q *quoteScan) quote(b byte) {
	first := q.state == afterQuote && q.matched == 0 // right after the quote
	switch {
	case q.state == afterQuote && b == q.comma[q.matched]:
		if q.matched++; q.matched == len(q.comma) {
			q.begin(atField)
		}
	case b == '\n' && q.matched == 0: // the line ends
	case b == '"' && first:
		q.begin(inQuotes)
	case b == '\r' && first:
		q.begin(afterCR)
	case !q.lazy:
		q.begin(broken)
	case b == '"': // the quote before was one of the text, and this one may close the field
		q.begin(afterQuote)
	default:
		q.begin(inQuotes)
	}
}

// isComma reports whether b is the last byte of a comma.
func (q *quoteScan) isComma(b byte) bool {
	if b != q.comma[q.matched] {
		q.matched = 0
	}
	if b == q.comma[q.matched] {
		q.matched++
	}
	if q.matched < len(q.comma) {
		return false
	}
	q.matched = 0
	return true
}
