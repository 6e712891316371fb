// Package deadletter keeps the rows that failed in a file of JSON lines.
package deadletter

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

// Letter is a row that failed. It has no value of the row unless Values is set.
type Letter struct {
	Row       int    `json:"row"`            // the row's position in the source, from 0
	Line      int    `json:"line,omitempty"` // of the file, from 1; 0 if not known
	Outcome   string `json:"outcome"`        // "not_written" or "unknown"
	Reason    string `json:"reason"`         // the label, such as "bad_key"
	Scope     string `json:"scope"`          // "row" or "passing"
	Column    string `json:"column,omitempty"`
	Attribute string `json:"attribute,omitempty"`
	Attempts  int    `json:"attempts,omitempty"` // requests that carried the row
	Text      string `json:"text"`
	Remedy    string `json:"remedy,omitempty"`
	Values    Values `json:"values,omitempty"` // the row, if it is to be kept
}

// ErrInUse reports a file that holds the failed rows of another load.
var ErrInUse = errors.New("it holds the failed rows of another load: move it away, or name another file")

// File is an open file of failed rows. Its methods are for one goroutine.
type File struct {
	file    file
	buf     *bufio.Writer
	size    int64 // written to buf and file
	regular bool  // can be synced and cut
}

// file is what a File uses of an [os.File].
type file interface {
	io.Writer
	Sync() error
	Close() error
}

// Create opens the file at path for the failed rows of a new load, for its owner alone (mode 0600). A file
// that is there must be empty, or the error is [ErrInUse]: no failed row is ever overwritten.
func Create(path string) (*File, error) {
	f, info, err := open(path)
	if err != nil {
		return nil, err
	}
	if info.Size() > 0 {
		return nil, closeAfter(f, &os.PathError{Op: "open", Path: path, Err: ErrInUse})
	}
	if err := restrict(f, info); err != nil {
		return nil, closeAfter(f, err)
	}
	return newFile(f, info.Mode().IsRegular(), 0), nil
}

// Resume opens the file at path to go on after its first size bytes: what a killed load wrote after its last
// checkpoint is cut off, since its rows are read again.
func Resume(path string, size int64) (*File, error) {
	f, info, err := open(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, closeAfter(f, fmt.Errorf("%s is not a regular file, so a load cannot be resumed with it", path))
	}
	if info.Size() < size {
		return nil, closeAfter(f, fmt.Errorf("%s has %d bytes and the checkpoint counts %d: it is not the file of the load that is resumed", path, info.Size(), size))
	}
	if err := restrict(f, info); err != nil {
		return nil, closeAfter(f, err)
	}
	if err := f.Truncate(size); err != nil {
		return nil, closeAfter(f, err)
	}
	if _, err := f.Seek(size, io.SeekStart); err != nil {
		return nil, closeAfter(f, err)
	}
	return newFile(f, true, size), nil
}

// open opens the file at path without changing it.
func open(path string) (*os.File, os.FileInfo, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return nil, nil, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, nil, closeAfter(f, err)
	}
	return f, info, nil
}

// restrict makes f, which may have been there, open to others, a file for its owner alone.
func restrict(f *os.File, info os.FileInfo) error {
	if !info.Mode().IsRegular() {
		return nil
	}
	return f.Chmod(0o600)
}

// closeAfter closes f and returns err.
func closeAfter(f *os.File, err error) error { return errors.Join(err, f.Close()) }

func newFile(f file, regular bool, size int64) *File {
	return &File{file: f, buf: bufio.NewWriterSize(f, 64<<10), size: size, regular: regular}
}

// Add writes a row that failed. It may stay in memory until Sync or Close.
func (f *File) Add(l Letter) error {
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

// Sync brings everything added to the disk, and returns the size of the file.
func (f *File) Sync() (int64, error) {
	if err := f.buf.Flush(); err != nil {
		return 0, err
	}
	if !f.regular {
		return f.size, nil
	}
	return f.size, f.file.Sync()
}

// Close syncs and closes the file.
func (f *File) Close() error {
	_, err := f.Sync()
	return errors.Join(err, f.file.Close())
}
