package output

import (
	"math"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// secret is a value of rows: no text may have it.
const secret = "Tr0ub4dor&3"

func TestFaults(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := dynamodesttest.NewTable(table, "id:S")
		o, e := connected(t, db, onExisting(dynamodest.Fail))
		assert.Empty(t, settle(t, o, []*message{line(`{"id":%q}`, secret)}))
		db.SetFault(dynamodesttest.Poison(func(item map[string]types.AttributeValue) bool { _, bad := item["poison"]; return bad }))
		batch := []*message{
			line(`{"id":"a"}`),
			line(`{"id":%q}`, secret),
			line(`{"id":["%s"]}`, secret),
			line(`{"n":%q}`, secret),
			line(`{"id":"b","x":%q}`, secret+strings.Repeat("x", 410_000)),
			line(`{"id":"c"}`),
			line(`{"id":"d","poison":%q}`, secret),
			line(`%s`, secret),
			object(map[string]any{"id": "e", "f": math.NaN(), "s": secret}),
			object([]any{secret}),
			line(`{"id":"f","n":1e999}`),
			line(`{"id":"g","s":%q,"s":%q}`, secret, secret),
		}
		faults := settle(t, o, batch)
		at, texts := indexes(faults)
		require.Equal(t, []int{1, 2, 3, 4, 6, 7, 8, 9, 10, 11}, at)
		for i, want := range []string{
			"item_exists: ", "bad_key: ", "bad_key: ", "item_too_large: ", "refused: ", "unmappable_value: ", "unmappable_value: ",
			"unmappable_value: ", "unmappable_value: ", "unmappable_value: ",
		} {
			assert.True(t, strings.HasPrefix(texts[i], want), texts[i])
			assert.NotRegexp(t, `row \d`, texts[i])
			assert.NotContains(t, texts[i], secret)
			assert.LessOrEqual(t, len(texts[i]), 700)
		}
		for _, f := range faults {
			var reason dynamodest.Reason
			require.ErrorAs(t, f.Err, &reason)
			assert.Equal(t, dynamodest.ScopeRow, reason.Scope())
		}
		assert.Len(t, numbers(db), 3)
		assert.Equal(t, map[string]int64{
			"written": 3, "not_written item_exists": 1, "not_written bad_key": 2, "not_written item_too_large": 1, "not_written refused": 1,
			"not_written unmappable_value": 5,
		}, e.counted())
		for _, text := range append(e.warns, e.errors...) {
			assert.NotContains(t, text, secret)
		}
	})
}

func TestTextOfAFault(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		err  *rowError
		want string
	}{
		"column": {
			&rowError{&dynamodest.RowError{Index: 12, Reason: dynamodest.ErrKey, Column: "id"}, false},
			`bad_key: column "id"; remedy: ` + dynamodest.ErrKey.Remedy(),
		},
		"several requests": {
			&rowError{&dynamodest.RowError{Index: 3, Reason: dynamodest.ErrRefused, Attempts: 4}, true},
			"refused after 4 requests; remedy: " + dynamodest.ErrRefused.Remedy(),
		},
		"exists": {
			&rowError{&dynamodest.RowError{Reason: dynamodest.ErrExists}, false},
			"item_exists; remedy: " + dynamodest.ErrExists.Remedy(),
		},
		"exists, sent before": {
			&rowError{&dynamodest.RowError{Reason: dynamodest.ErrExists}, true},
			"item_exists; remedy: " + dynamodest.ErrExists.Remedy() + ". The row was sent before without a response, so the item may be this row itself: compare them",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, tt.want, tt.err.Error())
		})
	}
}

func TestDuplicatesAreNamedByNoNumber(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := dynamodesttest.NewTable(table, "id:S")
		o, _ := connected(t, db, func(s *Settings) { s.Config.Duplicates = dynamodest.RefuseDuplicates })
		faults := settle(t, o, []*message{line(`no row`), line(`{"id":"a"}`), line(`{"id":"b"}`), line(`{"id":"a"}`)})
		at, texts := indexes(faults)
		require.Equal(t, []int{0, 1, 3}, at)
		for _, text := range texts[1:] {
			assert.True(t, strings.HasPrefix(text, `bad_key: column "id": another row of the batch has the same key, which Duplicates "fail" refuses`), text)
		}
		assert.Len(t, numbers(db), 1)
	})
}

func TestHeadline(t *testing.T) {
	t.Parallel()
	first := &rowError{&dynamodest.RowError{Reason: dynamodest.ErrKey}, false}
	faults := []Fault{{2, first}, {4, &rowError{&dynamodest.RowError{Reason: dynamodest.ErrTooLarge}, false}}}
	assert.Same(t, first, headline(faults[:1], 1))
	err := headline(faults, 9)
	assert.Equal(t, "2 of 9 rows at fault, the first: "+first.Error(), err.Error())
	assert.ErrorIs(t, err, dynamodest.ErrKey)
}

func TestMissingColumnsAreToldOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := dynamodesttest.NewTable(table, "id:S")
		o, e := connected(t, db, giveUpSoon, func(s *Settings) {
			s.Config.Mapping.Fields = []dynamodest.Field{{Column: "id"}, {Column: "n"}, {Column: "x"}}
		})
		// The row that has every column is taken at once, and the other one by a request of its own.
		full, bare := line(`{"id":"a","n":1,"x":1}`), line(`{"id":"b"}`)
		db.FailWrites(dynamodesttest.Unprocessed(dynamodesttest.Last(1)))
		assert.Empty(t, settle(t, o, []*message{full, bare}))
		require.Len(t, e.warns, 1)
		assert.Equal(t, "1 of 2 rows not written yet, sent again: unprocessed (1)", e.warns[0])

		for range 3 {
			assert.Empty(t, settle(t, o, numbered(2)))
		}
		require.Len(t, e.warns, 2)
		assert.Equal(t, `none of the rows of a batch has the columns ["x"]: their items have no such attributes. Check the names in the mapping`, e.warns[1])
	})
}

func TestAnEmptyBatch(t *testing.T) {
	t.Parallel()
	db := dynamodesttest.NewTable(table, "id:S")
	o, e := connected(t, db)
	assert.Empty(t, settle(t, o, nil))
	assert.Empty(t, e.counted())
	assert.Len(t, settle(t, o, []*message{line(""), line("x")}), 2)
	assert.Len(t, db.Calls(), 1, "DescribeTable alone")
}
