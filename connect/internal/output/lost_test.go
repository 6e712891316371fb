package output

import (
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

func TestABatchGoesOnWhereItEnded(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*Settings){
		"upsert":  func(*Settings) {},
		"skip":    onExisting(dynamodest.Skip),
		"fail":    onExisting(dynamodest.Fail),
		"version": func(s *Settings) { s.Config.Version = "n" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				db := dynamodesttest.NewTable(table, "id:S")
				o, e := connected(t, db, change)
				policy := deny(db, 2)
				batch := append(numbered(60), line(`no row`))
				for range 3 {
					faults, err := Write(t.Context(), o, batch)
					require.ErrorIs(t, err, ErrLost)
					assert.Empty(t, faults)
					assert.Empty(t, e.counted(), "no row is settled")
				}
				before := len(db.Writes())
				assert.Positive(t, before)
				assert.Less(t, before, 60)
				require.Len(t, e.errors, 3)
				assert.Contains(t, e.errors[0], "access denied")
				assert.Empty(t, e.infos)

				policy.shut.Store(false)
				faults, err := Write(t.Context(), o, batch)
				require.NoError(t, err)
				at, texts := indexes(faults)
				assert.Equal(t, []int{60}, at)
				assert.Equal(t, []string{"unmappable_value: the message is no row: not a JSON object"}, texts)
				requireNumbered(t, db, 60)
				assert.Equal(t, map[string]int64{"written": 60, "not_written unmappable_value": 1}, e.counted())
				assert.Empty(t, o.kept)

				// The same messages once more are a batch of their own.
				faults, err = Write(t.Context(), o, batch)
				require.NoError(t, err)
				assert.Equal(t, []string{"all rows of a batch that was kept are settled: the table is written again"}, e.infos, "once")
				if name == "fail" {
					assert.Len(t, faults, 61)
				} else {
					assert.Len(t, faults, 1)
				}
			})
		})
	}
}

func TestABatchGoesOnWhateverItsMessagesAre(t *testing.T) {
	t.Parallel()
	for name, odd := range map[string]*message{
		"empty":           line(""),
		"without a text":  object(map[string]any{"id": "x", "f": math.NaN()}),
		"infinite":        object(map[string]any{"id": "x", "f": math.Inf(1)}),
		"bytes":           object(map[string]any{"id": "x", "b": []byte{0, 255}}),
		"not valid UTF-8": line("{\"id\":\"\xff\"}"),
		"null":            line("null"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				db := dynamodesttest.NewTable(table, "id:S")
				o, e := connected(t, db, onExisting(dynamodest.Fail))
				policy := deny(db, 20)
				batch := append(numbered(40), odd)
				_, err := Write(t.Context(), o, batch)
				require.ErrorIs(t, err, ErrLost)
				policy.shut.Store(false)
				faults, err := Write(t.Context(), o, batch)
				require.NoError(t, err)
				for _, f := range faults {
					assert.Equal(t, 40, f.Index, f.Err)
				}
				for key, times := range map[string]int{"r-00": 1, "r-39": 1} {
					writes := 0
					for _, w := range db.Writes() {
						if w.Key == dynamodesttest.Key(key) {
							writes++
						}
					}
					assert.Equal(t, times, writes, key)
				}
				assert.EqualValues(t, 41-len(faults), e.counted()["written"])
			})
		})
	}
}

func TestTwoBatchesOfTheSameTextsAreBothWritten(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := dynamodesttest.NewTable(table, "id:S")
		o, e := connected(t, db, versioned)
		requests := 0
		db.SetFault(func(dynamodesttest.Call) dynamodesttest.Fault {
			if requests++; requests > 30 {
				return denied().Delay(time.Second, 0)
			}
			return dynamodesttest.Slow(time.Second, 0)
		})
		var group sync.WaitGroup
		for range 2 {
			group.Go(func() {
				_, err := Write(t.Context(), o, numbered(30))
				assert.ErrorIs(t, err, ErrLost)
			})
		}
		group.Wait()
		require.Len(t, o.kept, 2)
		db.SetFault(nil)
		for range 2 {
			group.Go(func() {
				faults, err := Write(t.Context(), o, numbered(30))
				assert.NoError(t, err)
				assert.Empty(t, faults)
			})
		}
		group.Wait()
		assert.Empty(t, o.kept)
		assert.Len(t, numbers(db), 30)
		assert.Equal(t, written(60), e.counted())
		assert.Len(t, db.Writes(), 60)
	})
}

