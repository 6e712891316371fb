package source

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// csvParser reads records of CSV. encoding/csv does not serve: it changes breaks of lines within quotes, takes a
// cut last line for a record, and keeps a quoted field of any size.
type csvParser struct {
	lines lines
	long  quoteScan // of the lines that are too long
	comma []byte
	lazy  bool
	max   int // bytes of a record

	start  int    // the line on which the record begins
	size   int    // bytes of the lines of the record so far
	ending []byte // of the line read last
	text   []byte // the fields of the record, one after another
	ends   []int  // where each ends
	fields []string
}

// newCSVParser returns a parser of r.
func newCSVParser(r io.Reader, comma rune, lazy bool, maxRecord int) *csvParser {
	p := &csvParser{lines: newLines(r), comma: []byte(string(comma)), lazy: lazy, max: maxRecord}
	p.long.comma, p.long.lazy = p.comma, lazy
	p.lines.skipped = p.long.read
	return p
}

// record returns the fields of the next record, until the next call, or why it cannot be read. err ends the source,
// after bad if there is both; it is io.EOF at its end.
func (p *csvParser) record() (fields []string, bad *LineError, err error) {
	var line []byte
	for len(line) == 0 { // skips empty lines
		p.long.begin(atField)
		raw, err := p.lines.next(p.max)
		p.start = p.lines.number
		if errors.Is(err, errTooLong) {
			bad, err = p.tooLarge()
			return nil, bad, err
		} else if err != nil {
			return nil, nil, err
		}
		p.size = len(raw)
		line, p.ending = cutEnding(raw)
	}
	p.text, p.ends = p.text[:0], p.ends[:0]
	for at := 0; at >= 0; {
		if at < len(line) && line[at] == '"' {
			line, at, bad, err = p.quoted(line, at+1)
		} else {
			at, bad = p.plain(line, at)
		}
		if bad != nil || err != nil {
			return nil, bad, err
		}
	}
	return p.split(), nil, nil
}

// split returns the fields of the record, which share the memory of one string.
func (p *csvParser) split() []string {
	text, begin := string(p.text), 0
	p.fields = p.fields[:0]
	for _, end := range p.ends {
		p.fields = append(p.fields, text[begin:end])
		begin = end
	}
	return p.fields
}

// plain reads a field that is not quoted from line[at:]. It returns where the next one begins; -1 if the record
// ends.
func (p *csvParser) plain(line []byte, at int) (next int, bad *LineError) {
	field, next := line[at:], -1
	if i := bytes.Index(field, p.comma); i >= 0 {
		field, next = field[:i], at+i+len(p.comma)
	}
	if i := bytes.IndexByte(field, '"'); i >= 0 && !p.lazy {
		return 0, p.fault(at+i, "a quote inside a field that is not quoted")
	}
	p.endField(field)
	return next, nil
}

// quoted reads the rest of a quoted field from line[at:] and the lines after it. It returns the line on which
// the field ends, and where on it the next field begins; -1 if the record ends.
func (p *csvParser) quoted(line []byte, at int) (last []byte, next int, bad *LineError, err error) {
	for {
		i := bytes.IndexByte(line[at:], '"')
		if i < 0 {
			p.text = append(p.text, line[at:]...)
			if line, bad, err = p.continued(); bad != nil || err != nil {
				return nil, 0, bad, err
			}
			at = 0
			continue
		}
		p.text = append(p.text, line[at:at+i]...)
		at += i + 1
		switch rest := line[at:]; {
		case len(rest) == 0:
			p.endField(nil)
			return line, -1, nil, nil
		case rest[0] == '"':
			p.text = append(p.text, '"')
			at++
		case bytes.HasPrefix(rest, p.comma):
			p.endField(nil)
			return line, at + len(p.comma), nil, nil
		case p.lazy:
			p.text = append(p.text, '"')
		default:
			return nil, 0, p.fault(at-1, "text after the closing quote of a field"), nil
		}
	}
}

// endField ends a field whose text ends with rest.
func (p *csvParser) endField(rest []byte) {
	p.text = append(p.text, rest...)
	p.ends = append(p.ends, len(p.text))
}

// continued returns the next line of a record that is within quotes.
func (p *csvParser) continued() (line []byte, bad *LineError, err error) {
	p.text = append(p.text, p.ending...)
	p.long.begin(inQuotes)
	raw, err := p.lines.next(p.max - p.size)
	switch {
	case errors.Is(err, errTooLong):
		bad, err = p.tooLarge()
		return nil, bad, err
	case isEnd(err):
		bad = &LineError{Line: p.start, Problem: "a quote is not closed"}
		if p.lines.number == p.start {
			return nil, bad, nil
		}
		bad.Problem += fmt.Sprintf(", so that all lines up to the last one, %d, are in its field", p.lines.number)
		return nil, bad, bad
	case err != nil:
		return nil, nil, err
	}
	p.size += len(raw)
	line, p.ending = cutEnding(raw)
	return line, nil, nil
}

// tooLarge returns what is wrong with a record of more than max bytes. If a quote is open at the end of the line that
// passes them, nobody knows where the record ends: then err ends the source.
func (p *csvParser) tooLarge() (bad *LineError, err error) {
	bad = &LineError{Line: p.start, Problem: fmt.Sprintf("the record has more than %d bytes: shorten it, or raise CSV.MaxRecord", p.max)}
	if !p.long.open() {
		return bad, nil
	}
	bad.Problem = fmt.Sprintf("the record has more than %d bytes: close its quotes, or raise CSV.MaxRecord", p.max)
	return bad, bad
}

// fault returns what is wrong at a byte of the line read last.
func (p *csvParser) fault(at int, problem string) *LineError {
	if last := p.lines.number; last > p.start {
		return &LineError{Line: p.start, Problem: fmt.Sprintf("%s on line %d, column %d: lines %d to %d are skipped", problem, last, at+1, p.start, last)}
	}
	return &LineError{Line: p.start, Column: at + 1, Problem: problem}
}
