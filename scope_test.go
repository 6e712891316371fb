package dynamodest_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// The scope of a row that failed says what to do with it, also if the call was stopped before the row was sent.
func TestScopesOfRows(t *testing.T) {
	t.Parallel()
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for name, tt := range map[string]struct {
		ctx   context.Context
		fault dynamodesttest.Fault
		want  map[dynamodest.Scope]int
	}{
		"bad rows only":   {t.Context(), dynamodesttest.Fault{}, map[dynamodest.Scope]int{dynamodest.ScopeRow: 1}},
		"unprocessed":     {t.Context(), dynamodesttest.Unprocessed(dynamodesttest.All), map[dynamodest.Scope]int{dynamodest.ScopeRow: 1, dynamodest.ScopePassing: 60}},
		"throttled":       {t.Context(), dynamodesttest.Throttled("ThrottlingException", ""), map[dynamodest.Scope]int{dynamodest.ScopeRow: 1, dynamodest.ScopePassing: 60}},
		"outage":          {t.Context(), dynamodesttest.Reset(), map[dynamodest.Scope]int{dynamodest.ScopeRow: 1, dynamodest.ScopePassing: 60}},
		"access denied":   {t.Context(), dynamodesttest.Error(400, "AccessDeniedException", ""), map[dynamodest.Scope]int{dynamodest.ScopeRow: 1, dynamodest.ScopeCall: 60}},
		"context was out": {ended, dynamodesttest.Fault{}, map[dynamodest.Scope]int{dynamodest.ScopePassing: 61}},
	} {
		testInBubble(t, name, func(t *testing.T) {
			db := dynamodesttest.NewTable(table, "id:S")
			dest := newDest(t, dynamodest.Config{
				Table: table, Client: db, Concurrency: 1,
				Retry: dynamodest.Retry{MaxAttempts: 1, MinDelay: time.Millisecond, MaxDelay: time.Millisecond},
			})
			db.SetFault(func(dynamodesttest.Call) dynamodesttest.Fault { return tt.fault })
			res, err := dest.Write(tt.ctx, append([]dynamodest.Row{{"id": 1}}, numbered(60)...))
			require.Error(t, err)
			got := map[dynamodest.Scope]int{}
			for _, r := range res.Rows {
				var rowErr *dynamodest.RowError
				if errors.As(r.Err, &rowErr) {
					got[rowErr.Scope()]++
				}
			}
			assert.Equal(t, tt.want, got)
		})
	}
}
