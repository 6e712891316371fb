// Command decimals writes decimals of another library as numbers, at any depth, by Mapping.Convert.
// It needs no AWS account: the table is in memory.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/shopspring/decimal"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// decimals says that a decimal is a number. Without it a decimal would be text, which is all that its
// methods give. A json.Number becomes an N without loss, and a pointer needs no case of its own.
func decimals(_ string, v any) (any, bool, error) {
	if d, ok := v.(decimal.Decimal); ok {
		return json.Number(d.String()), true, nil
	}
	return nil, false, nil
}

func main() {
	if err := run(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	db := dynamodesttest.NewTable("orders", "id:S")
	dest, err := dynamodest.New(ctx, dynamodest.Config{
		Table:  "orders",
		Client: db, // in production: Region or AWS
		Mapping: dynamodest.Mapping{
			Fields:  []dynamodest.Field{{Column: "id"}, {Column: "total"}, {Column: "lines", Type: dynamodest.Map}},
			Convert: decimals,
		},
	})
	if err != nil {
		return err
	}
	_, err = dest.Write(ctx, []dynamodest.Row{{
		"id":    "o-1",
		"total": decimal.RequireFromString("1234567890.0123456789"),
		"lines": map[string]any{"tax": decimal.RequireFromString("0.19"), "discount": (*decimal.Decimal)(nil)},
	}})
	if err != nil {
		return err
	}
	for _, item := range db.Items("orders") {
		lines := item["lines"].(*types.AttributeValueMemberM).Value
		fmt.Printf("total %s, tax %s, discount %s\n", show(item["total"]), show(lines["tax"]), show(lines["discount"]))
	}
	return nil
}

// show returns the type and the value of a number or a NULL.
func show(v types.AttributeValue) string {
	if n, ok := v.(*types.AttributeValueMemberN); ok {
		return "N " + n.Value
	}
	return "NULL"
}
