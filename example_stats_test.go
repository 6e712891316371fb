package dynamodest_test

import (
	"context"
	"fmt"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// The figures of a run page. Any goroutine may ask for them, also while calls run.
func ExampleDestination_Stats() {
	ctx := context.Background()
	dest, err := dynamodest.New(ctx, dynamodest.Config{
		Table: "customer_scores", Client: dynamodesttest.NewTable("customer_scores", "customer:S"),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for batch := range 3 {
		if _, err := dest.Write(ctx, []dynamodest.Row{{"customer": fmt.Sprint("c-", batch)}, {"customer": batch}}); err != nil {
			continue // row 1 of each batch has a number for a key
		}
	}

	// README: stats
	stats := dest.Stats()
	fmt.Printf("%d rows taken, %d written, %d failed\n", stats.Taken, stats.Summary.Written, stats.Summary.NotWritten+stats.Summary.Unknown)
	fmt.Printf("%d requests in flight, held back by %q\n", stats.InFlight, stats.WaitFor)
	// README end

	// Output:
	// 6 rows taken, 3 written, 3 failed
	// 0 requests in flight, held back by ""
}

// Workers that have written parts of one source report one sum.
func ExampleSummary_Add() {
	var sum dynamodest.Summary
	for _, part := range []dynamodest.Summary{
		{Rows: 100, Written: 100, Requests: 4, WriteUnits: 100},
		{Rows: 50, Written: 48, NotWritten: 2, Requests: 2, WriteUnits: 48},
	} {
		sum.Add(part)
	}
	fmt.Println(sum.Rows, "rows,", sum.Written, "written,", sum.NotWritten, "not written,", sum.Requests, "requests")
	// Output: 150 rows, 148 written, 2 not written, 6 requests
}

// Two observers of one Destination: one logs calls, the other counts requests.
func ExampleObservers() {
	logger := dynamodest.Observer{
		CallDone: func(_ context.Context, r dynamodest.CallResult) {
			fmt.Println(r.Call.Op, r.Call.ID, "to", r.Call.Table, "wrote", r.Summary.Written, "rows")
		},
	}
	requests := map[string]int{}
	meter := dynamodest.Observer{
		RequestDone: func(_ context.Context, r dynamodest.Response) { requests[r.Request.Op]++ }, // one at a time here
	}
	ctx := context.Background()
	dest, err := dynamodest.New(ctx, dynamodest.Config{
		Table: "customer_scores", Client: dynamodesttest.NewTable("customer_scores", "customer:S"),
		Observer: dynamodest.Observers(logger, meter),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = dest.Write(ctx, []dynamodest.Row{{"customer": "c-1"}, {"customer": "c-2"}})
	fmt.Println(requests, err)
	// Output:
	// Write 1 to customer_scores wrote 2 rows
	// map[BatchWriteItem:1 DescribeTable:1] <nil>
}
