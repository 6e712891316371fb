package dynamodest_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// README: retry queue
// retryQueue holds the rows that failed and may be written again: of each key the newest. All rows of the table
// go through it, and its calls follow one another. A queue that outlives the process stores Key.Bytes.
type retryQueue struct {
	dest *dynamodest.Destination
	rows map[dynamodest.Key]dynamodest.Row
}

// write writes rows, which are newer than those in the queue.
func (q *retryQueue) write(ctx context.Context, rows []dynamodest.Row, deadLetter func(dynamodest.Row, error)) error {
	result, err := q.dest.Write(ctx, rows)
	for i, r := range result.Rows { // in row order, so that the newest row of a key decides
		var rowErr *dynamodest.RowError
		errors.As(r.Err, &rowErr)
		key, keyErr := q.dest.Key(rows[i])
		scope := rowErr.Scope() // "" without an error
		switch {
		case keyErr != nil:
			deadLetter(rows[i], keyErr)
			continue
		case scope == dynamodest.ScopePassing, scope == dynamodest.ScopeCall && r.Outcome == dynamodest.Unknown:
			q.rows[key] = rows[i] // an older row of the key is dropped
		case r.Outcome != dynamodest.NotWritten:
			delete(q.rows, key) // the table has this row, a newer one, or may have it: no older row may follow
		} // else an older row of the key is kept: nothing has replaced it
		if scope == dynamodest.ScopeRow {
			deadLetter(rows[i], rowErr)
		}
	}
	var tableErr *dynamodest.TableError
	if errors.As(err, &tableErr) {
		return err // stop the sync, fix the cause, and read the rows with ScopeCall again
	}
	return nil
}

// retry writes the rows of the queue again. Those that fail for a fault of the table, the access or a setting stay in it.
func (q *retryQueue) retry(ctx context.Context, deadLetter func(dynamodest.Row, error)) error {
	return q.write(ctx, slices.Collect(maps.Values(q.rows)), func(row dynamodest.Row, err error) {
		deadLetter(row, err)
		if key, keyErr := q.dest.Key(row); keyErr == nil {
			delete(q.rows, key) // it is no older row of the key: it is the row itself
		}
	})
}

// README end

// A queue of rows that failed outlives the sync. The next sync writes a newer row of one of its keys, which must
// not be overwritten by the older row in the queue.
func ExampleDestination_Write_retryQueue() {
	ctx := context.Background()
	db := dynamodesttest.NewTable("scores", "customer:S")
	dest, err := dynamodest.New(ctx, dynamodest.Config{
		Table: "scores", Client: db,
		Retry: dynamodest.Retry{MaxAttempts: 1}, // so that the first refusal counts
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	queue := retryQueue{dest: dest, rows: map[dynamodest.Key]dynamodest.Row{}}
	deadLetter := func(row dynamodest.Row, err error) { fmt.Println("dead letter:", row, err) }
	do := func(what string, err error) {
		fmt.Printf("%s: %d in the queue, error: %v\n", what, len(queue.rows), err)
	}

	db.FailWrites(dynamodesttest.Unprocessed(dynamodesttest.All))
	do("first sync", queue.write(ctx, []dynamodest.Row{{"customer": "c-1", "score": 1}, {"customer": "c-2", "score": 1}}, deadLetter))
	do("second sync", queue.write(ctx, []dynamodest.Row{{"customer": "c-1", "score": 2}}, deadLetter))
	do("retry", queue.retry(ctx, deadLetter))
	for _, customer := range []string{"c-1", "c-2"} {
		fmt.Println(customer, "has score", db.Item("scores", customer)["score"].(*types.AttributeValueMemberN).Value)
	}
	// Output:
	// first sync: 2 in the queue, error: <nil>
	// second sync: 1 in the queue, error: <nil>
	// retry: 0 in the queue, error: <nil>
	// c-1 has score 2
	// c-2 has score 1
}

// With Config.Version rows that failed can be written again at any time, by any process and in any order: the
// table keeps the newest version of each key.
func ExampleDestination_Write_retryWithVersion() {
	ctx := context.Background()
	db := dynamodesttest.NewTable("scores", "customer:S")
	dest, err := dynamodest.New(ctx, dynamodest.Config{
		Table: "scores", Client: db, Version: "score_version",
		Retry: dynamodest.Retry{MaxAttempts: 1},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	var queue []dynamodest.Row
	write := func(rows []dynamodest.Row) {
		result, err := dest.Write(ctx, rows)
		fmt.Printf("%d rows: %d written, %d skipped, throttled: %t\n",
			len(rows), result.Summary.Written, result.Summary.Skipped, errors.Is(err, dynamodest.ErrThrottled))
		for i, r := range result.Rows {
			var rowErr *dynamodest.RowError
			if errors.As(r.Err, &rowErr) && rowErr.Scope() == dynamodest.ScopePassing {
				queue = append(queue, rows[i])
			}
		}
	}

	throttled := dynamodesttest.Throttled("ThrottlingException", "")
	db.FailWrites(throttled, throttled) // each row goes by a request of its own
	write([]dynamodest.Row{{"customer": "c-1", "score": 0.91, "score_version": 1}, {"customer": "c-2", "score": 0.87, "score_version": 1}})
	write([]dynamodest.Row{{"customer": "c-1", "score": 0.95, "score_version": 2}})
	write(queue)
	fmt.Println("c-1 has score", db.Item("scores", "c-1")["score"].(*types.AttributeValueMemberN).Value)
	// Output:
	// 2 rows: 0 written, 0 skipped, throttled: true
	// 1 rows: 1 written, 0 skipped, throttled: false
	// 2 rows: 1 written, 1 skipped, throttled: false
	// c-1 has score 0.95
}
