package dynamodest_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"os/signal"
	"syscall"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// The README's first screen with access keys. It is compiled and not run, since it asks AWS;
// examples/assumerole has the first screen itself.
func _(ctx context.Context, id, secret string) (*dynamodest.Destination, error) {
	// README: access keys
	dest, err := dynamodest.New(ctx, dynamodest.Config{
		Region:      "eu-west-1",
		Table:       "customer_scores",
		Credentials: dynamodest.Credentials{AccessKeyID: id, SecretAccessKey: secret},
	})
	// README end
	return dest, err
}

// One outcome for each row: a slice of rows is written, and the row that cannot be written says why.
func Example() {
	ctx := context.Background()
	dest, err := dynamodest.New(ctx, dynamodest.Config{
		Table:  "customer_scores",
		Client: dynamodesttest.NewTable("customer_scores", "customer:S"), // for AWS: AWS, or Region and Credentials
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	result, err := dest.Write(ctx, []dynamodest.Row{
		{"customer": "c-1", "score": 0.91, "segments": []string{"new", "eu"}},
		{"customer": "", "score": 0.87},
	})
	fmt.Println(result.Summary.Written, "written;", err)
	// Output: 1 written; 1 of 2 rows not written; bad key: 1 (row 1: bad key: column "customer": the value is empty, but is the table's partition key "customer" (S); remedy: provide a non-empty value for the key in every row)
}

// What to do about the error of a call, before any row is looked at.
func _(err error, stopSync func(cause string), count func(label string, rows int), show func(advice string)) {
	// README: reasons
	var tableErr *dynamodest.TableError
	var writeErr *dynamodest.WriteError
	switch {
	case errors.As(err, &tableErr): // the table, the access or a setting, not a row
		stopSync(tableErr.Remedy())
	case errors.As(err, &writeErr) && writeErr.Stop != nil: // the source, report, the Limiter or the context
		stopSync(writeErr.Stop.Error())
	case writeErr != nil: // only rows failed
		for reason, rows := range writeErr.Reasons {
			count(string(reason), rows) // a stable label, such as "throttled"
			show(reason.Remedy())
		}
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
		for n := range 2000 {
			if !yield(dynamodest.Row{"n": n, "square": n * n}, nil) {
				return
			}
		}
	}
	deadLetter := func(dynamodest.Row, error) {}
	checkpoint := -1
	saveCheckpoint := func(index int) error { checkpoint = index; return nil }

	// README: stream
	complete := true // until a row has to be read again
	summary, err := dest.WriteSeq(ctx, source, func(row dynamodest.Row, r dynamodest.RowResult) error {
		var rowErr *dynamodest.RowError
		switch {
		case !errors.As(r.Err, &rowErr): // written, or skipped or superseded: nothing to do
		case rowErr.Scope() == dynamodest.ScopeRow: // bad data: rowErr says what to fix
			deadLetter(row, rowErr)
		default: // transient, or the call is stopping: the next run begins with this row
			complete = false
		}
		if !complete {
			return nil
		}
		return saveCheckpoint(r.Index) // rows 0 to r.Index need not be read again
	})
	// README end
	fmt.Println(summary.Written, "written, checkpoint", checkpoint, "error", err)
	// Output: 2000 written, checkpoint 1999 error <nil>
}

// scoreRows has the methods of a *sql.Rows that the example needs.
type scoreRows struct {
	customers []string
	next      int
}

func (r *scoreRows) Columns() ([]string, error) { return []string{"customer", "score"}, nil }

func (r *scoreRows) Next() bool { r.next++; return r.next <= len(r.customers) }

func (r *scoreRows) Scan(into ...any) error {
	*into[0].(*any), *into[1].(*any) = r.customers[r.next-1], int64(r.next)
	return nil
}

func (r *scoreRows) Err() error { return nil }

// writeScores writes the rows of a query. With a database, rows is a *sql.Rows.
func writeScores(ctx context.Context, dest *dynamodest.Destination, rows *scoreRows) error {
	// README: columns
	columns, err := rows.Columns() // rows is a *sql.Rows, which its owner closes
	if err != nil {
		return err
	}
	into := make([]any, len(columns))
	source := func(yield func([]any, error) bool) {
		for rows.Next() {
			values := make([]any, len(columns)) // of its own for each row: the call keeps it until the row is reported
			for i := range values {
				into[i] = &values[i]
			}
			if err := rows.Scan(into...); err != nil {
				yield(nil, err) // ends the call; BadRow(err) would go on with the next row
				return
			}
			if !yield(values, nil) {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(nil, err)
		}
	}
	summary, err := dest.WriteColumns(ctx, columns, source, nil) // or report, as for WriteSeq
	// README end
	fmt.Println(summary.Written, "written")
	return err
}

func ExampleDestination_WriteColumns() {
	ctx := context.Background()
	db := dynamodesttest.NewTable("customer_scores", "customer:S")
	dest, err := dynamodest.New(ctx, dynamodest.Config{Table: "customer_scores", Client: db})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := writeScores(ctx, dest, &scoreRows{customers: []string{"c-1", "c-2", "c-3"}}); err != nil {
		fmt.Println(err)
	}
	fmt.Println(db.Len("customer_scores"), "items")
	// Output:
	// 3 written
	// 3 items
}

// A source that ends itself at SIGTERM: no row is read any more, and those in flight settle.
func ExampleDestination_WriteSeq_gracefulStop() {
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
		for n := 0; yield(dynamodest.Row{"n": n}, nil); n++ { // without an end
			if n == 100 {
				terminate()
			}
		}
	}
	reported := 0
	report := func(dynamodest.Row, dynamodest.RowResult) error { reported++; return nil }

	// README: graceful stop
	stopping, cancel := signal.NotifyContext(ctx, syscall.SIGTERM)
	defer cancel()
	untilStopped := func(yield func(dynamodest.Row, error) bool) {
		for row, err := range source {
			if !yield(row, err) || stopping.Err() != nil {
				return
			}
		}
	}
	summary, err := dest.WriteSeq(ctx, untilStopped, report) // with ctx: the end of stopping would abandon requests
	// README end
	fmt.Println("every row taken was written:", summary.Written == reported && reported > 100, err)
	// Output: every row taken was written: true <nil>
}

// terminate sends SIGTERM to this process.
func terminate() {
	process, err := os.FindProcess(os.Getpid())
	if err == nil {
		err = process.Signal(syscall.SIGTERM)
	}
	if err != nil {
		fmt.Println(err)
	}
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
		Null:        dynamodest.OmitNull,  // nil gives no attribute; the default is a NULL
		EmptyString: dynamodest.KeepEmpty, // "" stays an empty S; the default is a NULL
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

// An engine's own test of how it handles unprocessed rows.
func ExampleDestination_Write_unprocessed() {
	ctx := context.Background()
	// README: testing
	db := dynamodesttest.NewTable("customer_scores", "customer:S")
	db.FailWrites(dynamodesttest.Unprocessed(dynamodesttest.First(1))) // returns one item of the next request as unprocessed

	dest, err := dynamodest.New(ctx, dynamodest.Config{
		Table:  "customer_scores",
		Client: db,
		Retry:  dynamodest.Retry{MaxAttempts: 1}, // report the row at once
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
