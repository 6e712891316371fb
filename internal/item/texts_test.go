package item

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTextsKeepWhatTheyWereGiven(t *testing.T) {
	t.Parallel()
	var texts Texts
	texts.Expect(3)
	var kept, want []string
	buf := make([]byte, 0, 200)
	for i := range 100 {
		text := strings.Repeat(string(rune('a'+i%26)), i)
		buf = append(buf[:0], text...)
		kept, want = append(kept, texts.Keep(buf)), append(want, text)
	}
	clear(buf[:cap(buf)])
	assert.Equal(t, want, kept)
	assert.GreaterOrEqual(t, texts.Bytes(), len(strings.Join(want, "")))
}

// Rows of about the same length cost one allocation.
func TestTextsReserveForWhatIsExpected(t *testing.T) {
	p := []byte(strings.Repeat("x", 337))
	assert.InDelta(t, 1, testing.AllocsPerRun(100, func() {
		var texts Texts
		texts.Expect(16)
		for i := range 16 {
			texts.Keep(p[:320+i])
		}
	}), 0)
}

func TestTextsReserveLittleForLargeRows(t *testing.T) {
	t.Parallel()
	var texts Texts
	texts.Expect(16)
	p := make([]byte, MaxSize)
	texts.Keep(p)
	require.Less(t, texts.Bytes(), 2*MaxSize)
	var one Texts
	one.Keep(p[:300])
	require.Less(t, one.Bytes(), 600)
}
