package dynamodest_test

import (
	"context"
	"fmt"
	"iter"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// What the "preview" button of an engine does.
func ExampleDestination_DryRun() {
	ctx := context.Background()
	db := dynamodesttest.NewTable("customer_scores", "customer:S")
	dest, err := dynamodest.New(ctx, dynamodest.Config{Table: "customer_scores", Client: db})
	if err != nil {
		fmt.Println(err)
		return
	}
	var source iter.Seq2[dynamodest.Row, error] = func(yield func(dynamodest.Row, error) bool) {
		for n := range 1000 {
			if !yield(dynamodest.Row{"customer": fmt.Sprint("c-", n%999), "score": n}, nil) {
				return
			}
		}
		yield(dynamodest.Row{"customer": 1000}, nil)
	}

	// README: dry run
	forecast, err := dest.DryRun(ctx, source, func(_ dynamodest.Row, r dynamodest.RowForecast) error {
		if r.Err != nil {
			fmt.Println("row", r.Index, "would fail")
		}
		return nil // or an error, to stop
	})
	// README end
	if err != nil { // the table, the source or ctx; invalid rows are no error
		fmt.Println(err)
		return
	}
	fmt.Println(forecast.Valid, "rows,", forecast.Invalid, "invalid:", forecast.Reasons)
	fmt.Println(forecast.Duplicates, "duplicate:", forecast.FirstDuplicates)
	fmt.Println("bytes:", forecast.Sizes.Median, "in the middle,", forecast.Sizes.Max, "at most")
	fmt.Println("write units:", forecast.WriteUnits.Total.Least, "to", forecast.WriteUnits.Total.Most)
	fmt.Println("requests:", forecast.Requests.Least, "to", forecast.Requests.Most)
	fmt.Println("time:", forecast.Time.Most, "by", forecast.Time.Bound)
	fmt.Println("written:", db.Len("customer_scores"))
	// Output:
	// row 1000 would fail
	// 1000 rows, 1 invalid: map[bad key:1]
	// 1 duplicate: [{999 0}]
	// bytes: 21 in the middle, 21 at most
	// write units: 999 to 1000
	// requests: 40 to 41
	// time: 250ms by warm_throughput
	// written: 0
}

func ExampleNewMapper() {
	mapper, err := dynamodest.NewMapper(
		dynamodest.Mapping{Fields: []dynamodest.Field{
			{Column: "order"},
			{Column: "valid_until", Attribute: "expires", Type: dynamodest.EpochSeconds},
		}},
		[]dynamodest.KeyAttribute{{Name: "order", Role: dynamodest.PartitionKey, Type: dynamodest.String}},
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	item, err := mapper.Item(dynamodest.Row{"order": "o-1", "valid_until": "2026-01-02T03:04:05Z"})
	fmt.Println(item, err)
	_, err = mapper.Item(dynamodest.Row{"order": 1})
	fmt.Println(err)
	// Output:
	// {"expires":{"N":"1767323045"},"order":{"S":"o-1"}} <nil>
	// row 0: bad key: column "order": Go type int gives N, which the partition key "order" (S) does not take; remedy: provide text, or set Field.Type to "S" for the column (a Mapping with Fields writes only the columns that it lists)
}

func ExampleItem() {
	dest, err := dynamodest.New(context.Background(), dynamodest.Config{
		Table: "customer_scores", Client: dynamodesttest.NewTable("customer_scores", "customer:S"),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	item, err := dest.Item(dynamodest.Row{"customer": "c-1", "score": 0.91, "tags": []string{"a", "b"}, "note": nil})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(dynamodest.Item(item))
	// Output: {"customer":{"S":"c-1"},"note":{"NULL":true},"score":{"N":"0.91"},"tags":{"S":"[\"a\",\"b\"]"}}
}
