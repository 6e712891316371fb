package dynamodest_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// syncState is what a sync keeps between its runs. In production it is a table or a file.
type syncState struct {
	position int // the id of the last row that need not be read again
	saves    int
	letters  []string // the dead letters
}

func (s *syncState) save(position int) error {
	s.position = position
	s.saves++
	return nil
}

func (s *syncState) addDeadLetter(row dynamodest.Row, err *dynamodest.RowError) error {
	s.letters = append(s.letters, fmt.Sprint("row ", row["id"], ": ", string(err.Reason)))
	return nil
}

// rowsAfter returns the rows of the source whose ids are greater than position, in the order of their ids.
func rowsAfter(position int) iter.Seq2[dynamodest.Row, error] {
	return func(yield func(dynamodest.Row, error) bool) {
		for id := position + 1; id <= 2500; id++ {
			row := dynamodest.Row{"id": id, "customer": fmt.Sprint("c-", id)}
			if id == 1200 {
				row["customer"] = "" // no key
			}
			if !yield(row, nil) {
				return
			}
		}
	}
}

// runSync writes what the last run has left.
func runSync(ctx context.Context, dest *dynamodest.Destination, state *syncState) error {
	// README: checkpoint
	position, complete, unsaved := state.position, true, 0
	_, err := dest.WriteSeq(ctx, rowsAfter(position), func(row dynamodest.Row, r dynamodest.RowResult) error {
		var rowErr *dynamodest.RowError
		errors.As(r.Err, &rowErr)
		switch scope := rowErr.Scope(); { // "" for a row that did not fail
		case !complete:
			return nil // read again, and reported again
		case scope == dynamodest.ScopePassing || scope == dynamodest.ScopeCall:
			complete = false // the next run begins with this row
			return nil
		case scope == dynamodest.ScopeRow:
			if err := state.addDeadLetter(row, rowErr); err != nil { // stored before the position passes the row
				return err
			}
		}
		if id, ok := row["id"].(int); ok { // nil for a row that could not be read
			position = id
		}
		if unsaved++; unsaved < 1000 {
			return nil
		}
		unsaved = 0
		return state.save(position)
	})
	return errors.Join(err, state.save(position)) // also after a stop: what is settled stays settled
	// README end
}

// A sync that is stopped by a table that takes nothing, and goes on in its next run.
func ExampleDestination_WriteSeq_checkpoint() {
	ctx := context.Background()
	db := dynamodesttest.NewTable("customers", "customer:S")
	dest, err := dynamodest.New(ctx, dynamodest.Config{Table: "customers", Client: db})
	if err != nil {
		fmt.Println(err)
		return
	}
	db.SetFault(func(call dynamodesttest.Call) dynamodesttest.Fault {
		if db.Len("customers") > 1500 {
			return dynamodesttest.Error(400, "AccessDeniedException", "")
		}
		return dynamodesttest.Fault{}
	})
	state := &syncState{}
	err = runSync(ctx, dest, state)
	fmt.Println("first run stopped:", errors.Is(err, dynamodest.ErrAccess), "- begun again at 0:", state.position == 0)

	db.SetFault(nil)
	err = runSync(ctx, dest, state)
	failed := &dynamodest.WriteError{}
	fmt.Println("second run stopped:", errors.As(err, &failed) && failed.Stop != nil)
	fmt.Println("position", state.position, "with", db.Len("customers"), "items, dead letters:", state.letters)
	// Output:
	// first run stopped: true - begun again at 0: false
	// second run stopped: false
	// position 2500 with 2499 items, dead letters: [row 1200: bad_key]
}

// README: virtual time
// TestThrottledTable holds that the engine rides out ten seconds in which the table takes nothing.
func TestThrottledTable(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := dynamodesttest.NewTable("customers", "customer:S")
		began := time.Now()
		db.SetFault(func(call dynamodesttest.Call) dynamodesttest.Fault {
			if call.Op == "DescribeTable" || time.Since(began) > 10*time.Second {
				return dynamodesttest.Fault{}
			}
			return dynamodesttest.Throttled("ThrottlingException", "")
		})
		dest, err := dynamodest.New(t.Context(), dynamodest.Config{
			Table: "customers", Client: db,
			Retry: dynamodest.Retry{MaxAttempts: 100}, // the default 10 last some 8 seconds
		})
		require.NoError(t, err)
		result, err := dest.Write(t.Context(), []dynamodest.Row{{"customer": "c-1"}, {"customer": "c-2"}}) // your engine
		require.NoError(t, err)
		assert.Equal(t, 2, result.Summary.Written)
		assert.Greater(t, time.Since(began), 10*time.Second) // of virtual time: the test takes none
	})
}

// README end
