package output

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

func TestRowsThatAreNotTakenAreSentAgain(t *testing.T) {
	t.Parallel()
	throttled := dynamodesttest.Throttled("ProvisionedThroughputExceededException", dynamodesttest.ARN(table))
	for name, fault := range map[string]dynamodesttest.Fault{
		"throttled":              throttled,
		"unprocessed":            dynamodesttest.Unprocessed(dynamodesttest.All),
		"some unprocessed":       dynamodesttest.Unprocessed(dynamodesttest.First(3)),
		"server error":           dynamodesttest.Error(500, "InternalServerError", "later"),
		"unreachable":            dynamodesttest.Unreachable(),
		"lost before the write":  dynamodesttest.Reset(),
		"lost after the write":   dynamodesttest.Reset().AfterWrite(),
		"lost in the response":   dynamodesttest.CloseInBody(),
		"half written, and lost": dynamodesttest.Reset().AfterWriting(dynamodesttest.First(5)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				db := dynamodesttest.NewTable(table, "id:S")
				o, e := connected(t, db, giveUpSoon)
				db.FailWrites(fault, fault, fault, fault)
				faults, err := Write(t.Context(), o, numbered(20))
				require.NoError(t, err)
				assert.Empty(t, faults)
				assert.Len(t, numbers(db), 20)
				assert.Equal(t, written(20), e.counted())
				assert.NotEmpty(t, e.warns)
				assert.Empty(t, e.errors)
			})
		})
	}
}

func TestWaitsBetweenAttemptsGrowUntilARowIsTaken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := dynamodesttest.NewTable(table, "id:S")
		o, _ := connected(t, db, giveUpSoon)
		none, oneTaken := dynamodesttest.Unprocessed(dynamodesttest.All), dynamodesttest.Unprocessed(dynamodesttest.Last(1))
		for range 8 {
			db.FailWrites(none)
		}
		db.FailWrites(oneTaken, none)
		faults, err := Write(t.Context(), o, numbered(2))
		require.NoError(t, err)
		assert.Empty(t, faults)
		var at []time.Time
		for _, c := range db.Calls() {
			if c.Op != dynamodest.OpDescribeTable {
				at = append(at, c.At)
			}
		}
		bounds := slices.Concat(waitBounds[:8], waitBounds[:2]) // a row was taken before the last two
		require.Len(t, at, len(bounds)+1)
		for i, bound := range bounds {
			requireBetween(t, at[i+1].Sub(at[i]), bound/2, bound)
		}
	})
}

func TestAnEndedContextSettlesNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := dynamodesttest.NewTable(table, "id:S")
		o, e := connected(t, db, giveUpSoon)
		writes := 0
		db.SetFault(func(c dynamodesttest.Call) dynamodesttest.Fault {
			if writes++; writes == 1 {
				return dynamodesttest.Fault{}
			}
			return dynamodesttest.Unprocessed(dynamodesttest.All)
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		messages := append(numbered(40), line(`no row`), line(`{"n":1}`))
		faults, err := Write(ctx, o, messages)
		require.ErrorIs(t, err, ErrEnded)
		assert.Empty(t, faults, "a fault would be a dead letter of a batch that comes again")
		assert.NotEmpty(t, db.Writes())
		assert.Less(t, len(db.Writes()), 40)
		assert.Empty(t, e.counted(), "no row is settled")

		db.SetFault(nil)
		faults, err = Write(t.Context(), o, messages)
		require.NoError(t, err)
		at, _ := indexes(faults)
		assert.Equal(t, []int{40, 41}, at)
		assert.Len(t, numbers(db), 40)
		assert.Equal(t, map[string]int64{"written": 40, "not_written unmappable_value": 1, "not_written bad_key": 1}, e.counted())
	})
}

func TestTheEndOfAContextIsNoFaultOfTheTable(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := dynamodesttest.NewTable(table, "id:S")
		o, e := connected(t, db)
		ctx, cancel := context.WithCancel(t.Context())
		db.SetFault(func(dynamodesttest.Call) dynamodesttest.Fault {
			cancel()
			return denied()
		})
		faults, err := Write(ctx, o, numbered(2))
		require.ErrorIs(t, err, ErrEnded)
		assert.Empty(t, faults)
		assert.Empty(t, o.kept)
		assert.Empty(t, e.errors)
		assert.Empty(t, e.warns)
	})
}

// givenUp returns a batch whose first row has the key "hot". It is given up before the last but one row, which has the
// same key, is taken, since the rows between fill the window.
func givenUp(db *dynamodesttest.DB, first, last int) []*message {
	messages := []*message{line(`{"id":"hot","n":%d}`, first)}
	for i := range 1000 {
		messages = append(messages, line(`{"id":"r-%d","n":1}`, i))
	}
	db.FailWrites(dynamodesttest.Unprocessed(dynamodesttest.First(1)))
	return append(messages, line(`{"id":"hot","n":%d}`, last), line(`{"id":"end","n":1}`))
}

