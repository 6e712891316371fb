package scenario

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/dynamodesttest"
)

func TestDue(t *testing.T) {
	t.Parallel()

	b := Bursts{PerSecond: 2500, Quiet: 5 * time.Second, On: 5 * time.Second, Off: 15 * time.Second}
	for seconds, want := range map[float64]int{0: 0, 5: 0, 5.01: 1, 6: 100, 10: 500, 24.9: 500, 25: 500, 26: 600, 31: 1000, 65: 1500} {
		assert.Equal(t, want, b.due(time.Duration(seconds*float64(time.Second))), "%v s", seconds)
	}
}

func TestFree(t *testing.T) {
	t.Parallel()

	bursts := Bursts{PerSecond: 3000, Quiet: 5 * time.Second, On: 5 * time.Second, Off: 15 * time.Second}
	// Each burst of 15,000 finds a full bucket of 2,000, and 2,000 a second.
	assert.InDelta(t, 65*2000-3*12_000, bursts.free(2000, 65), 100)
	assert.InDelta(t, 5*2000, bursts.free(2000, 5), 1)
	fromStart := Bursts{PerSecond: 3000, On: 5 * time.Second, Off: 15 * time.Second}
	assert.InDelta(t, 15*2000, fromStart.free(2000, 20), 100, "the bucket is empty at the start")
	steady := Bursts{PerSecond: 500, On: time.Second}
	assert.InDelta(t, 10*1500, steady.free(2000, 10), 100)
}

// usageAfter returns the usage of a table of 2,000 units a second, from its creation to a moment, and
// how it grows in the three seconds after the next table was made.
func usageAfter(t *testing.T, length time.Duration, begin func(*Control, string) error) (u, later Usage) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c := &Control{db: dynamodesttest.New()}
		c.db.KeepHistory(0)
		c.db.SetLatency(8*time.Millisecond, 12*time.Millisecond, 1)
		require.NoError(t, c.Make(Table{Name: "first", UnitsPerSecond: 2000}, nil))
		require.NoError(t, begin(c, "first"))
		time.Sleep(length)
		require.NoError(t, c.Usage("first", &u))
		require.NoError(t, c.Make(Table{Name: "second", UnitsPerSecond: 2000}, nil))
		time.Sleep(3 * time.Second)
		require.NoError(t, c.Usage("first", &later))
		later.Written -= u.Written
	})
	return u, later
}

func TestOtherWriters(t *testing.T) {
	t.Parallel()

	t.Run("bursts", func(t *testing.T) {
		t.Parallel()

		u, later := usageAfter(t, 9*time.Second, func(c *Control, table string) error {
			return c.Bursts(Bursts{Table: table, PerSecond: 3000, On: 4 * time.Second, Off: 16 * time.Second}, nil)
		})
		assert.InDelta(t, 8000, u.Others, 50)
		assert.InDelta(t, u.Others, u.Written, 0)
		assert.InDelta(t, 12_000, u.Written+u.Refused, 25, "refused items are not sent again")
		assert.Zero(t, later.Written, "it ends with the table")
	})
	t.Run("loops", func(t *testing.T) {
		t.Parallel()

		u, later := usageAfter(t, 4*time.Second, func(c *Control, table string) error {
			return c.Loops(Loops{Table: table, Workers: 4}, nil)
		})
		assert.InDelta(t, 8000, u.Others, 50, "they take all")
		assert.InDelta(t, u.Others, u.Written, 0)
		assert.Zero(t, later.Written)
	})
	t.Run("random refusals", func(t *testing.T) {
		t.Parallel()

		u, _ := usageAfter(t, 4*time.Second, func(c *Control, table string) error {
			require.NoError(t, c.Refuse(0.9, nil))
			return c.Bursts(Bursts{Table: table, PerSecond: 1500, On: time.Hour}, nil)
		})
		assert.InDelta(t, 600, u.Written, 75)
		assert.Zero(t, u.Refused, "the capacity refused none")
	})
}
