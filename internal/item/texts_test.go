package item

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// keepRow keeps the same text as the JSON and as the key of a row.
func keepRow(t *Texts, text []byte) (json []byte, key string) {
	return t.KeepJSON(text), t.KeepKey(text)
}

func TestTextsKeepWhatTheyWereGiven(t *testing.T) {
	t.Parallel()
	var texts Texts
	texts.Expect(3)
	var kept, keys, want []string
	var all [][]byte
	buf := make([]byte, 0, 200)
	for i := range 100 {
		text := strings.Repeat(string(rune('a'+i%26)), i)
		buf = append(buf[:0], text...)
		json, key := keepRow(&texts, buf)
		all, keys, want = append(all, json), append(keys, key), append(want, text)
	}
	clear(buf[:cap(buf)])
	for _, json := range all {
		kept = append(kept, string(json))
		assert.Equal(t, len(json), cap(json), "nobody appends over the next row")
	}
	assert.Equal(t, want, kept)
	assert.Equal(t, want, keys)
	texts.Reset(3)
	for range 100 {
		keepRow(&texts, []byte("another row, whose bytes may take the place of an earlier one's"))
	}
	assert.Equal(t, want, keys, "keys stay")
}

// Rows of about the same length cost one allocation for all JSON and one for all keys, and once the memory has
// served rows, only the second.
func TestTextsReserveForWhatIsExpected(t *testing.T) {
	p := []byte(strings.Repeat("x", 337))
	rows := func(texts *Texts) {
		for i := range 16 {
			keepRow(texts, p[:320+i])
		}
	}
	assert.InDelta(t, 2, testing.AllocsPerRun(100, func() {
		var texts Texts
		texts.Expect(16)
		rows(&texts)
	}), 0)
	var texts Texts
	texts.Expect(16)
	rows(&texts)
	assert.InDelta(t, 1, testing.AllocsPerRun(100, func() {
		texts.Reset(16)
		rows(&texts)
	}), 0)
}

func TestTextsReserveLittleForLargeRows(t *testing.T) {
	t.Parallel()
	var texts Texts
	texts.Expect(16)
	p := make([]byte, MaxSize)
	texts.KeepJSON(p)
	texts.KeepKey(p[:10])
	require.Less(t, texts.Bytes(), 2*MaxSize)
	texts.Reset(16)
	require.Zero(t, texts.Bytes(), "large memory is not kept")
	var one Texts
	one.KeepJSON(p[:300])
	require.Less(t, one.Bytes(), 600)
}
