package item

import "strings"

// maxReserve is the most memory, in bytes, that Texts reserves for rows that are still to come.
const maxReserve = 64 << 10

// Texts is memory that the JSON and the keys of several rows share, so that they cost one allocation. A
// text that was kept never moves: memory that is full is left to its texts, and new memory begins. The
// zero value is ready for use and reserves nothing. Texts must not be copied.
type Texts struct {
	chunk    strings.Builder
	expected int // texts that are still to come
	bytes    int
}

// Expect announces that as many texts are still to be kept, of about the size of the next one.
func (t *Texts) Expect(texts int) { t.expected = texts }

// Bytes returns the memory that all texts take, in bytes, the memory reserved for texts to come included.
func (t *Texts) Bytes() int { return t.bytes }

// Keep returns p as a string in the shared memory.
func (t *Texts) Keep(p []byte) string {
	if t.chunk.Cap()-t.chunk.Len() < len(p) {
		all := len(p) * max(1, t.expected)
		t.chunk.Reset()
		t.chunk.Grow(max(len(p), min(all+all/16, maxReserve))) // a little more: the next ones may be longer
		t.bytes += t.chunk.Cap()
	}
	t.expected--
	start := t.chunk.Len()
	t.chunk.Write(p)
	return t.chunk.String()[start:]
}