func TestBatchesWithoutTextsAreToldApart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := dynamodesttest.NewTable(table, "id:S")
		o, e := connected(t, db, versioned, func(s *Settings) {
			s.Config.Mapping.Fields = []dynamodest.Field{{Column: "id"}, {Column: "n"}}
		})
		of := func(ids ...string) (batch []*message) {
			for _, id := range ids {
				batch = append(batch, object(map[string]any{"id": id, "n": 1.0, "not mapped": math.NaN()}))
			}
			return batch
		}
		first, second := of("a", "b"), of("c", "d")
		policy := deny(db, 1)
		for _, batch := range [][]*message{first, second} {
			_, err := Write(t.Context(), o, batch)
			require.ErrorIs(t, err, ErrLost)
		}
		policy.shut.Store(false)
		assert.Empty(t, settle(t, o, second))
		assert.Empty(t, settle(t, o, first))
		assert.Equal(t, map[string]string{"a": "1", "b": "1", "c": "1", "d": "1"}, numbers(db))
		assert.Equal(t, written(4), e.counted())
	})
}

func TestBatchesAreKeptForAsManyAsAreInFlight(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := dynamodesttest.NewTable(table, "id:S")
		o, _ := connected(t, db, versioned)
		deny(db, 0)
		for n := 1; n <= 5; n++ {
			_, err := Write(t.Context(), o, numbered(n)) // which does not come again
			require.ErrorIs(t, err, ErrLost)
		}
		require.Len(t, o.kept, 2)
		assert.Len(t, o.kept[1].left, 5, "the last ones are kept")
		require.NoError(t, o.Close(t.Context()))
		assert.Empty(t, o.kept)
	})
}

func TestARowThatWasSentBeforeMayBeTheItemThatExists(t *testing.T) {
	t.Parallel()
	const note = ". The row was sent before without a response, so the item may be this row itself: compare them"
	synctest.Test(t, func(t *testing.T) {
		db := dynamodesttest.NewTable(table, "id:S")
		o, e := connected(t, db, onExisting(dynamodest.Fail), giveUpSoon)
		db.FailWrites(dynamodesttest.Reset().AfterWrite())
		faults := settle(t, o, numbered(3))
		require.Len(t, faults, 1)
		assert.Zero(t, faults[0].Index)
		assert.True(t, strings.HasPrefix(faults[0].Err.Error(), "item_exists: "), faults[0].Err)
		assert.True(t, strings.HasSuffix(faults[0].Err.Error(), note), faults[0].Err)
		assert.ErrorIs(t, faults[0].Err, dynamodest.ErrExists)
		assert.Equal(t, map[string]int64{"written": 2, "not_written item_exists": 1}, e.counted())

		faults = settle(t, o, numbered(3))
		require.Len(t, faults, 3)
		for _, f := range faults {
			assert.NotContains(t, f.Err.Error(), "sent before")
		}
	})
}

func TestARowWithoutAResponseIsKnownOverErrLost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := dynamodesttest.NewTable(table, "id:S")
		o, _ := connected(t, db, onExisting(dynamodest.Fail), giveUpSoon)
		db.FailWrites(dynamodesttest.Reset().AfterWrite(), denied())
		faults := settle(t, o, numbered(2))
		require.Len(t, faults, 1)
		assert.Contains(t, faults[0].Err.Error(), "the item may be this row itself")
	})
}

