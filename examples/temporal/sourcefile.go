package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path"
	"strings"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/source"
)

// Identity is what all attempts must find the same about the source file. Positions are meaningless in another
// file.
type Identity struct {
	Size     int64  `json:"size"`
	Modified int64  `json:"modified"` // nanoseconds since 1970
	Sample   string `json:"sample"`   // SHA-256 of the size and of the beginning, the middle and the end
}

// sampleBytes is how much of the beginning, the middle and the end of a file is hashed.
const sampleBytes = 64 << 10

// errSourceChanged says that the file is not the one that the load began with.
var errSourceChanged = errors.New("the source file has changed since the load began (its size, time of modification or " +
	"content): start another load, and change the file only when no load reads it; copies on several machines must keep the time, as cp -p does")

// sourceFile is the open source of a load.
type sourceFile struct {
	file *os.File
	name string
}

// openSource opens the file with the name, which is a path below root.
func openSource(root *os.Root, name string) (*sourceFile, error) {
	info, err := root.Stat(name)
	if err == nil && !info.Mode().IsRegular() {
		return nil, fmt.Errorf("the source %s is not a regular file", name) // to open a pipe would wait for its other end
	}
	var f *os.File
	if err == nil {
		f, err = root.Open(name)
	}
	if err != nil {
		return nil, fmt.Errorf("the source cannot be opened below -dir of this worker: %w", err)
	}
	return &sourceFile{file: f, name: name}, nil
}

func (s *sourceFile) close() error { return s.file.Close() }

// identity returns the identity of the file.
func (s *sourceFile) identity() (Identity, error) {
	info, err := s.file.Stat()
	if err != nil {
		return Identity{}, err
	}
	hash := sha256.New()
	fmt.Fprintf(hash, "%d\n", info.Size())
	for _, from := range []int64{0, info.Size() / 2, max(0, info.Size()-sampleBytes)} {
		if _, err := io.Copy(hash, io.NewSectionReader(s.file, from, sampleBytes)); err != nil {
			return Identity{}, err
		}
	}
	return Identity{Size: info.Size(), Modified: info.ModTime().UnixNano(), Sample: hex.EncodeToString(hash.Sum(nil))}, nil
}

// verify returns errSourceChanged if the file is not the one with the identity want.
func (s *sourceFile) verify(want Identity) error {
	got, err := s.identity()
	if err == nil && got != want {
		err = errSourceChanged
	}
	return err
}

// rows returns the rows of the file from its beginning, by the end of its name.
func (s *sourceFile) rows() (iter.Seq2[dynamodest.Row, error], error) {
	content := io.NewSectionReader(s.file, 0, 1<<62)
	switch strings.ToLower(path.Ext(s.name)) {
	case ".csv":
		return source.CSVRows(content), nil
	case ".tsv":
		return source.CSV{Comma: '\t'}.Rows(content), nil
	case ".ndjson", ".jsonl":
		return source.NDJSONRows(content), nil
	}
	return nil, fmt.Errorf("the source %s is of no known form: its name must end in .csv, .tsv, .ndjson or .jsonl", s.name)
}

// readable returns the error with which the rows would begin, such as one of the header, and an error if the first row
// has the column of the versions.
func (s *sourceFile) readable(version string) error {
	rows, err := s.rows()
	if err != nil {
		return err
	}
	for row, err := range rows {
		switch _, taken := row[version]; {
		case taken:
			return errVersionColumn
		case err == nil:
			return nil
		case !isBadRow(err):
			return err
		}
	}
	return nil
}

// isBadRow reports whether err, which a sequence of package source has yielded, stands for one row. The error that
// ends a sequence is not wrapped.
func isBadRow(err error) bool {
	var line *source.LineError
	_, ends := err.(*source.LineError) //nolint:errorlint // the wrapped one is a row
	return !ends && errors.As(err, &line)
}
