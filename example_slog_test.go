package dynamodest_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// README: slog
// slogObserver logs calls that end as Info, requests that fail and waits for a retry as Warn, and the rest as Debug.
func slogObserver(log *slog.Logger) dynamodest.Observer {
	return dynamodest.Observer{
		CallStart: func(ctx context.Context, c dynamodest.Call) context.Context {
			log.DebugContext(ctx, "call begins", "table", c.Table, "region", c.Region, "call", c.ID, "op", c.Op, "rows", c.Rows)
			return ctx
		},
		CallDone: func(ctx context.Context, c dynamodest.CallResult) {
			s := c.Summary
			attrs := []any{"table", c.Call.Table, "region", c.Call.Region, "call", c.Call.ID, "op", c.Call.Op, "elapsed", c.Elapsed,
				"rows", s.Rows, "written", s.Written, "deleted", s.Deleted, "skipped", s.Skipped, "superseded", s.Superseded,
				"not_written", s.NotWritten, "unknown", s.Unknown,
				"requests", s.Requests, "resent", s.Resent, "write_units", s.WriteUnits, "missing_columns", s.MissingColumns}
			if c.Err != nil {
				attrs = append(attrs, "error", c.Err) // quotes no row value
			}
			log.InfoContext(ctx, "call ended", attrs...)
		},
		RequestDone: func(ctx context.Context, r dynamodest.Response) {
			level, attrs := slog.LevelDebug, []any{"table", r.Request.Table, "call", r.Request.Call, "op", r.Request.Op,
				"rows", r.Request.Rows, "elapsed", r.Elapsed, "request_id", r.RequestID, "unprocessed", r.Unprocessed}
			if r.Err != nil {
				attrs = append(attrs, "reason", string(r.Reason), "error", r.Err)
			}
			if r.Err != nil && r.Reason != dynamodest.ErrExists { // that an item has the key is an answer
				level = slog.LevelWarn
			}
			log.Log(ctx, level, "request ended", attrs...)
		},
		Wait: func(ctx context.Context, w dynamodest.Wait) {
			level := slog.LevelDebug
			if w.For == dynamodest.WaitRetry {
				level = slog.LevelWarn
			}
			log.Log(ctx, level, "waiting", "table", w.Table, "call", w.Call, "for", w.For, "rows", w.Rows, "delay", w.Delay)
		},
	}
}

// README end

// A log of what a Destination does, without a dependency. Times are left out here, since they differ from run to run. A
// request that fails and the wait after it may be logged in either order.
func ExampleObserver_slog() {
	log := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			switch a.Key {
			case slog.TimeKey, "elapsed", "delay", "region", "request_id":
				return slog.Attr{}
			}
			return a
		},
	}))
	db := dynamodesttest.NewTable("customer_scores", "customer:S")
	ctx := context.Background()
	dest, err := dynamodest.New(ctx, dynamodest.Config{Table: "customer_scores", Client: db, Observer: slogObserver(log)})
	if err != nil {
		fmt.Println(err)
		return
	}
	db.FailWrites(dynamodesttest.Error(500, "InternalServerError", ""))
	if _, err := dest.Write(ctx, []dynamodest.Row{{"customer": "c-1"}, {"customer": "c-2"}}); err != nil {
		fmt.Println(err)
	}

	// Unordered output:
	// level=WARN msg="request ended" table=customer_scores call=1 op=BatchWriteItem rows=2 unprocessed=0 reason=unavailable error="BatchWriteItem: InternalServerError, HTTP status 500, request ID DYNAMODESTTEST00000000000000000000000000000000000002"
	// level=WARN msg=waiting table=customer_scores call=1 for=retry rows=2
	// level=INFO msg="call ended" table=customer_scores call=1 op=Write rows=2 written=2 deleted=0 skipped=0 superseded=0 not_written=0 unknown=0 requests=2 resent=2 write_units=2 missing_columns=[]
}
