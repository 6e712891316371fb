package dynamodest_test

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// The README's first screen. It is compiled and not run, since it writes to
// AWS; [ExampleDestination_Write] runs the same.
func _(ctx context.Context, id, secret string, rows []map[string]any, deadLetter func(dynamodest.Row, error), sendAgain func(dynamodest.Row)) error {
	// README: first screen
	dest, err := dynamodest.New(ctx, dynamodest.Config{
		Region:      "eu-west-1",
		Table:       "customer_scores",
		Credentials: dynamodest.Credentials{AccessKeyID: id, SecretAccessKey: secret},
	})
	if err != nil {
		return err // the settings, the table or the access: err says which
	}
	result, err := dest.Write(ctx, rows) // rows is a []map[string]any
	if err != nil {                      // at least one row is not in the table, or may not be
		for i, r := range result.Rows { // a result for every row, at the row's own index
			var rowErr *dynamodest.RowError
			switch {
			case !errors.As(r.Err, &rowErr): // written, skipped or superseded
			case rowErr.Reason.Permanent(): // the row is at fault: rowErr says which column, and what mends it
				deadLetter(rows[i], rowErr)
			default: // throttled, stopped (err says by what) or no answer: an upsert can be sent again later
				sendAgain(rows[i])
			}
		}
	}
	// README end
	return nil
}

// What to do about a fault that every row met, and about one that a row met.
func _(err error, notify func(string), retryLater func()) {
	// README: reasons
	var tableErr *dynamodest.TableError
	var rowErr *dynamodest.RowError
	switch {
	case errors.As(err, &tableErr): // every row would meet it: it stopped the call
		notify(tableErr.Remedy())
	case errors.Is(err, dynamodest.ErrThrottled): // ErrUnprocessed rows too
		retryLater()
	case errors.As(err, &rowErr): // the first row that failed
		notify(rowErr.Remedy())
	default: // the source, report, the Limiter or the context ended the call: err leads to its error
		notify(err.Error())
	}
	// README end
}

func ExampleDestination_Write() {
	ctx := context.Background()
	dest, err := dynamodest.New(ctx, dynamodest.Config{
		Table:  "customer_scores",
		Client: dynamodesttest.NewTable("customer_scores", "customer:S"),
	})
	if err != nil {
		fmt.Println(err)
		return
	}

	result, err := dest.Write(ctx, []dynamodest.Row{
		{"customer": "c-1", "score": 0.91},
		{"customer": 2, "score": 0.87},
		{"customer": "c-3", "score": 0.42, "note": nil},
	})
	fmt.Println("bad key:", errors.Is(err, dynamodest.ErrKey))
	for _, r := range result.Rows {
		fmt.Println(r.Index, r.Outcome)
		var rowErr *dynamodest.RowError
		if errors.As(r.Err, &rowErr) {
			fmt.Println("  column", rowErr.Column, "-", rowErr.Reason)
		}
	}
	// Output:
	// bad key: true
	// 0 written
	// 1 not written
	//   column customer - bad key
	// 2 written
}

func ExampleDestination_WriteSeq() {
	ctx := context.Background()
	dest, err := dynamodest.New(ctx, dynamodest.Config{
		Table:  "squares",
		Client: dynamodesttest.NewTable("squares", "n:N"),
	})
	if err != nil {
		fmt.Println(err)
		return
	}

	var source iter.Seq2[dynamodest.Row, error] = func(yield func(dynamodest.Row, error) bool) {
		for n := range 10_000 {
			if !yield(dynamodest.Row{"n": n, "square": n * n}, nil) {
				return
			}
		}
	}
	setAside := func(dynamodest.Row, error) {}
	checkpoint := -1
	saveCheckpoint := func(index int) error { checkpoint = index; return nil }

	// README: stream
	summary, err := dest.WriteSeq(ctx, source, func(row dynamodest.Row, r dynamodest.RowResult) error {
		if r.Err != nil { // to be mended, or sent again later: Reason.Permanent tells them apart
			setAside(row, r.Err)
		}
		return saveCheckpoint(r.Index) // rows 0 to r.Index are settled
	})
	// README end
	fmt.Println(summary.Written, "written, checkpoint", checkpoint, "error", err)
	// Output: 10000 written, checkpoint 9999 error <nil>
}

func ExampleDestination_Item() {
	// README: mapping
	mapping := dynamodest.Mapping{
		Fields: []dynamodest.Field{
			{Column: "user_id", Attribute: "pk", Type: dynamodest.String}, // a number in the source, a string key in the table
			{Column: "score"}, // the attribute has the column's name
			{Column: "segments", Type: dynamodest.StringSet}, // from a slice, or from the JSON text of an array
			{Column: "profile", Type: dynamodest.Map},        // an M; without Type, an S that holds JSON
		},
		Null:        dynamodest.OmitNull,  // nil gives no attribute; the default is NULL
		EmptyString: dynamodest.KeepEmpty, // "" stays as it is; the default is NULL
	}
	// README end
	dest, err := dynamodest.New(context.Background(), dynamodest.Config{
		Table:   "users",
		Mapping: mapping,
		Client:  dynamodesttest.NewTable("users", "pk:S"),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	item, err := dest.Item(dynamodest.Row{
		"user_id":  int64(9007199254740993),
		"score":    nil,
		"segments": []string{"new", "eu"},
		"profile":  map[string]any{"city": ""},
		"secret":   "not in the mapping",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(item), "attributes")
	fmt.Println(item["pk"].(*types.AttributeValueMemberS).Value)
	fmt.Println(item["profile"].(*types.AttributeValueMemberM).Value["city"].(*types.AttributeValueMemberS).Value == "")
	// Output:
	// 3 attributes
	// 9007199254740993
	// true
}

// An engine's own test of what it does about rows that come back.
func ExampleDestination_Write_unprocessed() {
	ctx := context.Background()
	// README: testing
	db := dynamodesttest.NewTable("customer_scores", "customer:S")
	db.FailWrites(dynamodesttest.Unprocessed(dynamodesttest.First(1))) // hands back one item of the next request

	dest, err := dynamodest.New(ctx, dynamodest.Config{
		Table:  "customer_scores",
		Client: db,
		Retry:  dynamodest.Retry{MaxAttempts: 1}, // report it at once
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	result, err := dest.Write(ctx, []dynamodest.Row{
		{"customer": "c-1", "score": 0.91},
		{"customer": "c-2", "score": 0.87},
	})
	fmt.Println(errors.Is(err, dynamodest.ErrUnprocessed), result.Summary.Written, result.Summary.NotWritten, db.Len("customer_scores"))
	// README end

	// Output: true 1 1 1
}

func ExampleConfig_Validate() {
	err := dynamodest.Config{Table: "users", Region: "Ireland", Mode: "mirror"}.Validate()
	var configErr *dynamodest.ConfigError
	for _, fault := range err.(interface{ Unwrap() []error }).Unwrap() {
		if errors.As(fault, &configErr) {
			fmt.Println(configErr.Field)
		}
	}
	// Output:
	// Region
	// Credentials.AccessKeyID
	// Credentials.SecretAccessKey
	// Mode
}
