package dynamodest_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

const rowSecret = "person@example.com"

// advising is an error of the caller's with methods that look like this library's own.
type advising struct{}

func (advising) Error() string  { return "no" }
func (advising) Remedy() string { return "look at row " + rowSecret + strings.Repeat("!", 2000) }
func (advising) Hint() string   { return " key=(" + rowSecret + ")\nforged line" }

type advisingValue struct{}

func (advisingValue) MarshalText() ([]byte, error) { return nil, advising{} }

// Advice in an error's text is this library's alone, whatever methods a foreign error has.
func TestForeignErrorsGiveNoAdvice(t *testing.T) {
	t.Parallel()
	db := dynamodesttest.NewTable(table, "id:S")
	dest := newDest(t, dynamodest.Config{Table: table, Client: db})
	_, ofValue := dest.Item(dynamodest.Row{"id": "a", "v": advisingValue{}})

	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(advising{})
	res, ofCause := dest.Write(ctx, numbered(2))
	limited := newDest(t, dynamodest.Config{Table: table, Client: db, Limiter: failingLimiter{advising{}}})
	_, ofLimiter := limited.Write(t.Context(), numbered(2))
	for _, err := range []error{ofValue, ofCause, res.Rows[0].Err, ofLimiter} {
		require.Error(t, err)
		assert.NotContains(t, err.Error(), rowSecret)
		assert.NotContains(t, err.Error(), "\n")
		require.ErrorAs(t, err, new(advising), "unwrapping still leads to it")
	}
	assert.LessOrEqual(t, len(res.Rows[0].Err.Error()), 600)
	assert.Contains(t, res.Rows[0].Err.Error(), dynamodest.ErrStopped.Remedy())
}

type failingLimiter struct{ err error }

func (l failingLimiter) WaitN(context.Context, int) error { return l.err }

// The text of a row that a fault of the table stopped keeps its index, reason and remedy.
func TestStoppedRowKeepsItsText(t *testing.T) {
	t.Parallel()
	name := strings.Repeat("t", 255)
	db := dynamodesttest.NewTable(name, "id:S")
	dest := newDest(t, dynamodest.Config{Region: "us-gov-west-1", Table: name, Client: db, Concurrency: 1})
	db.FailWrites(dynamodesttest.Answer(403, "text/html", "<html>"))
	res, err := dest.Write(t.Context(), numbered(100))
	require.ErrorIs(t, err, dynamodest.ErrAccess)
	last := res.Rows[99].Err
	require.ErrorIs(t, last, dynamodest.ErrStopped)
	assert.LessOrEqual(t, len(last.Error()), 600)
	assert.True(t, strings.HasPrefix(last.Error(), "row 99: stopped"), last.Error())
	assert.True(t, strings.HasSuffix(last.Error(), "; remedy: "+dynamodest.ErrStopped.Remedy()), last.Error())
}

// nilError is an error whose nil pointer must not be asked what it wraps.
type nilError struct{ inner error }

func (e *nilError) Error() string { return "nil" }
func (e *nilError) Unwrap() error { return e.inner }

// A typed nil as an error stops the call like any other error: nothing of the library's own goroutines
// walks a chain that is the caller's.
func TestTypedNilStopsTheCall(t *testing.T) {
	t.Parallel()
	var none *nilError
	db := dynamodesttest.NewTable(table, "id:S")
	for name, call := range map[string]func() error{
		"Limiter": func() error {
			_, err := newDest(t, dynamodest.Config{Table: table, Client: db, Limiter: failingLimiter{none}}).Write(t.Context(), numbered(3))
			return err
		},
		"context": func() error {
			ctx, cancel := context.WithCancelCause(t.Context())
			cancel(none)
			_, err := newDest(t, dynamodest.Config{Table: table, Client: db}).Write(ctx, numbered(3))
			return err
		},
		"report": func() error {
			_, err := newDest(t, dynamodest.Config{Table: table, Client: db}).WriteSeq(t.Context(), seq(numbered(3000)),
				func(dynamodest.Row, dynamodest.RowResult) error { return none })
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var writeErr *dynamodest.WriteError
			require.ErrorAs(t, call(), &writeErr)
			assert.Contains(t, fmt.Sprint(writeErr.Stop), "*dynamodest_test.nilError")
		})
	}
}
