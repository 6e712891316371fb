package dynamodest

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/internal/item"
	"github.com/dynamodest/dynamodest/internal/itemtest"
	"github.com/dynamodest/dynamodest/internal/schedule"
	"github.com/dynamodest/dynamodest/internal/testsize"
)

// taker is a client whose table takes all there is, after a while.
type taker struct{ after time.Duration }

func (taker) DescribeTable(context.Context, *dynamodb.DescribeTableInput, ...func(*dynamodb.Options)) (*dynamodb.DescribeTableOutput, error) {
	return &dynamodb.DescribeTableOutput{Table: &types.TableDescription{
		TableStatus:          types.TableStatusActive,
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("user_id"), KeyType: types.KeyTypeHash}},
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("user_id"), AttributeType: types.ScalarAttributeTypeS}},
	}}, nil
}

func (c taker) BatchWriteItem(context.Context, *dynamodb.BatchWriteItemInput, ...func(*dynamodb.Options)) (*dynamodb.BatchWriteItemOutput, error) {
	if c.after > 0 {
		time.Sleep(c.after)
	}
	return &dynamodb.BatchWriteItemOutput{}, nil
}

func (c taker) PutItem(context.Context, *dynamodb.PutItemInput, ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	if c.after > 0 {
		time.Sleep(c.after)
	}
	return &dynamodb.PutItemOutput{}, nil
}

// rowNumber is a row of ten columns with a key of its own.
func rowNumber(i int) Row {
	row := itemtest.Row()
	row["user_id"] = fmt.Sprintf("user-%010d", i)
	return row
}

// mostHeap is the most that the library and the rows of its window may take, in MiB, whatever the rows
// are: about Config.WindowBytes, which is an estimate, and what the SDK and net/http take.
const mostHeap = 64 * 3 / 2

// memoryCase is a stream of rows of one kind.
type memoryCase struct {
	name   string
	after  time.Duration // that each answer takes
	rows   int           // in a heavy run
	few    int           // in a plain run, enough to fill the window
	row    func(int) Row
	fields []Field
	full   bool // the window is certainly full of rows
}

// Memory is bounded by the window and not by the number of rows. Rows count
// here too, though they are the source's.
// It is no parallel test, so that the heap is its own.
func TestMemoryIsBounded(t *testing.T) {
	cases := memoryCases()
	if testing.Short() {
		cases = cases[1:2]
	}
	for _, tt := range cases {
		t.Run(tt.name, func(t *testing.T) { tt.test(t, tt.few) })
	}
}

// TestHeavyMemoryIsBounded is TestMemoryIsBounded with more rows.
func TestHeavyMemoryIsBounded(t *testing.T) {
	testsize.Heavy(t)
	for _, tt := range memoryCases() {
		t.Run(tt.name, func(t *testing.T) { tt.test(t, tt.rows) })
	}
}

