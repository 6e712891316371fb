package otel_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// marker is in every value of the rows, and in what a server, a source and a context say of them.
const marker = "MARKER"

// Whatever goes wrong, no signal has a value of a row.
func TestNothingLeaks(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]dynamodesttest.Fault{
		"nothing wrong": {},
		"refused":       dynamodesttest.Error(400, "ValidationException", "The value "+marker+" is not valid"),
		"server error":  dynamodesttest.Error(500, "InternalServerError", "The value "+marker+" broke it"),
		"proxy":         dynamodesttest.Answer(502, "text/html", "<p>"+marker+"</p>"),
		"denied":        dynamodesttest.Error(400, "AccessDeniedException", "User: arn:aws:iam::123456789012:user/u is not authorized"),
		"throttled":     dynamodesttest.Throttled("ThrottlingException", "arn:"+marker, marker),
		"unprocessed":   dynamodesttest.Unprocessed(dynamodesttest.All),
		"reset":         dynamodesttest.Reset(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b, db := newBackend(t), dynamodesttest.NewTable(table, "id:S")
				dest := b.dest(t, db, dynamodest.Config{Retry: dynamodest.Retry{MaxAttempts: 1}})
				db.SetFault(func(c dynamodesttest.Call) dynamodesttest.Fault {
					if c.Op == dynamodest.OpDescribeTable { // carries no row
						return dynamodesttest.Fault{}
					}
					return fault
				})
				_, err := dest.Write(t.Context(), []dynamodest.Row{
					{"id": marker + "-1", "x": marker}, {"id": marker + "-2", "x": []string{marker}},
					{"id": []byte(marker)}, {"id": marker + strings.Repeat("x", 3000)}, {"id": marker, "x": strings.Repeat(marker, 80_000)},
				})
				require.Error(t, err, "three rows cannot be stored")

				ctx, cancel := context.WithCancelCause(t.Context())
				_, err = dest.WriteSeq(ctx, func(yield func(dynamodest.Row, error) bool) {
					yield(dynamodest.Row{"id": marker}, nil)
					time.Sleep(time.Second)
					yield(nil, errors.New("cannot read "+marker))
				}, func(dynamodest.Row, dynamodest.RowResult) error { return nil })
				require.Error(t, err)
				cancel(errors.New("enough of " + marker))
				_, err = dest.Write(ctx, []dynamodest.Row{{"id": marker}})
				require.Error(t, err)

				var metrics metricdata.ResourceMetrics
				require.NoError(t, b.reader.Collect(t.Context(), &metrics))
				allMetrics, err := json.Marshal(metrics)
				require.NoError(t, err)
				allSpans, err := json.Marshal(b.spans.GetSpans())
				require.NoError(t, err)
				assert.Contains(t, string(allMetrics), `"dynamodest.failed_rows"`)
				assert.Contains(t, string(allMetrics), `"bad_key"`)
				assert.Contains(t, string(allSpans), "rows not written")
				for _, all := range []string{string(allMetrics), string(allSpans)} {
					_, after, found := strings.Cut(strings.ToUpper(all), marker)
					assert.False(t, found, after[:min(len(after), 80)])
				}
			})
		})
	}
}
