package input

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/cmd/dynamodest/internal/parquetfile"
	"github.com/dynamodest/dynamodest/cmd/dynamodest/internal/words"
	"github.com/dynamodest/dynamodest/source"
)

// The formats of files.
const (
	csvFormat     = "csv"
	tsvFormat     = "tsv"
	ndjsonFormat  = "ndjson"
	parquetFormat = "parquet"
)

// formats has the formats by the words of -format, which are the extensions too.
var formats = map[string]string{
	"csv": csvFormat, "tsv": tsvFormat, "tab": tsvFormat, "ndjson": ndjsonFormat, "jsonl": ndjsonFormat, "json": ndjsonFormat,
	"parquet": parquetFormat, "pq": parquetFormat,
}

// errFormat says which formats there are.
var errFormat = errors.New("give -format csv, tsv, ndjson or parquet")

// format returns the format of the file, and whether it is compressed.
func (o Options) format() (format string, compressed bool, err error) {
	name, compressed := strings.CutSuffix(strings.ToLower(o.Path), ".gz")
	word := strings.ToLower(o.Format)
	if word == "" {
		word = strings.TrimPrefix(filepath.Ext(name), ".")
	}
	format, ok := formats[word]
	switch {
	case ok && compressed && format == parquetFormat:
		return "", false, fmt.Errorf("%s: a Parquet file is read from its end, so it cannot be compressed as a whole: uncompress it", o.Path)
	case ok:
		return format, compressed, nil
	case o.Format != "":
		return "", false, fmt.Errorf("the format %q is not known: %w", o.Format, errFormat)
	case o.Path == "-":
		return "", false, fmt.Errorf("standard input has no name that says its format: %w", errFormat)
	}
	return "", false, fmt.Errorf("%s: the name does not say the format: %w", o.Path, errFormat)
}

// openFile opens the file of o, or standard input.
func (in *Input) openFile(o Options) error {
	format, compressed, err := o.format()
	if err != nil {
		return err
	}
	if o.Path == "-" {
		if format == parquetFormat {
			return errors.New("a Parquet file is read from its end: give a file instead of standard input")
		}
		return named("standard input", in.openText(o, format, o.Stdin, false))
	}
	f, err := os.Open(o.Path)
	if err != nil {
		return err
	}
	in.closers = append(in.closers, f.Close)
	info, err := f.Stat()
	switch {
	case err != nil:
		return err
	case info.IsDir():
		return fmt.Errorf("%s is a directory: give a file", o.Path)
	case info.Mode().IsRegular():
		in.Size = info.Size()
		if in.Identity, err = identify(f, o.Path, info); err != nil {
			return err
		}
	case format == parquetFormat:
		return fmt.Errorf("%s: a Parquet file is read from its end, and this is not a regular file", o.Path)
	}
	if format == parquetFormat {
		return named(o.Path, in.openParquet(o, f))
	}
	return named(o.Path, in.openText(o, format, f, compressed))
}

// named adds the name of the source to err.
func named(name string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", name, err)
}

// openParquet opens f, a regular file.
func (in *Input) openParquet(o Options, f *os.File) error {
	counted := &counter{at: f}
	in.Read = func() int64 { return min(counted.read.Load(), in.Size) } // some bytes are read twice
	file, err := parquetfile.Open(counted, in.Size, o.Zone)
	if err != nil {
		return err
	}
	in.Columns, in.Rows = file.Columns(), file.Rows()
	return nil
}

// openText opens r, whose format is one of text.
func (in *Input) openText(o Options, format string, r io.Reader, compressed bool) error {
	counted := &counter{reader: r}
	in.Read = counted.read.Load
	r = counted
	if compressed {
		unzipped, err := gzip.NewReader(counted)
		switch {
		case errors.Is(err, io.EOF):
			return errors.New("the file is empty")
		case errors.Is(err, io.ErrUnexpectedEOF):
			return errors.New("the file is not compressed by gzip, as its name says, or it is cut short")
		case errors.Is(err, gzip.ErrHeader):
			return errors.New("the file is not compressed by gzip, as its name says")
		case err != nil:
			return err
		}
		r = unzipped
	}
	if format == ndjsonFormat {
		lines := bufio.NewReader(r)
		if firstByte(lines) == '[' {
			return errors.New("this is a JSON array, and each row must be an object on a line of its own: convert it, as by jq -c '.[]'")
		}
		in.Rows = readable(source.NDJSON{}.Rows(lines))
		return nil
	}
	csv := source.CSV{Comma: o.Comma}
	if csv.Comma == 0 && format == tsvFormat {
		csv.Comma = '\t'
	}
	var ahead bytes.Buffer
	var err error
	if in.Columns, err = csv.Columns(io.TeeReader(r, &ahead)); err != nil {
		return readProblem(err)
	}
	in.Rows, in.Texts = readable(csv.Rows(io.MultiReader(&ahead, r))), true
	return nil
}

// firstByte returns the first byte of r that is neither white space nor of a byte order mark; 0 if there is none
// nearby.
func firstByte(r *bufio.Reader) byte {
	for n := 1; n < r.Size(); n++ {
		b, err := r.Peek(n)
		if err != nil {
			return 0
		}
		if c := b[n-1]; !strings.ContainsRune(" \t\r\n", rune(c)) && !bytes.HasPrefix([]byte("\ufeff"), b) {
			return c
		}
	}
	return 0
}

// readable returns rows with the problem of a file named that could not be read.
func readable(rows iter.Seq2[dynamodest.Row, error]) iter.Seq2[dynamodest.Row, error] {
	return func(yield func(dynamodest.Row, error) bool) {
		for row, err := range rows {
			if !yield(row, readProblem(err)) {
				return
			}
		}
	}
}

// readProblem returns err in the terms of the command, and with its problem named if it is one of reading a file. Errors of
// package source give only the type of such a cause, whose text could quote what was read.
func readProblem(err error) error {
	line, ok := err.(*source.LineError) //nolint:errorlint // a BadRow wraps one too, and stays as it is
	if !ok {
		return err
	}
	named := *line
	named.Problem = words.Command(line.Problem, "")
	var path *fs.PathError
	var corrupt flate.CorruptInputError
	switch {
	case errors.Is(line.Err, gzip.ErrChecksum), errors.Is(line.Err, gzip.ErrHeader), errors.As(line.Err, &corrupt):
		named.Problem = "the file is damaged: what gzip compressed cannot be uncompressed"
	case errors.As(line.Err, &path):
		named.Problem = "the file could not be read: " + path.Err.Error()
	}
	return &named
}
