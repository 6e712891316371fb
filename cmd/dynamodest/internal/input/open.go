package input

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"

	"github.com/dynamodest/dynamodest/source"
)

// headBytes is how much of a file its Identity has a hash of.
const headBytes = 64 << 10

// Open opens the source that o says. The caller closes it.
func Open(_ context.Context, o Options) (*Input, error) {
	in := &Input{Size: -1}
	reader := &counter{Reader: o.Stdin}
	if o.Path != "-" {
		f, err := os.Open(o.Path)
		if err != nil {
			return nil, err
		}
		in.file, reader.Reader = f, f
		if in.Identity, err = identify(f, o.Path); err != nil {
			return nil, errors.Join(err, f.Close())
		}
		in.Size = in.Identity.Size
	}
	in.Read = reader.read.Load
	switch format := o.format(); format {
	case "csv":
		in.Columns = columns(in.file, o.Comma)
		in.Rows = source.CSV{Comma: o.Comma}.Rows(reader)
	case "ndjson":
		in.Rows = source.NDJSON{}.Rows(reader)
	default:
		return nil, errors.Join(fmt.Errorf("%s: the format %q is not known", o.Path, format), in.Close())
	}
	return in, nil
}

// format returns the format of the source.
func (o Options) format() string {
	if o.Format != "" {
		return o.Format
	}
	switch extension := strings.ToLower(filepath.Ext(o.Path)); extension {
	case ".jsonl":
		return "ndjson"
	default:
		return strings.TrimPrefix(extension, ".")
	}
}

// Close closes the source.
func (in *Input) Close() error {
	if in.file == nil {
		return nil
	}
	return in.file.Close()
}

// identify returns the Identity of f, and leaves f at its beginning.
func identify(f *os.File, path string) (*Identity, error) {
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return nil, errors.Join(err, fmt.Errorf("%s is not a regular file", path))
	}
	head := sha256.New()
	if _, err := io.Copy(head, io.NewSectionReader(f, 0, headBytes)); err != nil {
		return nil, err
	}
	return &Identity{Path: path, Size: info.Size(), ModTime: info.ModTime(), Head: hex.EncodeToString(head.Sum(nil))}, nil
}

// columns returns the header of the CSV file f; nil if there is none to be read.
func columns(f *os.File, comma rune) []string {
	if f == nil {
		return nil
	}
	header := csv.NewReader(bufio.NewReader(io.NewSectionReader(f, 0, headBytes)))
	if comma != 0 {
		header.Comma = comma
	}
	names, err := header.Read()
	if err != nil {
		return nil // and the rows say why
	}
	names[0] = strings.TrimPrefix(names[0], "\ufeff")
	return names
}

// counter counts the bytes that are read.
type counter struct {
	io.Reader
	read atomic.Int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.read.Add(int64(n))
	return n, err
}
