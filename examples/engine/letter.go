package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/source"
)

// letter is a dead letter: a row that failed, why, and what to do. Only the file of the dead letters has its values.
type letter struct {
	Row       int                `json:"row"`            // its position in the source, from 0
	Line      int                `json:"line,omitempty"` // of the source, from 1; 0 if not known
	Outcome   dynamodest.Outcome `json:"outcome"`
	Reason    dynamodest.Reason  `json:"reason"`
	Scope     dynamodest.Scope   `json:"scope"`
	Column    string             `json:"column,omitempty"`
	Attribute string             `json:"attribute,omitempty"`
	Text      string             `json:"text"`
	Remedy    string             `json:"remedy,omitempty"`
	Values    dynamodest.Row     `json:"values,omitempty"`
}

// newLetter returns the letter of a row that failed.
func newLetter(row dynamodest.Row, outcome dynamodest.Outcome, e *dynamodest.RowError) *letter {
	l := &letter{
		Row: e.Index, Outcome: outcome, Reason: e.Reason, Scope: e.Scope(), Column: e.Column, Attribute: e.Attribute,
		Text:   formTerms(strings.TrimSuffix(e.Error(), "; remedy: "+e.Remedy())),
		Remedy: formTerms(e.Remedy()),
		Values: exact(row),
	}
	if line, ok := errors.AsType[*source.LineError](e.Err); ok {
		l.Line = line.Line
		l.Text = fmt.Sprintf("row %d: %s: %s", e.Index, e.Reason.Error(), line)
		l.Remedy = "fix the line"
	}
	return l
}

// formTerms has a text of the library in the terms of the form.
func formTerms(text string) string { return formWords.Replace(text) }

var formWords = strings.NewReplacer(
	" (a Mapping with Fields writes only the columns that it lists)", "",
	"set Field.Type to", "set its Type to",
	"Field.Type", "the Type of the field",
	"the value of Go type string", "the text",
	"Go type string", "a text",
	"Go type json.Number", "a number",
	"Go type bool", "a truth value",
	"Go type map[string]interface {}", "an object",
	"Go type []interface {}", "an array",
	"is a JSON string, but", "is a text, but",
	"Mapping.Null", "Null values",
	"Retry.MaxAttempts", "Maximum attempts",
)

// exact returns a row whose JSON says exactly what it holds: a text that is not UTF-8, which a line of CSV may have,
// becomes {"base64": "…"}.
func exact(row dynamodest.Row) dynamodest.Row {
	var changed dynamodest.Row
	for column, value := range row {
		if text, ok := value.(string); ok && !utf8.ValidString(text) {
			if changed == nil {
				changed = dynamodest.Row{}
			}
			changed[column] = map[string]string{"base64": base64.StdEncoding.EncodeToString([]byte(text))}
		}
	}
	if changed == nil {
		return row
	}
	for column, value := range row {
		if _, ok := changed[column]; !ok {
			changed[column] = value
		}
	}
	return changed
}

// letters is an open file of dead letters, one JSON object a line. It is for one goroutine.
type letters struct {
	file *os.File
	buf  *bufio.Writer
	size int64
}

// openLetters opens a file of dead letters to go on after its first size bytes. What a killed process wrote after its
// last checkpoint is cut off, since its rows are read again.
func openLetters(path string, size int64) (*letters, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && info.Size() < size {
		err = &fs.PathError{Op: "open", Path: path, Err: errors.New("it is shorter than the checkpoint says: it is not the file of this run")}
	}
	if err == nil {
		err = f.Truncate(size)
	}
	if err == nil {
		_, err = f.Seek(size, io.SeekStart)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &letters{file: f, buf: bufio.NewWriter(f), size: size}, nil
}

// add writes a letter. It may stay in memory until sync.
func (f *letters) add(l *letter) error {
	var line bytes.Buffer
	encoder := json.NewEncoder(&line)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(l); err != nil {
		return err
	}
	n, err := f.buf.Write(line.Bytes())
	f.size += int64(n)
	return err
}

// sync brings what was added to the disk.
func (f *letters) sync() error {
	if err := f.buf.Flush(); err != nil {
		return err
	}
	return f.file.Sync()
}

func (f *letters) close() error { return f.file.Close() }

// copyRows writes the rows of letters, each as it was: those of lines that could not be read have none.
func copyRows(to io.Writer, letters io.Reader) error {
	decoder := json.NewDecoder(letters)
	for decoder.More() {
		var l struct{ Values json.RawMessage }
		if err := decoder.Decode(&l); err != nil {
			return err
		}
		if l.Values != nil {
			if _, err := fmt.Fprintf(to, "%s\n", l.Values); err != nil {
				return err
			}
		}
	}
	return nil
}

// readLetters returns the first n letters of a file that is size bytes long, without the values of their rows.
func readLetters(path string, size int64, n int) ([]letter, error) {
	list := []letter{}
	f, err := os.Open(path)
	if err != nil {
		return list, err
	}
	defer f.Close() //nolint:errcheck // it was read only
	decoder := json.NewDecoder(io.LimitReader(f, size))
	for len(list) < n && decoder.More() {
		var l letter
		if err := decoder.Decode(&l); err != nil {
			return list, &fs.PathError{Op: "read", Path: path, Err: errors.New("it is damaged: it is not as the engine wrote it")}
		}
		l.Values = nil
		list = append(list, l)
	}
	return list, nil
}
