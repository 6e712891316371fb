package dynamodest

// reportLine is the settled rows that wait until all rows before them are settled. Its memory is used again as
// it moves on.
type reportLine struct {
	rows     []settledRow // those from index reported-gone on that were put; not settled if nobody has put it yet
	gone     int          // rows that have left, at the front of rows
	reported int          // rows that have left
	waiting  int          // settled rows
}

// settledRow is a settled row in the line. The index of the row is its place.
type settledRow struct {
	source   source
	err      error
	by       int
	bytes    int // of the window
	attempts int
	outcome  Outcome
	settled  bool
}

// keptLine is the most rows for which an empty line keeps memory.
const keptLine = 4096

// put puts in a settled row, which takes so many bytes of the window.
func (l *reportLine) put(row source, result RowResult, bytes int) {
	if len(l.rows) == cap(l.rows) && l.gone > len(l.rows)/2 {
		left := copy(l.rows, l.rows[l.gone:])
		clear(l.rows[left:])
		l.rows, l.gone = l.rows[:left], 0
	}
	place := result.Index - l.reported + l.gone
	for len(l.rows) <= place {
		l.rows = append(l.rows, settledRow{})
	}
	l.rows[place] = settledRow{
		source: row, err: result.Err, by: result.By, bytes: bytes,
		attempts: result.Attempts, outcome: result.Outcome, settled: true,
	}
	l.waiting++
}

// take takes the row whose turn it is out of the line. It reports false if that row is not settled.
func (l *reportLine) take() (row source, result RowResult, bytes int, ok bool) {
	if l.gone == len(l.rows) || !l.rows[l.gone].settled {
		return source{}, RowResult{}, 0, false
	}
	s := &l.rows[l.gone]
	row, bytes = s.source, s.bytes
	result = RowResult{Index: l.reported, Outcome: s.outcome, By: s.by, Attempts: s.attempts, Err: s.err}
	*s = settledRow{}
	l.gone++
	l.reported++
	l.waiting--
	if l.gone == len(l.rows) {
		l.rows, l.gone = l.rows[:0], 0
		if cap(l.rows) > keptLine {
			l.rows = nil
		}
	}
	return row, result, bytes, true
}