func memoryCases() []memoryCase {
	rows := testsize.Long(100_000, 50)
	slow := 50 * time.Millisecond
	wide := func(i int) Row {
		row := rowNumber(i)
		row["email"] = strings.Repeat("e", 1800)
		return row
	}
	// column makes rows with the key and one more column.
	column := func(name string, value func() any) func(int) Row {
		return func(i int) Row { return Row{"user_id": fmt.Sprint(i), name: value()} }
	}
	one := func(v any) func() any { return func() any { return v } }
	forced := func(name string, typ Type) []Field { return []Field{{Column: "user_id"}, {Column: name, Type: typ}} }
	unmapped := func(i int) Row {
		return Row{"user_id": fmt.Sprint(i), "text": strings.Repeat("x", 16<<10), "raw": map[string]any{"pages": []any{make([]byte, 16<<10)}}}
	}
	numbers := "[" + strings.Repeat("1,", 50_000) + "1]" // 100 KB, of which the item's nodes take 3 MB
	padded := json.RawMessage("{" + strings.Repeat(" ", 256<<10) + "}")
	type fifty struct {
		A, B, C, D, E, F, G, H, I, J, K, L, M, N, O, P, Q, R, S, T, U, V, W, X, Y string `json:",omitempty"`
	}
	type named string
	sparse := make([]fifty, 500)
	columns, letters := make([]string, 300), make([]string, 600)
	for i := range columns {
		columns[i] = fmt.Sprint("column-", i)
	}
	for i := range letters {
		letters[i] = string(rune(0x1000 + i))
	}
	number := func() string { return strings.Repeat("0", 32<<10) + "1" }
	return []memoryCase{
		{"answers at once", 0, rows, 10_000, rowNumber, nil, false},
		{"slow answers", slow, rows, 18_000, rowNumber, nil, true},
		{"slow answers and rows of 2 KB", slow, rows / 5, 12_000, wide, nil, false},
		{"slow answers and long lists", slow, 100, 24, column("list", one(numbers)), forced("list", List), false},
		{"slow answers and rows larger than their items", slow, 2000, 300, column("doc", func() any { return slices.Clone(padded) }), nil, false},
		{"slow answers and structs of which little is written", slow, 400, 300, column("list", one(sparse)), forced("list", List), false},
		{"slow answers and many columns", slow, 5000, 1500, func(i int) Row {
			row := Row{"user_id": fmt.Sprint(i)}
			for c := range 300 {
				row[columns[c]] = c
			}
			return row
		}, nil, false},
		{"slow answers and sets", slow, 5000, 2000, column("set", one(letters)), forced("set", StringSet), false},
		{"slow answers and long texts of short numbers", slow, 5000, 2400, column("n", func() any { return number() }), forced("n", Number), false},
		{"slow answers and long texts of short numbers in lists", slow, 5000, 1500, func(i int) Row {
			text := named(number())
			return Row{"user_id": fmt.Sprint(i), "n": text, "list": []any{json.Number(text)}}
		}, []Field{{Column: "user_id"}, {Column: "n", Type: Number}, {Column: "list", Type: List}}, false},
		{"slow answers and sets of equal members", slow, 5000, 900, column("set", func() any {
			return []string{strings.Repeat("a", 16<<10), strings.Repeat("a", 16<<10)}
		}), forced("set", StringSet), false},
		{"slow answers and a column mapped twice beside one that is not", slow, 5000, 2600, unmapped,
			[]Field{{Column: "user_id"}, {Column: "user_id", Attribute: "copy"}, {Column: "user_id", Attribute: "again"}}, false},
		{"slow answers and columns that are not mapped", slow, 20_000, 2600, unmapped, []Field{{Column: "user_id"}}, false},
	}
}

func (tt memoryCase) test(t *testing.T, rows int) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		dest, err := New(t.Context(), Config{Region: "eu-west-1", Table: "users", Client: taker{tt.after}, Mapping: Mapping{Fields: tt.fields}})
		require.NoError(t, err)
		before := liveHeap()
		taken, held, most := 0, 0, 0.0
		look := func(row int) {
			if row%max(1, rows/20) == 0 {
				most = max(most, liveHeap()-before)
			}
		}
		sum, err := dest.WriteSeq(t.Context(), func(yield func(Row, error) bool) {
			for ; taken < rows; taken++ {
				look(taken)
				if !yield(tt.row(taken), nil) {
					return
				}
			}
		}, func(_ Row, r RowResult) error {
			held = max(held, taken-r.Index)
			look(r.Index)
			return nil
		})
		require.NoError(t, err)
		assert.Equal(t, rows, sum.Written)
		assert.Less(t, most, float64(mostHeap), "MiB of live heap")
		assert.LessOrEqual(t, held, activeRows(defaultConcurrency)+defaultConcurrency*25, "rows that are unsettled, or wait for one of the requests in flight")
		if tt.full {
			assert.Greater(t, held, activeRows(defaultConcurrency)*9/10, "rows in the window")
		}
		t.Logf("%d rows, %d held at most, %.1f MiB of live heap", rows, held, most)
	})
}

// liveHeap is what the heap holds after a collection, in MiB.
func liveHeap() float64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc) / (1 << 20)
}

