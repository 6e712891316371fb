package main

import (
	"bufio"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path"
	"time"

	"github.com/dynamodest/dynamodest"
)

// deadLetter is a line of a file of dead letters. It has no value of the row: the position finds the row in the source.
type deadLetter struct {
	Position int64              `json:"position"` // of the row in the source, from 0
	Shard    int                `json:"shard"`
	Attempt  int32              `json:"attempt"`
	Outcome  dynamodest.Outcome `json:"outcome"`
	Error    json.RawMessage    `json:"error"`
}

// partHead is the first line of the file of an attempt. It says from which position on the attempt has written
// its shard: what earlier attempts say of these rows does not count.
type partHead struct {
	Shard   int       `json:"shard"`
	Run     string    `json:"run"` // ID of the run of the workflow; one that was reset has another
	Attempt int32     `json:"attempt"`
	Started time.Time `json:"started"`
	From    int64     `json:"from"`
}

// deadLetters is the file of an attempt.
type deadLetters struct {
	head   partHead
	file   *os.File
	buffer *bufio.Writer
	dirty  bool
}

// newDeadLetters creates the file of an attempt in the folder. No other attempt has a file of the same name, also if
// it believes to be the same attempt.
func newDeadLetters(root *os.Root, folder string, head partHead) (*deadLetters, error) {
	name := path.Join(folder, fmt.Sprintf("shard-%05d-attempt-%03d-%s.part", head.Shard, head.Attempt, rand.Text()))
	file, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	d := &deadLetters{head: head, file: file, buffer: bufio.NewWriter(file)}
	err = d.line(head)
	if err == nil {
		err = d.sync()
	}
	if err == nil {
		err = syncFolder(root, folder)
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return d, nil
}

// add writes the dead letter of a row. It is safe only after sync.
func (d *deadLetters) add(position int64, outcome dynamodest.Outcome, rowErr dynamodest.RowError) error {
	rowErr.Index = int(position) // in the text too
	text, err := json.Marshal(rowErr)
	if err != nil {
		return err
	}
	return d.line(deadLetter{Position: position, Shard: d.head.Shard, Attempt: d.head.Attempt, Outcome: outcome, Error: text})
}

func (d *deadLetters) line(v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	d.dirty = true
	_, err = d.buffer.Write(append(text, '\n'))
	return err
}

// sync returns when every line is on disk.
func (d *deadLetters) sync() error {
	if !d.dirty {
		return nil
	}
	if err := d.buffer.Flush(); err != nil {
		return err
	}
	if err := d.file.Sync(); err != nil {
		return err
	}
	d.dirty = false
	return nil
}

func (d *deadLetters) close() error { return d.file.Close() }

// syncFolder makes the names in the folder durable.
func syncFolder(root *os.Root, folder string) error {
	f, err := root.Open(folder)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
