package dynamodest_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// The row with the highest version stays in the table, whenever an older one is sent.
func ExampleConfig_version() {
	ctx := context.Background()
	db := dynamodesttest.NewTable("customer_scores", "customer:S")
	dest, err := dynamodest.New(ctx, dynamodest.Config{Table: "customer_scores", Client: db, Version: "updated"})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, row := range []dynamodest.Row{
		{"customer": "c-1", "score": 0.95, "updated": 1767225600},
		{"customer": "c-1", "score": 0.91, "updated": 1767139200}, // from a queue, a day late
	} {
		result, err := dest.Write(ctx, []dynamodest.Row{row})
		fmt.Println(result.Rows[0].Outcome, err)
	}
	fmt.Println("score", db.Item("customer_scores", "c-1")["score"].(*types.AttributeValueMemberN).Value)
	// Output:
	// written <nil>
	// skipped <nil>
	// score 0.95
}

// A source of changes: the column "deleted" says which rows are deletes.
func ExampleConfig_delete() {
	ctx := context.Background()
	db := dynamodesttest.NewTable("customers", "customer:S")
	dest, err := dynamodest.New(ctx, dynamodest.Config{
		Table: "customers", Client: db,
		Delete:  "deleted",
		Mapping: dynamodest.Mapping{Fields: []dynamodest.Field{{Column: "customer"}, {Column: "name"}}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	result, err := dest.Write(ctx, []dynamodest.Row{
		{"customer": "c-1", "name": "Ada"},
		{"customer": "c-2", "name": "Grace", "deleted": false},
		{"customer": "c-1", "deleted": true},
		{"customer": "c-3", "deleted": "perhaps"}, // neither true nor false: never a put
	})
	for _, r := range result.Rows[1:] {
		fmt.Println(r.Index, r.Outcome)
	}
	fmt.Println(db.Len("customers"), "item,", errors.Is(err, dynamodest.ErrMapping))
	// Output:
	// 1 written
	// 2 deleted
	// 3 not written
	// 1 item, true
}

// A join that gives a customer twice is refused, instead of losing one of the two rows.
func ExampleConfig_duplicates() {
	ctx := context.Background()
	dest, err := dynamodest.New(ctx, dynamodest.Config{
		Table: "customer_scores", Client: dynamodesttest.NewTable("customer_scores", "customer:N"),
		Duplicates: dynamodest.RefuseDuplicates,
		MaxKeys:    1_000_000, // of a stream: beyond it the call stops
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	result, err := dest.Write(ctx, []dynamodest.Row{{"customer": 1, "score": 0.91}, {"customer": 2}, {"customer": 1.0, "score": 0.42}})
	for _, r := range result.Rows {
		fmt.Println(r.Index, r.Outcome)
	}
	fmt.Println(errors.Is(err, dynamodest.ErrKey))
	// Output:
	// 0 not written
	// 1 written
	// 2 not written
	// true
}

// Insert that keeps what is there.
func ExampleConfig_onExisting() {
	ctx := context.Background()
	dest, err := dynamodest.New(ctx, dynamodest.Config{
		Table: "signups", Client: dynamodesttest.NewTable("signups", "email:S"),
		Mode: dynamodest.Insert, OnExisting: dynamodest.Skip,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for range 2 {
		result, err := dest.Write(ctx, []dynamodest.Row{{"email": "ada@example.com"}})
		fmt.Println(result.Rows[0].Outcome, err)
	}
	// Output:
	// written <nil>
	// skipped <nil>
}

// A source that acknowledges row by row, such as a queue: no row waits for another. A row that has failed for a passing
// reason is not acknowledged, so it comes again; one that would fail again is first put with the dead letters.
func ExampleConfig_reportAsSettled() {
	ctx := context.Background()
	db := dynamodesttest.NewTable("events", "id:S")
	db.FailWrites(dynamodesttest.Unprocessed(dynamodesttest.First(1))) // the first row is taken later
	dest, err := dynamodest.New(ctx, dynamodest.Config{Table: "events", Client: db, ReportAsSettled: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	source := func(yield func(dynamodest.Row, error) bool) {
		for _, id := range []string{"e-0", "e-1", "e-2"} {
			if !yield(dynamodest.Row{"id": id}, nil) {
				return
			}
		}
	}
	_, err = dest.WriteSeq(ctx, source, func(row dynamodest.Row, r dynamodest.RowResult) error {
		if r.Err == nil {
			fmt.Println("acknowledge", row["id"], "- all before", r.SettledBefore, "are settled")
		}
		return nil
	})
	fmt.Println(err)
	// Output:
	// acknowledge e-1 - all before 0 are settled
	// acknowledge e-2 - all before 0 are settled
	// acknowledge e-0 - all before 3 are settled
	// <nil>
}

// One of hundreds of Destinations in a process, on a table that others use as well.
func ExampleConfig_small() {
	ctx := context.Background()
	db := dynamodesttest.NewTable("customer_scores", "customer:S")
	dest, err := dynamodest.New(ctx, dynamodest.Config{
		Table: "customer_scores", Client: db,
		Concurrency:         4,                     // requests in flight
		WriteUnitsPerSecond: 500,                   // leaves the rest to others
		WindowBytes:         1 << 20,               // memory of a call for rows
		MaxWait:             50 * time.Millisecond, // of a row in a stream, for others to share its request
		Retry:               dynamodest.Retry{MaxAttempts: 5, MinDelay: 100 * time.Millisecond, MaxDelay: time.Second},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	rows := make([]dynamodest.Row, 200)
	for i := range rows {
		rows[i] = dynamodest.Row{"customer": fmt.Sprint("c-", i)}
	}
	result, err := dest.Write(ctx, rows)
	fmt.Println(result.Summary.Written, "written, more than 4 requests at once:", db.MostInFlight() > 4, err)
	// Output: 200 written, more than 4 requests at once: false <nil>
}

// money is an amount of a type that says too little of itself: its Value method would make it a text.
type money struct{ cents int64 }

// Convert writes values of a type that the library does not know.
func ExampleMapping_convert() {
	mapper, err := dynamodest.NewMapper(dynamodest.Mapping{
		Convert: func(_ string, v any) (any, bool, error) {
			amount, ok := v.(money)
			if !ok {
				return nil, false, nil // as if there were no Convert
			}
			return json.Number(fmt.Sprintf("%d.%02d", amount.cents/100, amount.cents%100)), true, nil
		},
	}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(mapper.Item(dynamodest.Row{"order": "o-1", "total": money{1999}, "parts": []money{{999}, {1000}}}))
	// Output: {"order":{"S":"o-1"},"parts":{"S":"[9.99,10.00]"},"total":{"N":"19.99"}} <nil>
}

// Rows of a driver that scans texts into a []byte, and of which one lacks a column.
func ExampleMapping_missing() {
	mapper, err := dynamodest.NewMapper(dynamodest.Mapping{
		Fields: []dynamodest.Field{
			{Column: "customer", Required: true}, // whatever Missing says
			{Column: "note"},
		},
		Bytes:   dynamodest.TextBytes,
		Missing: dynamodest.MissingNull,
	}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(mapper.Item(dynamodest.Row{"customer": []byte("c-1")}))
	_, err = mapper.Item(dynamodest.Row{"note": []byte("hello")})
	fmt.Println(errors.Is(err, dynamodest.ErrMapping))
	// Output:
	// {"customer":{"S":"c-1"},"note":{"NULL":true}} <nil>
	// true
}
