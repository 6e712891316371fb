// Package deadletter keeps the rows that failed in a file of JSON lines.
package deadletter

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
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

// ErrLocked reports a file that another load is writing to.
var ErrLocked = errors.New("another load is writing")

// File is an open file of failed rows. Its methods are for one goroutine. Begin or Resume goes before Add.
type File struct {
	path    string
	file    file
	buf     *bufio.Writer
	size    int64 // when it was opened, and with what was written to buf since then
	regular bool  // can be synced and cut
}

// file is what a File uses of an [os.File].
type file interface {
	io.WriteSeeker
	Chmod(fs.FileMode) error
	Truncate(size int64) error
	Sync() error
	Close() error
}

// Open opens the file at path without changing it. No other load has it open until Close, or until the process ends: the
// error is [ErrLocked] if one has. It is fs.ErrNotExist if there is no file. A device or a pipe is open to all, and so
// is every file where the system has no locks (see lock).
func Open(path string) (*File, error) { return open(path, os.O_WRONLY) }

// Create is Open for a file that may not be there yet: it is made, for its owner alone (mode 0600).
func Create(path string) (*File, error) { return open(path, os.O_WRONLY|os.O_CREATE) }

func open(path string, flag int) (*File, error) {
	f, err := os.OpenFile(path, flag, 0o600)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && info.Mode().IsRegular() {
		if err = lock(f); err == nil {
			info, err = f.Stat() // as the last load has left it
		}
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if !info.Mode().IsRegular() {
		return newFile(path, f, false, info.Size()), nil
	}
	return newFile(path, locked{f}, true, info.Size()), nil
}

// locked is a file with a lock.
type locked struct{ *os.File }

func (l locked) Close() error {
	unlock(l.File)
	return l.File.Close()
}

// Free returns an error, [ErrLocked], if a load is writing to the file at path.
func Free(path string) error {
	f, err := Open(path)
	if err == nil {
		return f.Close()
	}
	if !errors.Is(err, ErrLocked) {
		err = nil // there is no such file, or none that a load could write to
	}
	return err
}

// Begin prepares the file for the failed rows of a new load. A file with anything in it is left as it is, and the error
// is [ErrInUse]: no failed row is ever overwritten. Otherwise it becomes one for its owner alone (mode 0600).
func (f *File) Begin() error {
	if f.size > 0 {
		return fmt.Errorf("%s: %w", f.path, ErrInUse)
	}
	return f.restrict()
}

// Resume prepares the file to go on after its first size bytes: what a killed load wrote after its last checkpoint is
// cut off, since its rows are read again.
func (f *File) Resume(size int64) error {
	if !f.regular {
		return fmt.Errorf("%s is not a regular file, so a load cannot be resumed with it", f.path)
	}
	if f.size < size {
		return fmt.Errorf("%s has %d bytes and the checkpoint counts %d: it is not the file of the load that is resumed", f.path, f.size, size)
	}
	if err := f.restrict(); err != nil {
		return err
	}
	if err := f.file.Truncate(size); err != nil {
		return err
	}
	f.size = size
	_, err := f.file.Seek(size, io.SeekStart)
	return err
}

// restrict makes f, which may have been there, open to others, a file for its owner alone.
func (f *File) restrict() error {
	if !f.regular {
		return nil
	}
	return f.file.Chmod(0o600)
}

func newFile(path string, f file, regular bool, size int64) *File {
	return &File{path: path, file: f, buf: bufio.NewWriterSize(f, 64<<10), size: size, regular: regular}
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

// Close syncs and closes the file, which is then free for another load.
func (f *File) Close() error {
	_, err := f.Sync()
	return errors.Join(err, f.file.Close())
}