// The keys that a stream keeps to refuse duplicates take what Config.MaxKeys documents, however long they are.
// It is no parallel test, so that the heap is its own.
func TestMemoryOfKeys(t *testing.T) {
	dest, err := New(t.Context(), Config{Region: "eu-west-1", Table: "users", Client: taker{}, Duplicates: RefuseDuplicates})
	require.NoError(t, err)
	liveHeap() // what other tests have left in a sync.Pool goes with the second collection
	before := liveHeap()
	keys, long := dest.newKeysMet(), strings.Repeat("k", 1000)
	least, most := math.Inf(1), 0.0
	for i := 1; i <= 500_000; i++ { // from 250,000 on the map doubles once
		isNew, full := keys.add(&item.Item{Key: long + strconv.Itoa(i)})
		require.NoError(t, full)
		require.True(t, isNew)
		if i >= 250_000 && i%25_000 == 0 {
			bytes := (liveHeap() - before) * (1 << 20) / float64(i)
			least, most = min(least, bytes), max(most, bytes)
		}
	}
	assert.LessOrEqual(t, most, 39.0, "bytes for each key")
	assert.GreaterOrEqual(t, least, 22.0)
	t.Logf("%.1f to %.1f bytes for each key", least, most)
	runtime.KeepAlive(keys)
}

// A settled row that waits to be reported holds its source row and its result: not its item, and not
// its key, which lies in the item's memory.
func TestSettledRowsReleaseTheirItems(t *testing.T) {
	t.Parallel()
	kept := sourceRow{row: Row{"id": "k"}}
	j := &job{Row: schedule.Row{Key: "k"}, source: kept, item: new(item.Item)}
	j.Payload = j
	r := new(dispatcher)
	r.settle([]*schedule.Row{&j.Row})
	assert.Equal(t, []*job{{source: kept}}, r.settled)
}

// stuckTaker is a taker that never takes one row.
type stuckTaker struct{ taker }

func (stuckTaker) refuses(item map[string]types.AttributeValue) bool {
	return item["user_id"].(*types.AttributeValueMemberS).Value == rowNumber(0)["user_id"]
}

func (c stuckTaker) BatchWriteItem(ctx context.Context, in *dynamodb.BatchWriteItemInput, o ...func(*dynamodb.Options)) (*dynamodb.BatchWriteItemOutput, error) {
	out, err := c.taker.BatchWriteItem(ctx, in, o...)
	for _, put := range in.RequestItems["users"] {
		if c.refuses(put.PutRequest.Item) {
			out.UnprocessedItems = map[string][]types.WriteRequest{"users": {put}}
		}
	}
	return out, err
}

func (c stuckTaker) PutItem(ctx context.Context, in *dynamodb.PutItemInput, o ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	if c.refuses(in.Item) {
		return nil, &types.ProvisionedThroughputExceededException{}
	}
	return c.taker.PutItem(ctx, in, o...)
}

// Settled rows that wait to be reported behind a stuck row take no more than the window, and their
// source rows alone, so that many fit.
func TestMemoryOfRowsThatWaitToBeReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		before, waits := 0.0, 0
		dest, err := New(t.Context(), Config{
			Region: "eu-west-1", Table: "users", Client: stuckTaker{taker{time.Millisecond}}, WindowBytes: 32 << 20,
			Observer: Observer{Wait: func(_ context.Context, w Wait) {
				if w.For == WaitWindow {
					waits++
					time.Sleep(time.Second) // until the rows in flight are settled
					heap := liveHeap() - before
					t.Logf("%d rows wait, %.1f MiB of live heap", w.Rows, heap)
					assert.Greater(t, w.Rows, 6000) // with their items 2000 fill half of the window
					assert.Less(t, heap, float64(mostHeap)/2)
				}
			}},
		})
		require.NoError(t, err)
		before = liveHeap()
		_, err = dest.WriteSeq(t.Context(), func(yield func(Row, error) bool) {
			for i := range 20_000 {
				row := rowNumber(i)
				row["email"] = strings.Repeat("e", 1800)
				if !yield(row, nil) {
					return
				}
			}
		}, func(Row, RowResult) error { return nil })
		require.ErrorIs(t, err, ErrThrottled)
		assert.Equal(t, 1, waits)
	})
}
