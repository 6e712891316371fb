package dynamodest

import (
	"context"
	"crypto/sha256"
	"fmt"

	"github.com/dynamodest/dynamodest/internal/fault"
	"github.com/dynamodest/dynamodest/internal/item"
)

// keyHash stands for the key of a row: the first 128 bits of the SHA-256 of its identity. That any two of
// 10^12 keys have the same one has a probability under 10^-14.
type keyHash [16]byte

// keyHasher hashes keys without allocating memory for each.
type keyHasher struct{ buf []byte }

// hash returns the keyHash of the key of it.
func (h *keyHasher) hash(it *item.Item) keyHash {
	h.buf = append(h.buf[:0], it.Key...)
	sum := sha256.Sum256(h.buf)
	return keyHash(sum[:len(keyHash{})])
}

// keyChunk is how many rows have their keys converted at a time, so that few items are in memory.
const keyChunk = 4096

// duplicates is which rows of a Write have a key that another row has too. The zero duplicates has none.
type duplicates struct {
	other []int // of each row the index of another row of its key, or its own index; nil if no key occurs twice
}

// findDuplicates returns which of rows have a key that another one has too; none if they may, or if ctx has
// ended. Rows without a valid key are no duplicates. Keys are kept while it runs only.
func (d *Destination) findDuplicates(ctx context.Context, rows []Row) duplicates {
	var found duplicates
	if !d.refuseDuplicates || len(rows) < 2 || ctx.Err() != nil {
		return found
	}
	first := make(map[keyHash]int, len(rows)) // index of the first row of each key
	var hasher keyHasher
	for from := 0; from < len(rows); from += keyChunk {
		items, invalid := d.converter.ConvertKeys(ctx, rows[from:min(from+keyChunk, len(rows))])
		for i, it := range items {
			switch {
			case invalid[i] != nil:
				continue
			case it == nil: // ctx has ended: no row is sent
				return duplicates{}
			}
			hash := hasher.hash(it)
			if earlier, met := first[hash]; met {
				found.add(earlier, from+i, len(rows))
			} else {
				first[hash] = from + i
			}
		}
	}
	return found
}

// add records that a row has the key of an earlier row, which is the first one of it.
func (f *duplicates) add(earlier, later, rows int) {
	if f.other == nil {
		f.other = make([]int, rows)
		for i := range f.other {
			f.other[i] = i
		}
	}
	f.other[later] = earlier
	if f.other[earlier] == earlier {
		f.other[earlier] = later
	}
}

// duplicate returns what is wrong with a row whose key another row has, which is named in words.
func (d *Destination) duplicate(other string) *fault.Error {
	attribute := d.description.Schema.Partition.Name
	return fault.New(fault.Key, "%s of this call has the same key, which Duplicates %q refuses", other, RefuseDuplicates).
		WithRemedy(fmt.Sprintf("remove the duplicates at the source, or set Duplicates to %q", LastWins)).
		At(d.mapping.columnOf(attribute), attribute)
}

// keysMet is the keys of the rows that a stream has taken. It is used on the caller's goroutine only.
type keysMet struct {
	most   int // keys that are kept
	hashes map[keyHash]struct{}
	hasher keyHasher
}

// newKeysMet returns the keys of a stream without any row; nil if rows may have the same key.
func (d *Destination) newKeysMet() *keysMet {
	if !d.refuseDuplicates {
		return nil
	}
	return &keysMet{most: d.maxKeys, hashes: make(map[keyHash]struct{})}
}

// add records the key of it. It reports whether the key is new, and returns an error if it is one too many,
// which is not recorded.
func (k *keysMet) add(it *item.Item) (isNew bool, full error) {
	hash := k.hasher.hash(it)
	if _, met := k.hashes[hash]; met {
		return false, nil
	}
	if len(k.hashes) >= k.most {
		return true, tooManyKeys(k.most)
	}
	k.hashes[hash] = struct{}{}
	return true, nil
}

// tooManyKeys returns what stops a stream that has met more keys than it keeps.
func tooManyKeys(most int) *ConfigError {
	return configError("MaxKeys",
		"the call has met %d distinct keys, and keeps no more: set it higher, which takes up to 38 bytes of memory for each key, write fewer rows in one call, or choose %q for duplicate keys",
		most, LastWins)
}

// refuse returns what is wrong with the next row of a stream, of which Convert has returned it and invalid: that
// an earlier row has its key, otherwise invalid. It sets sourceErr if the row's key is one too many.
func (c *call) refuse(row sourceRow, it *item.Item, invalid *fault.Error) *fault.Error {
	if invalid != nil {
		key, noKey := c.convertKey(row)
		if noKey != nil {
			return invalid
		}
		it = key
	}
	isNew, full := c.keys.add(it)
	if full != nil {
		c.sourceErr = full
	}
	if !isNew {
		return c.d.duplicate("an earlier row")
	}
	return invalid
}

// takeStopped takes a row that is not sent since sourceErr has stopped the call.
func (c *call) takeStopped(row sourceRow) {
	c.columns.add(row)
	rowErr := notStarted(c.next, c.sourceErr)
	c.settleUnsent(row, &rowErr)
}
