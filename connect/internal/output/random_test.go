package output

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// randomBatch is a batch of rows of few keys, some of which are at fault.
type randomBatch struct {
	messages []*message
	numbers  []int            // attribute "n" of each row, all different
	ofKey    map[string][]int // rows that are not at fault
	deletes  map[int]bool
	atFault  map[int]string // label of the reason
}

// newRandomBatch returns a batch whose rows of a key are deletes now and then, if deletes is set.
func newRandomBatch(r *rand.Rand, deletes bool) *randomBatch {
	n := 1 + r.IntN(300)
	b := &randomBatch{messages: make([]*message, n), numbers: r.Perm(n), ofKey: map[string][]int{}, deletes: map[int]bool{}, atFault: map[int]string{}}
	keys := 1 + r.IntN(n)
	for i, number := range b.numbers {
		switch key := fmt.Sprintf("k-%d", r.IntN(keys)); r.IntN(16) {
		case 0:
			b.messages[i], b.atFault[i] = line("no row %d", i), "unmappable_value"
		case 1:
			b.messages[i], b.atFault[i] = line(`{"n":%d}`, number), "bad_key"
		case 2:
			b.messages[i], b.atFault[i] = line(`{"id":"p-%d","n":%d,"poison":1}`, i, number), "refused"
		default:
			b.deletes[i] = deletes && r.IntN(4) == 0
			b.messages[i] = line(`{"id":%q,"n":%d,"gone":%t}`, key, number, b.deletes[i])
			b.ofKey[key] = append(b.ofKey[key], i)
		}
	}
	return b
}

// troubled has db answer with faults of all kinds, ever fewer, and refuse each row that is poison.
func troubled(db *dynamodesttest.DB, r *rand.Rand) {
	var mu sync.Mutex
	odds := 0.7
	db.SetFault(func(c dynamodesttest.Call) dynamodesttest.Fault {
		mu.Lock()
		defer mu.Unlock()
		for i := range c.Keys {
			if c.Item(i)["poison"] != nil {
				return dynamodesttest.Error(400, "ValidationException", "One or more parameter values were invalid")
			}
		}
		if c.Op == dynamodest.OpDescribeTable || r.Float64() > odds {
			return dynamodesttest.Fault{}
		}
		odds *= 0.97
		half := dynamodesttest.Share(0.5, r.Uint64())
		faults := []dynamodesttest.Fault{
			denied(), dynamodesttest.Throttled("ProvisionedThroughputExceededException", ""), dynamodesttest.Error(500, "InternalServerError", "later"),
			dynamodesttest.Reset(), dynamodesttest.Reset().AfterWrite(), dynamodesttest.Reset().AfterWriting(half),
			dynamodesttest.Unprocessed(half), dynamodesttest.Unprocessed(dynamodesttest.All), // of BatchWriteItem alone
		}
		if c.Op == dynamodest.OpPutItem {
			faults = faults[:5]
		}
		return faults[r.IntN(len(faults))]
	})
}

// check compares the items of a table, and the rows that were rejected, with what the settings make of the batch.
func (b *randomBatch) check(t *testing.T, settings string, items map[string]string, rejected map[int]string) {
	t.Helper()
	for key, rows := range b.ofKey {
		held := slices.IndexFunc(rows, func(i int) bool { return fmt.Sprint(b.numbers[i]) == items[key] }) // among rows
		want := len(rows) - 1
		switch settings {
		case "version":
			want = slices.Index(rows, slices.MaxFunc(rows, func(x, y int) int { return b.numbers[x] - b.numbers[y] }))
		case "skip", "fail": // which row is there depends on which response was lost
			want = max(held, 0)
		case "duplicates":
			if len(rows) > 1 {
				want = -1
			}
		}
		if want >= 0 && b.deletes[rows[want]] {
			want = -1
		}
		require.Equal(t, want, held, "the row of %s that the table has", key)
		for at, i := range rows {
			text, isRejected := rejected[i]
			delete(rejected, i)
			switch {
			case settings == "fail" && at != held:
				assert.Contains(t, text, "item_exists")
			case settings == "fail" && isRejected:
				assert.Contains(t, text, "the item may be this row itself")
			case settings == "duplicates" && len(rows) > 1:
				assert.Contains(t, text, "bad_key")
			default:
				assert.False(t, isRejected, text)
			}
		}
	}
	for i, reason := range b.atFault {
		assert.Contains(t, rejected[i], reason)
		delete(rejected, i)
	}
	assert.Empty(t, rejected)
}

// TestRandomBatches writes batches through faults, and goes on with those that are lost: each row is in the table or
// rejected as the settings say, only rows at fault are rejected, and each row is counted once.
func TestRandomBatches(t *testing.T) {
	t.Parallel()
	for settings, change := range map[string]func(*Settings){
		"upsert": func(*Settings) {}, "delete": func(s *Settings) { s.Config.Delete = "gone" }, "version": versioned,
		"skip": onExisting(dynamodest.Skip), "fail": onExisting(dynamodest.Fail), "overwrite": onExisting(dynamodest.Overwrite),
		"duplicates": func(s *Settings) { s.Config.Duplicates = dynamodest.RefuseDuplicates },
	} {
		for seed := range uint64(12) {
			t.Run(fmt.Sprint(settings, seed), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					r := rand.New(rand.NewPCG(seed, 0))
					b := newRandomBatch(r, settings == "delete")
					db := dynamodesttest.NewTable(table, "id:S")
					o, e := connected(t, db, change, func(s *Settings) {
						s.Config.Concurrency, s.Config.Retry.MaxAttempts = 1+r.IntN(3), 1+r.IntN(2)
					})
					troubled(db, r)
					rejected := map[int]string{}
					for _, f := range settle(t, o, b.messages) {
						assert.NotContains(t, rejected, f.Index)
						rejected[f.Index] = f.Err.Error()
					}
					b.check(t, settings, numbers(db), rejected)
					var counted int64
					for _, rows := range e.counted() {
						counted += rows
					}
					assert.EqualValues(t, len(b.messages), counted)
					assert.Empty(t, o.kept)
				})
			})
		}
	}
}
