package output

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// TestDuplicatesAreRefusedWhenABatchGoesOn has two rows of one key, and a call that stops when it has refused the
// first of them and has not come to the second.
func TestDuplicatesAreRefusedWhenABatchGoesOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := dynamodesttest.NewTable(table, "id:S")
		o, e := connected(t, db, func(s *Settings) { s.Config.Duplicates = dynamodest.RefuseDuplicates })
		messages := []*message{line(`{"id":"twice","n":1}`)}
		for i := range 3000 {
			messages = append(messages, line(`{"id":"r-%d","n":1}`, i))
		}
		messages = append(messages, line(`{"id":"twice","n":2}`))
		db.FailWrites(denied(), denied(), denied())
		at, texts := indexes(settle(t, o, messages))
		assert.Equal(t, []int{0, 3001}, at, texts)
		assert.Equal(t, map[string]int64{"written": 3000, "not_written bad_key": 2}, e.counted())
		assert.Nil(t, db.Item(table, "twice"))
	})
}
