package dynamodest_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/smithy-go"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// What each scope asks for. Look for a *TableError of the call first: its rows need nothing of this.
func ExampleRowError_Scope() {
	ctx := context.Background()
	db := dynamodesttest.NewTable("customer_scores", "customer:S")
	db.FailWrites(dynamodesttest.Unprocessed(dynamodesttest.First(1)))
	dest, err := dynamodest.New(ctx, dynamodest.Config{
		Table: "customer_scores", Client: db,
		Retry: dynamodest.Retry{MaxAttempts: 1}, // so that the first refusal counts
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	result, _ := dest.Write(ctx, []dynamodest.Row{{"customer": "c-1"}, {"customer": 2}, {"customer": "c-3"}})
	for _, r := range result.Rows {
		var rowErr *dynamodest.RowError
		if !errors.As(r.Err, &rowErr) {
			continue
		}
		switch rowErr.Scope() {
		case dynamodest.ScopeRow:
			fmt.Println("row", r.Index, "to the dead letters:", rowErr.Reason)
		case dynamodest.ScopePassing:
			fmt.Println("row", r.Index, "to the queue:", rowErr.Reason)
		case dynamodest.ScopeCall:
			fmt.Println("row", r.Index, "to be read again once the cause is fixed:", rowErr.Reason)
		}
	}
	// Output:
	// row 0 to the queue: unprocessed
	// row 1 to the dead letters: bad key
}

// The advice alone, for a page that shows the text of the error elsewhere.
func ExampleRowError_Remedy() {
	mapper, err := dynamodest.NewMapper(dynamodest.Mapping{}, []dynamodest.KeyAttribute{
		{Name: "customer", Role: dynamodest.PartitionKey, Type: dynamodest.String},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = mapper.Item(dynamodest.Row{"customer": ""})
	var rowErr *dynamodest.RowError
	if errors.As(err, &rowErr) {
		fmt.Println(rowErr.Column+":", rowErr.Remedy())
	}
	// Output: customer: provide a non-empty value for the key in every row
}

// A sync that is denied stops at once, and says what to allow.
func ExampleTableError_Remedy() {
	ctx := context.Background()
	db := dynamodesttest.NewTable("customer_scores", "customer:S")
	dest, err := dynamodest.New(ctx, dynamodest.Config{Table: "customer_scores", Client: db, Region: "us-east-1"})
	if err != nil {
		fmt.Println(err)
		return
	}
	db.FailWrites(dynamodesttest.Error(400, "AccessDeniedException", ""))
	_, err = dest.Write(ctx, []dynamodest.Row{{"customer": "c-1"}, {"customer": "c-2"}})
	var tableErr *dynamodest.TableError
	if errors.As(err, &tableErr) {
		fmt.Println(tableErr.Op+":", tableErr.Reason)
		fmt.Println(tableErr.Remedy())
	}
	// Output:
	// BatchWriteItem: access denied
	// allow dynamodb:BatchWriteItem, dynamodb:PutItem and dynamodb:DescribeTable on arn:aws:dynamodb:us-east-1:123456789012:table/customer_scores, and check that the policy's ARN matches the configured Region (us-east-1), the account and the table (Config.Policy returns the policy); a table encrypted with a key of your own needs kms:Decrypt on that key too
}

// Failed rows by reason, as the labels of a metric.
func ExampleRowResult_Reason() {
	ctx := context.Background()
	dest, err := dynamodest.New(ctx, dynamodest.Config{
		Table: "customer_scores", Client: dynamodesttest.NewTable("customer_scores", "customer:S"),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	failed := map[string]int{}
	result, _ := dest.Write(ctx, []dynamodest.Row{{"customer": "c-1"}, {"customer": 2}, {"customer": nil}, {"customer": "c-4", "score": func() {}}})
	for _, r := range result.Rows {
		if reason := r.Reason(); reason != "" {
			failed[string(reason)]++
		}
	}
	fmt.Println(failed)
	// Output: map[bad_key:2 unmappable_value:1]
}

// Who has to act on a reason, for the routing of alerts.
func ExampleReason_Scope() {
	for _, reason := range []dynamodest.Reason{dynamodest.ErrTooLarge, dynamodest.ErrThrottled, dynamodest.ErrAccess} {
		fmt.Printf("%s (%s): %s\n", string(reason), reason, reason.Scope())
	}
	// Output:
	// item_too_large (item too large): row
	// throttled (throttled): passing
	// access_denied (access denied): call
}

// Whether the row itself is at fault: the short form of a Scope that is ScopeRow.
func ExampleReason_Permanent() {
	fmt.Println(dynamodest.ErrKey.Permanent(), dynamodest.ErrUnprocessed.Permanent())
	// Output: true false
}

// The advice of a run page that shows counts by reason, and no single row.
func ExampleReason_Remedy() {
	fmt.Println(dynamodest.ErrTooLarge.Remedy())
	// Output: an item has at most 400 KB (409,600 bytes), names included: leave out or shorten its largest attribute, or keep that in Amazon S3 and write a link to it
}

// DynamoDB's own message may quote a row, so no text of the library has it. A log that may hold everything reads it
// from the cause.
func ExampleCause() {
	ctx := context.Background()
	db := dynamodesttest.NewTable("customer_scores", "customer:S")
	refused := dynamodesttest.Error(400, "ValidationException", "the score of Ada Lovelace is odd")
	db.SetFault(func(call dynamodesttest.Call) dynamodesttest.Fault {
		if call.Op == "PutItem" {
			return refused
		}
		return dynamodesttest.Fault{}
	})
	dest, err := dynamodest.New(ctx, dynamodest.Config{Table: "customer_scores", Client: db})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = dest.Write(ctx, []dynamodest.Row{{"customer": "c-1", "score": 41}})
	var api smithy.APIError
	if errors.As(dynamodest.Cause(err), &api) {
		fmt.Println(api.ErrorCode()+":", api.ErrorMessage())
	}
	// Output: ValidationException: the score of Ada Lovelace is odd
}
