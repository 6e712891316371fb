package item

import "strings"

// maxReserve is the most memory, in bytes, that Texts reserves for rows that are still to come, and keeps for
// other rows.
const maxReserve = 64 << 10

// Texts is memory that several rows share for their JSON and their keys, so that these cost few allocations. What
// was kept never moves: memory that is full is left to it, and new memory begins. The zero value is ready
// for use and reserves nothing. Texts must not be copied.
type Texts struct {
	keys     strings.Builder
	requests []byte
	expected int // rows that are still to come
}

// Expect announces that as many rows are still to come, of about the size of the next one.
func (t *Texts) Expect(rows int) { t.expected = rows }

// Bytes returns the memory that t holds, in bytes, what is reserved for rows to come included.
func (t *Texts) Bytes() int { return t.keys.Cap() + cap(t.requests) }

// KeepJSON returns p, the JSON of the next row, in the shared memory. It is valid until Reset.
func (t *Texts) KeepJSON(p []byte) []byte {
	if cap(t.requests)-len(t.requests) < len(p) {
		t.requests = make([]byte, 0, t.reserve(len(p)))
	}
	t.expected--
	start := len(t.requests)
	t.requests = append(t.requests, p...)
	return t.requests[start:len(t.requests):len(t.requests)]
}

// KeepKey returns p, the key of the row whose JSON was kept last, in the shared memory. It stays valid.
func (t *Texts) KeepKey(p []byte) string {
	if t.keys.Cap()-t.keys.Len() < len(p) {
		t.keys.Reset()
		t.expected++ // this one
		t.keys.Grow(t.reserve(len(p)))
		t.expected--
	}
	start := t.keys.Len()
	t.keys.Write(p)
	return t.keys.String()[start:]
}

// reserve returns the size of new memory for a text of n bytes, and for others of about that size.
func (t *Texts) reserve(n int) int {
	all := n * max(1, t.expected)
	return max(n, min(all+all/16, maxReserve)) // a little more: the next ones may be longer
}

// Reset lets the memory serve as many other rows. All JSON that was kept is no longer valid.
func (t *Texts) Reset(rows int) {
	t.keys.Reset()
	if t.requests = t.requests[:0]; cap(t.requests) > maxReserve {
		t.requests = nil
	}
	t.expected = rows
}
