package source

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"strconv"
	"unicode/utf8"

	"github.com/dynamodest/dynamodest"
)

// defaultMaxLine is NDJSON.MaxLine if it is 0: ten times what an item may have.
const defaultMaxLine = 4 << 20

// NDJSON says how a source in NDJSON (JSON Lines) is read: one JSON object on each line is a row.
//
// Numbers are json.Number with all their digits, objects and arrays are map[string]any and []any. Lines with
// nothing but white space are skipped, and a byte order mark too. Lines end with LF or CRLF, the last one with
// or without.
//
// A line that is no row is a [dynamodest.BadRow] around a [*LineError] with its number, and the next line
// follows: one that is not valid JSON, not an object, or longer than MaxLine. So is a line that encoding/json
// would read and silently alter: if it is not valid UTF-8, escapes half of a surrogate pair, or repeats a name
// in an object.
type NDJSON struct {
	// MaxLine is the most bytes of a line. The default is 4 MiB.
	MaxLine int
}

// NDJSONRows returns the rows of r: those of the zero [NDJSON].
func NDJSONRows(r io.Reader) iter.Seq2[dynamodest.Row, error] { return NDJSON{}.Rows(r) }

// Rows returns the rows of r. The sequence reads r as it is ranged over, and can be ranged over once.
func (n NDJSON) Rows(r io.Reader) iter.Seq2[dynamodest.Row, error] {
	limit := n.MaxLine
	if limit <= 0 {
		limit = defaultMaxLine
	}
	return once(func(yield func(dynamodest.Row, error) bool) {
		if r == nil {
			yield(nil, errors.New("the reader of the NDJSON is nil"))
			return
		}
		source := newLines(r)
		for {
			line, err := source.next(limit)
			var row dynamodest.Row
			var bad *LineError
			switch {
			case errors.Is(err, errTooLong):
				bad = &LineError{Problem: fmt.Sprintf("the line has more than %d bytes: shorten it, or raise NDJSON.MaxLine", limit)}
			case isEnd(err):
				return
			case err != nil:
				yield(nil, err)
				return
			case len(trimJSON(line)) == 0:
				continue
			default:
				row, bad = parseObject(line)
				if bad != nil && bad.Problem == notObject {
					bad.Problem += ": NDJSON has one on each line"
				}
			}
			err = nil
			if bad != nil {
				bad.Line = source.number
				err = dynamodest.BadRow(bad)
			}
			if !yield(row, err) {
				return
			}
		}
	})
}

// JSONRow returns the row that a JSON object is, such as the message of a queue. It is read as a line of [NDJSON] is,
// but may have breaks of lines and be of any length. What is no row is a [*LineError] without a number, whose Column
// counts the bytes of text.
func JSONRow(text []byte) (dynamodest.Row, error) {
	row, bad := parseObject(text)
	if bad != nil {
		return nil, bad
	}
	return row, nil
}

// trimJSON returns text without white space around it.
func trimJSON(text []byte) []byte { return bytes.Trim(text, " \t\r\n") }

// notObject is what is wrong with text that is not an object.
const notObject = "not a JSON object"

// parseObject returns the object that line is, or what is wrong with it.
func parseObject(line []byte) (dynamodest.Row, *LineError) {
	if !utf8.Valid(line) {
		return nil, &LineError{Column: len(validPrefix(line)) + 1, Problem: "not valid UTF-8"}
	}
	if start := bytes.IndexByte(line, '{'); start < 0 || len(trimJSON(line[:start])) > 0 {
		return nil, &LineError{Problem: notObject}
	}
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, syntaxError(line, err)
	}
	end := int(decoder.InputOffset())
	if rest := line[end:]; len(trimJSON(rest)) > 0 {
		at := end + bytes.IndexFunc(rest, func(r rune) bool { return !bytes.ContainsRune([]byte(" \t\r\n"), r) })
		return nil, &LineError{Column: at + 1, Problem: "more text after the object"}
	}
	written, half := inspect(line)
	if half > 0 {
		return nil, &LineError{Column: half, Problem: `half of a surrogate pair (\ud800 to \udfff), which is not a character`}
	}
	if members(value) < written {
		return nil, &LineError{Problem: "an object has a name twice, so that one of the values would be lost"}
	}
	row, ok := value.(dynamodest.Row)
	if !ok {
		return nil, &LineError{Problem: notObject}
	}
	return row, nil
}

// validPrefix returns the beginning of text that is valid UTF-8.
func validPrefix(text []byte) []byte {
	at := 0
	for at < len(text) {
		r, size := utf8.DecodeRune(text[at:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		at += size
	}
	return text[:at]
}

// syntaxError returns what is wrong with a line that encoding/json refused with err.
func syntaxError(line []byte, err error) *LineError {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return &LineError{Column: int(min(max(syntax.Offset, 1), int64(len(line)))), Problem: "not valid JSON", Err: err}
	}
	return &LineError{Problem: "not valid JSON: it ends before the object does"}
}

// inspect returns how many members the objects of a line of valid JSON are written with, and where the
// first half of a surrogate pair is, from 1; 0 if there is none.
func inspect(line []byte) (written, half int) {
	inText := false
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '"':
			inText = !inText
		case !inText:
			if c == ':' {
				written++
			}
		case c == '\\':
			size, ok := escape(line[i:])
			if !ok && half == 0 {
				half = i + 1
			}
			i += size - 1
		}
	}
	return written, half
}

// escape returns the length of the escape that text begins with, both halves of a surrogate pair included. It
// reports false for half of one.
func escape(text []byte) (size int, ok bool) {
	first, isUnicode := codeUnit(text)
	switch {
	case !isUnicode:
		return 2, true
	case first < 0xd800 || first > 0xdfff:
		return 6, true
	}
	second, isUnicode := codeUnit(text[6:])
	if first >= 0xdc00 || !isUnicode || second < 0xdc00 || second > 0xdfff {
		return 6, false
	}
	return 12, true
}

// codeUnit returns the code unit of an escape such as \u0041, which text begins with.
func codeUnit(text []byte) (unit uint64, ok bool) {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return 0, false
	}
	unit, err := strconv.ParseUint(string(text[2:6]), 16, 16)
	return unit, err == nil
}

// members returns how many members the objects in a value have.
func members(value any) int {
	n := 0
	switch value := value.(type) {
	case map[string]any:
		n = len(value)
		for _, member := range value {
			n += members(member)
		}
	case []any:
		for _, member := range value {
			n += members(member)
		}
	}
	return n
}
