package main

import (
	"bufio"
	"bytes"
	"cmp"
	"container/heap"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path"
	"slices"
)

// mergedName is the name of the file of all dead letters of a load.
const mergedName = "dead-letters.ndjson"

// fanIn is how many files are merged at a time. More take several passes.
const fanIn = 256

// MergeDeadLetters merges the files of all attempts, by source position, into one that has each dead row once, and
// returns its path below the folder of the workers. want is how many rows there are by the totals.
func (a *activities) MergeDeadLetters(ctx context.Context, plan Plan, want int64) (string, error) {
	defer beat(ctx)()
	parts, err := listParts(a.dir, plan.Folder)
	if err != nil {
		return "", stopped(err, nil)
	}
	if err := (&merger{root: a.dir, folder: plan.Folder, want: want}).merge(ctx, parts); err != nil {
		return "", stopped(err, nil)
	}
	return path.Join(plan.Folder, mergedName), nil
}

// part is a file of dead letters in the order of their positions. Those from the position until on do not count.
type part struct {
	partHead
	name  string
	until int64
}

// listParts returns the files of the attempts that count. A later attempt has written all rows from its first one on
// again, so what earlier ones say of these rows does not count. That goes for an attempt too that was taken for dead and
// wrote on. After a reset of the workflow only the attempts since then count.
func listParts(root *os.Root, folder string) ([]part, error) {
	names, err := fs.Glob(root.FS(), path.Join(folder, "*.part"))
	if err != nil {
		return nil, err
	}
	shards := map[int][]part{}
	for _, name := range names {
		head, ok, err := readHead(root, name)
		if err != nil {
			return nil, err
		}
		if ok { // otherwise the attempt ended before it wrote a row
			shards[head.Shard] = append(shards[head.Shard], part{partHead: head, name: name})
		}
	}
	var all []part
	for _, parts := range shards {
		newest := slices.MaxFunc(parts, func(a, b part) int { return a.Started.Compare(b.Started) }).Run
		parts = slices.DeleteFunc(parts, func(p part) bool { return p.Run != newest })
		slices.SortFunc(parts, func(a, b part) int { // the numbers of attempts begin again when an activity is reset
			return cmp.Or(b.Started.Compare(a.Started), cmp.Compare(b.Attempt, a.Attempt))
		})
		until := int64(math.MaxInt64)
		for i := range parts { // from the last attempt to the first
			parts[i].until = until
			until = min(until, parts[i].From)
		}
		all = append(all, parts...)
	}
	slices.SortFunc(all, func(a, b part) int { return cmp.Compare(a.name, b.name) })
	return all, nil
}

// readHead returns the first line of a part. It reports false if there is none.
func readHead(root *os.Root, name string) (head partHead, ok bool, err error) {
	f, err := root.Open(name)
	if err != nil {
		return head, false, err
	}
	defer func() { _ = f.Close() }()
	line, err := bufio.NewReader(f).ReadBytes('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return head, false, err
	}
	return head, err == nil && json.Unmarshal(line, &head) == nil, nil
}

// merger merges parts in a folder.
type merger struct {
	root   *os.Root
	folder string
	want   int64 // rows
}

// merge writes the file of all dead letters, if there are as many as there should be. It replaces the file of an earlier
// merge, which is whole: one that was taken for dead and wakes when the parts are gone must not do so.
func (m *merger) merge(ctx context.Context, parts []part) (err error) {
	var rows int64
	var made []string // files between the passes, and the last one until it has its name
	defer func() {
		for _, name := range made {
			if removeErr := m.root.Remove(name); !errors.Is(removeErr, fs.ErrNotExist) {
				err = errors.Join(err, removeErr)
			}
		}
	}()
	for {
		now := parts[:min(len(parts), fanIn)]
		name := path.Join(m.folder, "merge-"+rand.Text()+".tmp")
		made = append(made, name)
		if rows, err = m.pass(ctx, now, name); err != nil {
			return err
		}
		if parts = parts[len(now):]; len(parts) == 0 {
			break
		}
		parts = append(parts, part{name: name, until: math.MaxInt64})
	}
	if rows != m.want {
		return fmt.Errorf("%d rows failed, and the files in %s have %d of them: -dir of all workers must be one shared folder", m.want, m.folder, rows)
	}
	last := made[len(made)-1]
	if err := m.root.Rename(last, path.Join(m.folder, mergedName)); err != nil {
		return err
	}
	return syncFolder(m.root, m.folder)
}

// pass merges parts into a new file.
func (m *merger) pass(ctx context.Context, parts []part, name string) (rows int64, err error) {
	var heads cursors
	defer func() {
		for _, c := range heads {
			err = errors.Join(err, c.file.Close())
		}
	}()
	for _, p := range parts {
		c, err := openCursor(m.root, p)
		if err != nil {
			return 0, err
		}
		heads = append(heads, c)
	}
	out, err := m.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	buffer := bufio.NewWriter(out)
	heap.Init(&heads)
	for last := int64(-1); len(heads) > 0 && !heads[0].done && ctx.Err() == nil; heap.Fix(&heads, 0) {
		if first := heads[0]; first.position != last {
			last = first.position
			rows++
			if _, err := buffer.Write(first.line); err != nil {
				return 0, err
			}
		}
		if err := heads[0].next(); err != nil {
			return 0, err
		}
	}
	if err := errors.Join(ctx.Err(), buffer.Flush()); err != nil {
		return 0, err
	}
	return rows, out.Sync()
}

// cursor is at a line of a part.
type cursor struct {
	file     *os.File
	lines    *bufio.Reader
	until    int64
	line     []byte
	position int64
	done     bool
}

// openCursor returns a cursor at the first dead letter of the part.
func openCursor(root *os.Root, p part) (*cursor, error) {
	f, err := root.Open(p.name)
	if err != nil {
		return nil, err
	}
	c := &cursor{file: f, lines: bufio.NewReader(f), until: p.until}
	if err := c.next(); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return c, nil
}

// next goes to the next dead letter. A line that is not whole is the end: its process was killed while it wrote, and
// no checkpoint covers it.
func (c *cursor) next() error {
	for {
		line, err := c.lines.ReadBytes('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		var letter struct{ Position, From *int64 }
		whole := err == nil && json.Unmarshal(line, &letter) == nil
		switch {
		case whole && letter.Position != nil && *letter.Position < c.until:
			c.line, c.position = bytes.Clone(line), *letter.Position
		case whole && letter.Position == nil && letter.From != nil: // the head
			continue
		default:
			c.done = true
		}
		return nil
	}
}

// cursors is a heap by position, with those that are done at the end.
type cursors []*cursor

func (c cursors) Len() int      { return len(c) }
func (c cursors) Swap(i, j int) { c[i], c[j] = c[j], c[i] }
func (c cursors) Less(i, j int) bool {
	if c[i].done != c[j].done {
		return c[j].done
	}
	return c[i].position < c[j].position
}
func (c *cursors) Push(x any) { *c = append(*c, x.(*cursor)) }
func (c *cursors) Pop() any {
	last := (*c)[len(*c)-1]
	*c = (*c)[:len(*c)-1]
	return last
}
