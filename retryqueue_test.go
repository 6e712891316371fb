package dynamodest_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// queueOfTwo returns a retryQueue with two rows that DynamoDB has not taken, and its table.
func queueOfTwo(t *testing.T) (*retryQueue, *dynamodesttest.DB) {
	t.Helper()
	db := dynamodesttest.NewTable("scores", "customer:S")
	dest, err := dynamodest.New(t.Context(), dynamodest.Config{
		Table: "scores", Client: db, Retry: dynamodest.Retry{MaxAttempts: 1},
	})
	require.NoError(t, err)
	queue := &retryQueue{dest: dest, rows: map[dynamodest.Key]dynamodest.Row{}}
	db.FailWrites(dynamodesttest.Unprocessed(dynamodesttest.All))
	rows := []dynamodest.Row{{"customer": "c-1", "score": 1}, {"customer": "c-2", "score": 2}}
	require.NoError(t, queue.write(t.Context(), rows, noDeadLetter(t)))
	require.Len(t, queue.rows, 2)
	return queue, db
}

// noDeadLetter fails t for each dead letter.
func noDeadLetter(t *testing.T) func(dynamodest.Row, error) {
	t.Helper()
	return func(_ dynamodest.Row, err error) { assert.NoError(t, err, "no row is a dead letter") }
}

// A row of the queue that DynamoDB refuses when it is sent again is a dead letter once, and leaves the queue.
func TestRetryQueueRefusedRow(t *testing.T) {
	t.Parallel()
	queue, db := queueOfTwo(t)
	db.SetFault(dynamodesttest.Poison(func(item map[string]types.AttributeValue) bool {
		return item["customer"].(*types.AttributeValueMemberS).Value == "c-1"
	}))
	var letters []any
	for range 2 {
		require.NoError(t, queue.retry(t.Context(), func(row dynamodest.Row, err error) {
			assert.ErrorIs(t, err, dynamodest.ErrRefused)
			letters = append(letters, row["customer"])
		}))
	}
	assert.Equal(t, []any{"c-1"}, letters)
	assert.Empty(t, queue.rows)
	assert.NotNil(t, db.Item("scores", "c-2"))
	assert.Equal(t, 1, db.Len("scores"))
}

// Rows of the queue that may be in the table, when a fault of all rows stops the call, stay in the queue.
func TestRetryQueueUnknownThenDenied(t *testing.T) {
	t.Parallel()
	queue, db := queueOfTwo(t)
	dest, err := dynamodest.New(t.Context(), dynamodest.Config{Table: "scores", Client: db})
	require.NoError(t, err)
	queue.dest = dest // which sends again what gets no answer
	db.FailWrites(dynamodesttest.Reset(), dynamodesttest.Error(400, "AccessDeniedException", ""))
	err = queue.retry(t.Context(), noDeadLetter(t))
	require.ErrorIs(t, err, dynamodest.ErrAccess)
	var failed *dynamodest.WriteError
	require.ErrorAs(t, err, &failed)
	require.Equal(t, 2, failed.Summary.Unknown)
	assert.Len(t, queue.rows, 2)

	require.NoError(t, queue.retry(t.Context(), noDeadLetter(t)))
	assert.Empty(t, queue.rows)
	assert.Equal(t, 2, db.Len("scores"))
}
