package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynamodest/dynamodest"
)

// key is the primary key of an item.
type key struct{ network, event string }

// compare reads the table and checks it against the result: the table must hold every written row
// as [dynamodest.Destination.Item] returns it and, if it was empty before, nothing else.
func compare(ctx context.Context, cfg dynamodest.Config, dest *dynamodest.Destination, rows []dynamodest.Row,
	result dynamodest.Result, wasEmpty bool, out io.Writer) error {
	want := map[key]map[string]types.AttributeValue{}
	unknown := map[key]bool{} // items of rows whose outcome is unknown
	for i, r := range result.Rows {
		if r.Outcome != dynamodest.Written && r.Outcome != dynamodest.Unknown {
			continue
		}
		item, err := dest.Item(rows[i])
		if err != nil {
			return err
		}
		want[keyOf(item)] = item // of rows with the same key, the last one counts
		if r.Outcome == dynamodest.Unknown {
			unknown[keyOf(item)] = true
		}
	}
	maps.DeleteFunc(want, func(k key, _ map[string]types.AttributeValue) bool { return unknown[k] })

	items, err := scan(ctx, cfg)
	if err != nil {
		return err
	}
	same, others := 0, 0
	for _, item := range items {
		wanted, ok := want[keyOf(item)]
		switch {
		case ok && equal(item, wanted):
			same++
		case ok:
			return fmt.Errorf("the item of event %v in the table is not the one written", keyOf(item))
		case !unknown[keyOf(item)]:
			others++
		}
	}
	fmt.Fprintf(out, "\nRead back: %d items, %d of them exactly as written, %d others\n", len(items), same, others)
	if same != len(want) || wasEmpty && others > 0 {
		return fmt.Errorf("the table does not hold the %d items that were written and nothing else", len(want))
	}
	return nil
}

func keyOf(item map[string]types.AttributeValue) key {
	return key{text(item["network"]), text(item["event"])}
}

func text(v types.AttributeValue) string {
	if s, ok := v.(*types.AttributeValueMemberS); ok {
		return s.Value
	}
	return ""
}

// equal reports whether two items are equal. The order of a set's members does not matter.
func equal(a, b map[string]types.AttributeValue) bool {
	for _, item := range []map[string]types.AttributeValue{a, b} {
		for _, v := range item {
			if set, ok := v.(*types.AttributeValueMemberSS); ok {
				slices.Sort(set.Value)
			}
		}
	}
	return reflect.DeepEqual(a, b)
}