func TestAnOlderRowIsNotSentAfterANewerOneOfItsKey(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*Settings){
		"upsert": func(*Settings) {},
		"insert": onExisting(dynamodest.Overwrite),
		"delete": func(s *Settings) { s.Config.Delete = "gone" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				db := dynamodesttest.NewTable(table, "id:S")
				o, e := connected(t, db, giveUpSoon, change)
				faults, err := Write(t.Context(), o, givenUp(db, 1, 2))
				require.NoError(t, err)
				assert.Empty(t, faults)
				assert.Equal(t, "2", numbers(db)["hot"], "the last row of the key wins")
				assert.Equal(t, map[string]int64{"written": 1002, "superseded": 1}, e.counted())
			})
		})
	}
}

func TestARowThatIsGivenUpIsSentAgainIfTheLastOneNeedNotWin(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change      func(*Settings)
		first, last int
		want        string
		counted     map[string]int64
	}{
		"newer version": {versioned, 2, 1, "2", map[string]int64{"written": 1003}},
		"older version": {versioned, 1, 2, "2", map[string]int64{"written": 1002, "skipped": 1}},
		"skip":          {onExisting(dynamodest.Skip), 1, 2, "2", map[string]int64{"written": 1002, "skipped": 1}},
		"fail":          {onExisting(dynamodest.Fail), 1, 2, "2", map[string]int64{"written": 1002, "not_written item_exists": 1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				db := dynamodesttest.NewTable(table, "id:S")
				o, e := connected(t, db, giveUpSoon, tt.change)
				_, err := Write(t.Context(), o, givenUp(db, tt.first, tt.last))
				require.NoError(t, err)
				assert.Equal(t, tt.want, numbers(db)["hot"])
				assert.Equal(t, tt.counted, e.counted())
			})
		})
	}
}

func TestTheLastRowOfAKeyWins(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := dynamodesttest.NewTable(table, "id:S")
		o, _ := connected(t, db, giveUpSoon)
		n := 0
		for batch := range 10 {
			var messages []*message
			for range 30 {
				n++
				messages = append(messages, line(`{"id":"k-%d","n":%d}`, n%4, n))
			}
			db.FailWrites(dynamodesttest.Unprocessed(dynamodesttest.Share(0.5, uint64(batch))), dynamodesttest.Reset().AfterWrite(), dynamodesttest.Unprocessed(dynamodesttest.First(2)))
			faults, err := Write(t.Context(), o, messages)
			require.NoError(t, err)
			require.Empty(t, faults)
			want := map[string]string{}
			for i := n - 3; i <= n; i++ {
				want[fmt.Sprintf("k-%d", i%4)] = fmt.Sprint(i)
			}
			require.Equal(t, want, numbers(db))
		}
	})
}

// The warning of an outage says what to do for the table, and not to do what the output does itself.
func TestWarningOfAnOutage(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault  dynamodesttest.Fault
		remedy string
	}{
		"throttled":   {dynamodesttest.Throttled("ProvisionedThroughputExceededException", ""), "; remedy: make the table on-demand or raise its write capacity (WCU)"},
		"unavailable": {dynamodesttest.Error(500, "InternalServerError", "later"), "; remedy: DynamoDB responded with InternalServerError"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				db := dynamodesttest.NewTable(table, "id:S")
				o, e := connected(t, db)
				start := time.Now()
				db.SetFault(func(dynamodesttest.Call) dynamodesttest.Fault {
					if time.Since(start) > 2*time.Minute {
						return dynamodesttest.Fault{}
					}
					return c.fault
				})
				assert.Empty(t, settle(t, o, numbered(100)))
				require.NotEmpty(t, e.warns)
				assert.Contains(t, e.warns[0], "nothing was accepted in 30 consecutive waits")
				assert.Contains(t, e.warns[0], c.remedy)
				assert.NotContains(t, e.warns[0], "write the row again")
			})
		})
	}
}

func TestAWarningNamesNoRowAtFault(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := dynamodesttest.NewTable(table, "id:S")
		o, e := connected(t, db, giveUpSoon)
		db.FailWrites(dynamodesttest.Unprocessed(dynamodesttest.First(1)))
		faults := settle(t, o, append(numbered(2), line(`{"n":1}`)))
		assert.Len(t, faults, 1)
		assert.Equal(t, []string{"1 of 3 rows not written yet, sent again: unprocessed (1)"}, e.warns)
	})
}
