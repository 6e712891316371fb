package source

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// bufferSize is how much is read at once: longer lines are copied.
const bufferSize = 64 << 10

// errTooLong is a line longer than its limit.
var errTooLong = errors.New("the line is too long")

// foreign lists how sources begin that are no text in UTF-8, and what they are.
var foreign = []struct{ start, problem string }{
	{"\xff\xfe", "the source is UTF-16 or UTF-32: convert it to UTF-8"},
	{"\xfe\xff", "the source is UTF-16: convert it to UTF-8"},
	{"\x1f\x8b", "the source is compressed by gzip: uncompress it"},
	{"PAR1", "the source is a Parquet file, and no text"},
	{"PK\x03\x04", "the source is a ZIP archive, or a workbook, and no text"},
}

// lines reads a source line by line, in bounded memory.
type lines struct {
	r      *bufio.Reader
	long   []byte // the memory of a line longer than the buffer of r
	number int    // of the line read last, from 1
	err    error  // what ended the source

	// skipped gets a line that is too long, in one or more parts; nil if it is only skipped.
	skipped func(part []byte)
}

// newLines returns the lines of r.
func newLines(r io.Reader) lines { return lines{r: bufio.NewReaderSize(r, bufferSize)} }

// next returns the next line with its ending, without a byte order mark, until the next call. A line of more than
// limit bytes is skipped to its end, and is errTooLong. io.EOF is the end of the source; any other error is a
// *LineError, and a line that it cuts is dropped.
func (l *lines) next(limit int) ([]byte, error) {
	if l.err != nil {
		return nil, l.err
	}
	line, err := l.r.ReadSlice('\n')
	if l.number == 0 {
		for _, f := range foreign {
			if bytes.HasPrefix(line, []byte(f.start)) {
				l.err = &LineError{Line: 1, Problem: f.problem}
				return nil, l.err
			}
		}
		line = bytes.TrimPrefix(line, []byte("\ufeff"))
	}
	tooLong := false
	if errors.Is(err, bufio.ErrBufferFull) {
		line, tooLong, err = l.readLong(line, limit+len("\r\n"))
	}
	switch {
	case err == nil:
	case isEnd(err):
		l.err = io.EOF
		if len(line) == 0 && !tooLong {
			return nil, l.err
		}
	default:
		l.err = readError(l.number+1, err)
		return nil, l.err
	}
	l.number++
	if tooLong {
		return nil, errTooLong
	}
	if body, _ := cutEnding(line); len(body) > limit {
		l.skip(line)
		return nil, errTooLong
	}
	return line, nil
}

// readLong reads the rest of a line that begins with start. Of a line of more than limit bytes it keeps nothing.
func (l *lines) readLong(start []byte, limit int) (line []byte, tooLong bool, err error) {
	l.long = append(l.long[:0], start...)
	for err = bufio.ErrBufferFull; errors.Is(err, bufio.ErrBufferFull); {
		var chunk []byte
		chunk, err = l.r.ReadSlice('\n')
		if !tooLong && len(l.long)+len(chunk) > limit {
			tooLong = true
			l.skip(l.long)
		}
		if tooLong {
			l.skip(chunk)
		} else {
			l.long = append(l.long, chunk...)
		}
	}
	return l.long, tooLong, err
}

// skip hands on a part of a line that is too long.
func (l *lines) skip(part []byte) {
	if l.skipped != nil {
		l.skipped(part)
	}
}

// isEnd reports whether err is the end of a source. An error that wraps io.EOF is none: a reader returns io.EOF
// itself.
func isEnd(err error) bool { return err == io.EOF } //nolint:errorlint // see above

// cutEnding splits a line from its ending: "\n", "\r\n" or, at the end of the source, "\r" or nothing.
func cutEnding(line []byte) (body, ending []byte) {
	end := len(line)
	if end > 0 && line[end-1] == '\n' {
		end--
	}
	if end > 0 && line[end-1] == '\r' {
		end--
	}
	return line[:end], line[end:]
}
