package dynamodest

// reportLine is the settled rows that wait until all rows before them are settled: a ring by index.
type reportLine struct {
	ring     []settledRow // of a power of 2, or none
	reported int          // rows that have left, and so the index of the row whose turn it is
	waiting  int          // settled rows
}

// settledRow is a settled row in the line. Its index is its place.
type settledRow struct {
	source   sourceRow
	err      error
	by       int
	bytes    int // of the window
	attempts int
	outcome  Outcome
	settled  bool // not, if nobody has put it there yet
}

const (
	minLine  = 64   // the rows of the smallest ring
	keptLine = 4096 // the rows of the largest ring that is kept while no row waits
)

// at returns the place of the row of the given index.
func (l *reportLine) at(index int) *settledRow { return &l.ring[index&(len(l.ring)-1)] }

// put puts in a settled row, which takes so many bytes of the window.
func (l *reportLine) put(row sourceRow, result RowResult, bytes int) {
	for result.Index-l.reported >= len(l.ring) {
		l.grow()
	}
	*l.at(result.Index) = settledRow{
		source: row, err: result.Err, by: result.By, bytes: bytes,
		attempts: result.Attempts, outcome: result.Outcome, settled: true,
	}
	l.waiting++
}

func (l *reportLine) grow() {
	from := *l
	l.ring = make([]settledRow, max(minLine, 2*len(from.ring)))
	for index := l.reported; index < l.reported+len(from.ring); index++ {
		*l.at(index) = *from.at(index)
	}
}

// take takes the row whose turn it is out of the line. It reports false if that row is not settled.
func (l *reportLine) take() (row sourceRow, result RowResult, bytes int, ok bool) {
	if l.waiting == 0 || !l.at(l.reported).settled {
		return sourceRow{}, RowResult{}, 0, false
	}
	s := l.at(l.reported)
	row, bytes = s.source, s.bytes
	result = RowResult{Index: l.reported, Outcome: s.outcome, By: s.by, Attempts: s.attempts, Err: s.err}
	*s = settledRow{}
	l.reported++
	l.waiting--
	if l.waiting == 0 && len(l.ring) > keptLine {
		l.ring = nil
	}
	return row, result, bytes, true
}
