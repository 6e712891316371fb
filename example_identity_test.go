package dynamodest_test

import (
	"context"
	"fmt"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// Three machines share the rows of one source, so that all rows of a key go to one machine and the last of
// them wins.
func ExampleDestination_Key() {
	const machines = 3
	dest, err := dynamodest.New(context.Background(), dynamodest.Config{
		Table:  "scores",
		Client: dynamodesttest.NewTable("scores", "customer:N"),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	rows := []dynamodest.Row{
		{"customer": 1, "score": 0.91},
		{"customer": 2, "score": 0.87},
		{"customer": 3, "score": 0.42},
		{"customer": 1.0, "score": 0.93}, // the key of the first row
		{"customer": nil, "score": 0.10},
	}
	// README: shards
	var shards [machines][]dynamodest.Row
	for _, row := range rows {
		key, err := dest.Key(row)
		if err != nil { // any machine: Write reports what is wrong with the row
			shards[0] = append(shards[0], row)
			continue
		}
		shard := key.Shard(machines)
		shards[shard] = append(shards[shard], row)
	}
	// README end
	for machine, share := range shards {
		fmt.Println(machine, share)
	}

	key, _ := dest.Key(rows[0])
	fmt.Printf("%v of %d bytes\n", key, len(key.Bytes()))
	// Output:
	// 0 [map[customer:<nil> score:0.1]]
	// 1 [map[customer:2 score:0.87]]
	// 2 [map[customer:1 score:0.91] map[customer:3 score:0.42] map[customer:1 score:0.93]]
	// [redacted] of 3 bytes
}

// A second sync writes the row that has changed, and is not billed for the others.
func ExampleDestination_Fingerprint() {
	ctx := context.Background()
	dest, err := dynamodest.New(ctx, dynamodest.Config{
		Table:  "scores",
		Client: dynamodesttest.NewTable("scores", "customer:S"),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	identify := func(row dynamodest.Row) (id string, sum [16]byte, ok bool) {
		key, keyErr := dest.Key(row)
		sum, sumErr := dest.Fingerprint(row, "updated_at")
		return string(key.Bytes()), sum, keyErr == nil && sumErr == nil
	}
	stored := map[string][16]byte{} // by key: a file or a table that outlives the process
	sync := func(rows []dynamodest.Row) error {
		var changed []dynamodest.Row
		for _, row := range rows {
			id, sum, ok := identify(row)
			if known, found := stored[id]; ok && found && known == sum {
				continue
			}
			delete(stored, id)             // until it is known what the table holds
			changed = append(changed, row) // a bad row too: Write reports what is wrong with it
		}
		result, err := dest.Write(ctx, changed)
		for i, r := range result.Rows {
			switch id, sum, _ := identify(changed[i]); r.Outcome {
			case dynamodest.Written, dynamodest.Deleted:
				stored[id] = sum
			case dynamodest.Unknown:
				delete(stored, id)
			case dynamodest.NotWritten, dynamodest.Skipped, dynamodest.Superseded:
			}
		}
		fmt.Println(len(rows), "rows,", result.Summary.Written, "written")
		return err
	}

	for _, rows := range [][]dynamodest.Row{
		{{"customer": "c-1", "score": 0.91, "updated_at": "monday"}, {"customer": "c-2", "score": 0.87, "updated_at": "monday"}},
		{{"customer": "c-1", "score": 0.91, "updated_at": "tuesday"}, {"customer": "c-2", "score": 0.88, "updated_at": "tuesday"}},
	} {
		if err := sync(rows); err != nil {
			fmt.Println(err)
		}
	}
	// Output:
	// 2 rows, 2 written
	// 2 rows, 1 written
}
