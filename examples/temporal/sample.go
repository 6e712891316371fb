package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
)

// sample is a source that is the same each time: rows whose keys come back, so that the last value has to win, and some
// that are bad on purpose.
type sample struct {
	rows int
	keys int
}

// badEvery is how many rows there are for each bad one, which is the last of them.
const badEvery = 200

// isBad reports whether row i is bad on purpose: it has no key, or is no row at all.
func (s sample) isBad(i int) bool { return i%badEvery == badEvery-1 }

// key returns the key of row i. Neighbours have different ones, but each tenth row has that of the row before.
func (s sample) key(i int) string {
	if i%10 == 9 {
		i--
	}
	return fmt.Sprintf("user-%07d", i*7919%s.keys)
}

// columns returns the other columns of row i.
func (s sample) columns(i int) (name, score string) {
	return fmt.Sprintf("name of row %d", i), fmt.Sprint(i)
}

// write writes the source as CSV.
func (s sample) write(w io.Writer) error {
	out := bufio.NewWriter(w)
	fmt.Fprintln(out, "id,name,score")
	for i := range s.rows {
		name, score := s.columns(i)
		switch {
		case s.isBad(i) && i/badEvery%2 == 0:
			fmt.Fprintf(out, ",%s,%s\n", name, score)
		case s.isBad(i):
			fmt.Fprintf(out, "%s\n", name)
		default:
			fmt.Fprintf(out, "%s,%s,%s\n", s.key(i), name, score)
		}
	}
	return out.Flush()
}

// writeFile writes the source to a new file.
func (s sample) writeFile(name string) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	return errors.Join(s.write(f), f.Close())
}
