package output

import (
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

func TestATableThatIsMadeAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := dynamodesttest.NewTable(table, "id:S")
		o, e := connected(t, db)
		assert.Empty(t, settle(t, o, numbered(2)))
		drop(t, db)
		_, err := Write(t.Context(), o, numbered(30))
		require.ErrorIs(t, err, ErrLost)
		for range 3 {
			require.ErrorIs(t, o.Connect(t.Context()), dynamodest.ErrNoTable)
		}
		db.AddTable(table, "id:S")
		first := o.dest
		assert.Empty(t, settle(t, o, numbered(30)))
		assert.Len(t, numbers(db), 30)
		assert.Same(t, first, o.dest, "a table of the same keys needs no new Destination")
		assert.Equal(t, written(32), e.counted())
	})
}

func TestATableOfOtherKeys(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := dynamodesttest.NewTable(table, "id:S")
		o, e := connected(t, db)
		drop(t, db)
		db.AddTable(table, "uid:S")
		// By the old keys the first row is right, and the second one is not.
		batch := []*message{line(`{"id":"a"}`), line(`{"uid":"1"}`)}
		faults, err := Write(t.Context(), o, batch)
		require.ErrorIs(t, err, ErrLost)
		assert.Empty(t, faults)
		require.Len(t, e.errors, 1)
		assert.Contains(t, e.errors[0], "bad configuration")

		first := o.dest
		require.NoError(t, o.Connect(t.Context()))
		assert.NotSame(t, first, o.dest)
		faults, err = Write(t.Context(), o, batch)
		require.NoError(t, err)
		at, _ := indexes(faults)
		require.Equal(t, []int{0}, at, "a row is judged by the keys of the table as it is")
		assert.ErrorIs(t, faults[0].Err, dynamodest.ErrKey)
		assert.Len(t, db.Items(table), 1)
		assert.Equal(t, map[string]int64{"written": 1, "not_written bad_key": 1}, e.counted())
	})
}

func TestATableThatIsMadeAgainWithOtherKeys(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := dynamodesttest.NewTable(table, "id:S")
		o, e := connected(t, db)
		drop(t, db)
		batch := []*message{line(`{"id":"a"}`), line(`{"uid":"1"}`)}
		_, err := Write(t.Context(), o, batch)
		require.ErrorIs(t, err, ErrLost)
		db.AddTable(table, "uid:S")
		at, _ := indexes(settle(t, o, batch))
		assert.Equal(t, []int{0}, at, "a row is judged by the keys of the table as it is")
		assert.Len(t, db.Items(table), 1)
		assert.Equal(t, map[string]int64{"written": 1, "not_written bad_key": 1}, e.counted())
	})
}

func TestATableWhoseKeysTheMappingLacks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := dynamodesttest.NewTable(table, "id:S")
		o, _ := connected(t, db, func(s *Settings) {
			s.Config.Mapping.Fields = []dynamodest.Field{{Column: "id"}, {Column: "n"}}
		})
		drop(t, db)
		db.AddTable(table, "uid:S")
		_, err := Write(t.Context(), o, numbered(3))
		require.ErrorIs(t, err, ErrLost)
		for range 4 {
			require.ErrorIs(t, o.Connect(t.Context()), dynamodest.ErrConfig)
		}
		drop(t, db)
		db.AddTable(table, "id:S")
		assert.Empty(t, settle(t, o, numbered(3)))
		assert.Len(t, numbers(db), 3)
	})
}

// drop deletes the table.
func drop(t *testing.T, db *dynamodesttest.DB) {
	t.Helper()
	_, err := db.DeleteTable(t.Context(), &dynamodb.DeleteTableInput{TableName: aws.String(table)})
	require.NoError(t, err)
}

// TestATableOfOtherKeysThatNoRequestShows has rows of which none could be sent by the keys that the table had: no request
// fails for them.
func TestATableOfOtherKeysThatNoRequestShows(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := dynamodesttest.NewTable(table, "id:S")
		o, e := connected(t, db)
		drop(t, db)
		db.AddTable(table, "uid:S")
		batch := []*message{line(`{"uid":"1"}`), line(`{"uid":"2"}`), line(`no row`)}
		at, texts := indexes(settle(t, o, batch))
		assert.Equal(t, []int{2}, at, texts)
		assert.Len(t, db.Items(table), 2)
		assert.Equal(t, map[string]int64{"written": 2, "not_written unmappable_value": 1}, e.counted())
	})
}

// TestABadKeyIsOneWhateverTheCheckSays has a check of the keys that does not get through.
func TestABadKeyIsOneWhateverTheCheckSays(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := dynamodesttest.NewTable(table, "id:S")
		o, e := connected(t, db, giveUpSoon)
		db.SetFault(func(c dynamodesttest.Call) dynamodesttest.Fault {
			if c.Op == dynamodest.OpDescribeTable {
				return dynamodesttest.Error(500, "InternalServerError", "later")
			}
			return dynamodesttest.Fault{}
		})
		assert.Len(t, settle(t, o, []*message{line(`{"n":1}`)}), 1)
		assert.Equal(t, 2, calls(db, dynamodest.OpDescribeTable), "those of Connect and of the check")
		faults := settle(t, o, []*message{line(`{"id":"a"}`), line(`{"n":1}`)})
		assert.Len(t, faults, 1)
		assert.Equal(t, 2, calls(db, dynamodest.OpDescribeTable), "no check if a row was taken by the keys")
		assert.Equal(t, map[string]int64{"written": 1, "not_written bad_key": 2}, e.counted())
	})
}
