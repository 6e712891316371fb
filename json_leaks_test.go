package dynamodest_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// assertNoRowValue checks that the JSON of what a call returned has a reason, and no value of a row.
func assertNoRowValue(t *testing.T, res dynamodest.Result, err error) {
	t.Helper()
	var stopped *dynamodest.WriteError
	require.ErrorAs(t, err, &stopped)
	for _, value := range []any{res, stopped} {
		text, err := json.Marshal(value)
		require.NoError(t, err)
		assert.NotContains(t, string(text), rowSecret)
		assert.Contains(t, string(text), `"reason":"`)
	}
	for _, r := range res.Rows {
		assert.Equal(t, r.Err == nil, r.Reason() == "", "row %d", r.Index)
	}
}

// The JSON of results has no value of a row, whatever the reason, and quotes no error of the caller's.
func TestJSONOfFailuresHasNoRowValue(t *testing.T) {
	t.Parallel()
	rows := func(bad dynamodest.Row) []dynamodest.Row {
		rows := numbered(3)
		for i := range rows {
			rows[i]["mail"] = rowSecret
		}
		for column, v := range bad {
			rows[1][column] = v
		}
		return rows
	}
	for name, trouble := range troubles {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := dynamodesttest.NewTable(table, "id:S")
			cfg := wireConfig(t, db)
			cfg.Retry.MaxAttempts = 1
			dest := newDest(t, cfg)
			db.SetFault(dynamodesttest.Poison(func(it map[string]types.AttributeValue) bool { return it["poison"] != nil }))
			if trouble.row == nil {
				db.FailWrites(trouble.fault)
			}
			res, err := dest.Write(t.Context(), rows(trouble.row))
			require.ErrorIs(t, err, trouble.reason)
			assertNoRowValue(t, res, err)
		})
	}
	db := dynamodesttest.NewTable(table, "id:S")
	secret := errors.New("row of " + rowSecret)
	for name, call := range map[string]func() (dynamodest.Result, error){
		"value": func() (dynamodest.Result, error) {
			return newDest(t, dynamodest.Config{Table: table, Client: db}).Write(t.Context(), rows(dynamodest.Row{"v": advisingValue{}}))
		},
		"key": func() (dynamodest.Result, error) {
			return newDest(t, dynamodest.Config{Table: table, Client: db}).Write(t.Context(), rows(dynamodest.Row{"id": []string{rowSecret}}))
		},
		"cause of ctx": func() (dynamodest.Result, error) {
			ctx, cancel := context.WithCancelCause(t.Context())
			cancel(secret)
			return newDest(t, dynamodest.Config{Table: table, Client: db}).Write(ctx, rows(nil))
		},
		"Limiter": func() (dynamodest.Result, error) {
			return newDest(t, dynamodest.Config{Table: table, Client: db, Limiter: failingLimiter{secret}}).Write(t.Context(), rows(nil))
		},
		"source": func() (res dynamodest.Result, err error) {
			res.Summary, err = newDest(t, dynamodest.Config{Table: table, Client: db}).WriteSeq(t.Context(), func(yield func(dynamodest.Row, error) bool) {
				if yield(dynamodest.Row{"id": []string{rowSecret}}, nil) {
					yield(nil, secret)
				}
			}, func(_ dynamodest.Row, r dynamodest.RowResult) error {
				res.Rows = append(res.Rows, r)
				return nil
			})
			return res, err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			res, err := call()
			assertNoRowValue(t, res, err)
		})
	}
}
