package dynamodest_test

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// What a settings page offers for the mode, and what it says of the modes that it cannot offer.
func ExampleCapabilities() {
	for _, mode := range dynamodest.Capabilities().Modes {
		switch {
		case mode.Default:
			fmt.Println(mode.Name, "(default)")
		case mode.Supported:
			fmt.Println(mode.Name)
		case mode.Name == "mirror":
			fmt.Println("not", mode.Name+":", mode.Reason)
		}
	}
	// Output:
	// upsert (default)
	// insert
	// not mirror: DynamoDB has no efficient way to replace a whole table, and the rows do not say which others have left the source; an engine that knows can send those as deletes (delete column)
}

// What a dead-letter file or a run page stores of a row that failed: no value of the row is in it.
func ExampleRowResult_MarshalJSON() {
	ctx := context.Background()
	db := dynamodesttest.NewTable("customer_scores", "customer:S")
	dest, err := dynamodest.New(ctx, dynamodest.Config{Table: "customer_scores", Client: db})
	if err != nil {
		fmt.Println(err)
		return
	}
	res, _ := dest.Write(ctx, []dynamodest.Row{{"customer": "c-1", "score": 12}, {"customer": 42, "score": 7}})
	for _, row := range res.Rows {
		if row.Reason() == "" {
			continue
		}
		text, err := json.MarshalIndent(row, "", "  ")
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(string(text))
	}
	// Output:
	// {
	//   "index": 1,
	//   "outcome": "not_written",
	//   "attempts": 0,
	//   "error": {
	//     "index": 1,
	//     "reason": "bad_key",
	//     "column": "customer",
	//     "attribute": "customer",
	//     "text": "row 1: bad key: column \"customer\": Go type int gives N, which the partition key \"customer\" (S) does not take; remedy: provide text, or set Field.Type to \"S\" for the column (a Mapping with Fields writes only the columns that it lists)",
	//     "remedy": "provide text, or set Field.Type to \"S\" for the column (a Mapping with Fields writes only the columns that it lists)",
	//     "scope": "row"
	//   }
	// }
}