func TestWriteBeforeConnectIsLost(t *testing.T) {
	t.Parallel()
	db := dynamodesttest.NewTable(table, "id:S")
	o, e := newOutput(db)
	faults, err := Write(t.Context(), o, numbered(1))
	require.ErrorIs(t, err, ErrLost)
	assert.Empty(t, faults)
	assert.Empty(t, db.Calls())
	assert.Empty(t, e.counted())
}

// TestDeniedWritesMakeNoTightLoop has a policy that allows DescribeTable and no write, so that each Connect succeeds.
func TestDeniedWritesMakeNoTightLoop(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := dynamodesttest.NewTable(table, "id:S")
		o, e := connected(t, db)
		policy := deny(db, 0)
		batch := numbered(3)
		for i, bound := range waitBounds {
			_, err := Write(t.Context(), o, batch)
			require.ErrorIs(t, err, ErrLost)
			assert.EqualValues(t, i+1, policy.refused.Load(), "one request for each Write")
			requireBetween(t, reconnect(t, o), bound/2, bound)
			assert.Equal(t, i+2, calls(db, dynamodest.OpDescribeTable), "one request for each Connect")
		}
		policy.shut.Store(false)
		assert.Empty(t, settle(t, o, batch))
		requireNumbered(t, db, 3)
		assert.Equal(t, written(3), e.counted())

		// Rows were taken, so the waits begin anew.
		policy.shut.Store(true)
		_, err := Write(t.Context(), o, numbered(1))
		require.ErrorIs(t, err, ErrLost)
		assert.Zero(t, reconnect(t, o))
	})
}

// TestABatchThatIsDeniedWaitsLongerWhateverOthersDo has a policy that denies one key, and a second batch at a time that
// is taken again and again.
func TestABatchThatIsDeniedWaitsLongerWhateverOthersDo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := dynamodesttest.NewTable(table, "id:S")
		o, e := connected(t, db, versioned)
		shut := true
		db.SetFault(func(c dynamodesttest.Call) dynamodesttest.Fault {
			if shut && slices.Contains(c.Keys, dynamodesttest.Key("denied")) {
				return denied()
			}
			return dynamodesttest.Fault{}
		})
		batch := []*message{line(`{"id":"a","n":1}`), line(`{"id":"denied","n":1}`)}
		_, err := Write(t.Context(), o, batch)
		require.ErrorIs(t, err, ErrLost)
		for i, bound := range []time.Duration{0, 500 * time.Millisecond, time.Second, 2 * time.Second, 4 * time.Second} {
			assert.Empty(t, settle(t, o, []*message{line(`{"id":"b","n":%d}`, i)}))
			assert.GreaterOrEqual(t, reconnect(t, o), bound/2)
			assert.Empty(t, settle(t, o, []*message{line(`{"id":"c","n":%d}`, i)}))
			_, err := Write(t.Context(), o, batch)
			require.ErrorIs(t, err, ErrLost)
		}
		shut = false
		assert.Empty(t, settle(t, o, batch))
		assert.Equal(t, written(12), e.counted())
		assert.Empty(t, o.kept)
		assert.Zero(t, reconnect(t, o))
	})
}

// TestAVersionThatCannotBeCompared has an item that is not the row that was sent before: a row of equal version would
// have replaced it.
func TestAVersionThatCannotBeCompared(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := dynamodesttest.NewTable(table, "id:S")
		o, _ := connected(t, db, versioned, giveUpSoon)
		assert.Empty(t, settle(t, o, []*message{line(`{"id":"a","n":"text"}`)}))
		db.FailWrites(dynamodesttest.Reset())
		faults := settle(t, o, []*message{line(`{"id":"a","n":1}`)})
		require.Len(t, faults, 1)
		assert.ErrorIs(t, faults[0].Err, dynamodest.ErrExists)
		assert.NotContains(t, faults[0].Err.Error(), "sent before")
	})
}
