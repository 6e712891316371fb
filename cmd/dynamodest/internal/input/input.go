// Package input opens a source of rows: a file, standard input or a SQL query.
package input

import (
	"io"
	"iter"
	"os"
	"time"

	"github.com/dynamodest/dynamodest"
)

// Options say what to open.
type Options struct {
	Path       string // of the file; "-" for standard input
	Format     string // "csv", "ndjson" or "parquet"; "" goes by the extension of Path
	Comma      rune   // between the fields of a CSV; 0 is a comma
	Query, DSN string // a SQL query, and the database that it is put to
	Stdin      io.Reader
}

// Input is an open source.
type Input struct {
	Rows     iter.Seq2[dynamodest.Row, error] // ranged over once; a row that cannot be read is a BadRow
	Columns  []string                         // in the order of the source; nil if it does not declare them
	Size     int64                            // in bytes; -1 if not known
	Read     func() int64                     // bytes read so far; may be called from any goroutine
	Identity *Identity                        // nil if the source cannot be resumed

	file *os.File // nil for standard input
}

// Identity says which file a source is, so that a load can be resumed only with the same one.
type Identity struct {
	Path    string    `json:"path"`
	Size    int64     `json:"size"`
	ModTime time.Time `json:"mod_time"`
	Head    string    `json:"head"` // SHA-256 of the first 64 KiB, in hexadecimal
}
