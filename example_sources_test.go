package dynamodest_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// A source that cannot read one row goes on with the next. The row is NotWritten in its place.
func ExampleBadRow() {
	ctx := context.Background()
	dest, err := dynamodest.New(ctx, dynamodest.Config{Table: "squares", Client: dynamodesttest.NewTable("squares", "n:N")})
	if err != nil {
		fmt.Println(err)
		return
	}
	source := func(yield func(dynamodest.Row, error) bool) {
		for word := range strings.FieldsSeq("1 2 three 4") {
			n, err := strconv.Atoi(word)
			row := dynamodest.Row{"n": n, "square": n * n}
			if err != nil {
				row, err = nil, dynamodest.BadRow(err)
			}
			if !yield(row, err) {
				return
			}
		}
	}
	summary, err := dest.WriteSeq(ctx, source, func(_ dynamodest.Row, r dynamodest.RowResult) error {
		if errors.Is(r.Err, strconv.ErrSyntax) {
			fmt.Println("row", r.Index, "could not be read:", r.Reason())
		}
		return nil
	})
	fmt.Println(summary.Written, "written,", errors.Is(err, dynamodest.ErrMapping))
	// Output:
	// row 2 could not be read: unmappable value
	// 3 written, true
}

// A consumer that must acknowledge its messages yields Pause while it has none: the rows before are then reported. A
// message whose row has failed is not acknowledged, so it comes again.
func ExampleDestination_WriteSeq_pause() {
	ctx := context.Background()
	dest, err := dynamodest.New(ctx, dynamodest.Config{Table: "events", Client: dynamodesttest.NewTable("events", "id:S")})
	if err != nil {
		fmt.Println(err)
		return
	}
	reported, acknowledged := 0, 0
	source := func(yield func(dynamodest.Row, error) bool) {
		for poll := range 3 {
			for message := range 2 { // what the poll returned
				if !yield(dynamodest.Row{"id": fmt.Sprint(poll, "-", message)}, nil) {
					return
				}
			}
			for reported < 2*(poll+1) { // a consumer polls here, and waits for its next messages
				if !yield(nil, dynamodest.Pause) {
					return
				}
			}
			fmt.Println("poll", poll, "- acknowledged", acknowledged)
		}
	}
	_, err = dest.WriteSeq(ctx, source, func(_ dynamodest.Row, r dynamodest.RowResult) error {
		reported++
		if r.Err == nil {
			acknowledged++
		}
		return nil
	})
	fmt.Println(err)
	// Output:
	// poll 0 - acknowledged 2
	// poll 1 - acknowledged 4
	// poll 2 - acknowledged 6
	// <nil>
}

// The mapping alone, as a preview shows it while somebody edits the mapping.
func ExampleMapper_Item() {
	mapper, err := dynamodest.NewMapper(dynamodest.Mapping{Fields: []dynamodest.Field{
		{Column: "user_id", Attribute: "pk", Type: dynamodest.String},
		{Column: "tags", Type: dynamodest.StringSet},
	}}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(mapper.Item(dynamodest.Row{"user_id": 7, "tags": []string{"new", "eu", "new"}, "secret": "not mapped"}))
	// Output: {"pk":{"S":"7"},"tags":{"SS":["new","eu"]}} <nil>
}

// Shards of rows without a table, as a program that only distributes rows needs them.
func ExampleMapper_Key() {
	mapper, err := dynamodest.NewMapper(dynamodest.Mapping{}, []dynamodest.KeyAttribute{
		{Name: "customer", Role: dynamodest.PartitionKey, Type: dynamodest.Number},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	one, _ := mapper.Key(dynamodest.Row{"customer": 1})
	same, _ := mapper.Key(dynamodest.Row{"customer": 1.0})
	_, err = mapper.Key(dynamodest.Row{"customer": "c-1"})
	fmt.Println(one == same, errors.Is(err, dynamodest.ErrKey))
	// Output: true true
}

// exampleKey returns the key of a customer.
func exampleKey(customer int) dynamodest.Key {
	mapper, err := dynamodest.NewMapper(dynamodest.Mapping{}, []dynamodest.KeyAttribute{
		{Name: "customer", Role: dynamodest.PartitionKey, Type: dynamodest.Number},
	})
	if err != nil {
		panic(err)
	}
	key, err := mapper.Key(dynamodest.Row{"customer": customer})
	if err != nil {
		panic(err)
	}
	return key
}

// A store outside the process keeps rows by the bytes of their keys. They hold the key's values, so they may be
// personal data, which a Key that is printed never shows.
func ExampleKey_Bytes() {
	key := exampleKey(4711)
	fmt.Printf("%v %q\n", key, key.Bytes())
	// Output: [redacted] "N\x044711"
}

// A sample of one in a hundred customers, the same ones in every run.
func ExampleKey_Hash() {
	sampled := 0
	for customer := range 10_000 {
		if exampleKey(customer).Hash()%100 == 0 {
			sampled++
		}
	}
	fmt.Println(sampled, "of 10000")
	// Output: 97 of 10000
}

// All rows of a key go to one of four workers, on every machine and in every run.
func ExampleKey_Shard() {
	for customer := 1; customer <= 4; customer++ {
		fmt.Println("customer", customer, "to worker", exampleKey(customer).Shard(4))
	}
	// Output:
	// customer 1 to worker 3
	// customer 2 to worker 1
	// customer 3 to worker 2
	// customer 4 to worker 0
}

// traceKey is the key of a context's value.
type traceKey struct{}

// A span around each request: what RequestStart returns is the context of the request, and of RequestDone.
func ExampleObserver_span() {
	spans := 0
	observer := dynamodest.Observer{
		RequestStart: func(ctx context.Context, _ dynamodest.Request) context.Context {
			spans++ // one request at a time here
			return context.WithValue(ctx, traceKey{}, spans)
		},
		RequestDone: func(ctx context.Context, r dynamodest.Response) {
			fmt.Println("span", ctx.Value(traceKey{}), r.Request.Op, "of", r.Request.Rows, "rows:", r.WriteUnits, "write units")
		},
	}
	ctx := context.Background()
	dest, err := dynamodest.New(ctx, dynamodest.Config{
		Table: "customer_scores", Client: dynamodesttest.NewTable("customer_scores", "customer:S"), Observer: observer,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	if _, err := dest.Write(ctx, []dynamodest.Row{{"customer": "c-1"}, {"customer": "c-2"}}); err != nil {
		fmt.Println(err)
	}
	// Output:
	// span 1 DescribeTable of 0 rows: 0 write units
	// span 2 BatchWriteItem of 2 rows: 2 write units
}
