package dynamodest

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
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

// rowNumber is benchRow with a key of its own.
func rowNumber(i int) Row {
	row := benchRow()
	row["user_id"] = fmt.Sprintf("user-%010d", i)
	return row
}

// Memory is bounded by the window and not by the number of rows. Rows count
// here too, though they are the source's.
// It is no parallel test, so that the heap is its own.
func TestMemoryIsBounded(t *testing.T) {
	rows := 100_000
	if os.Getenv("DYNAMODEST_LONG") == "1" {
		rows = 5_000_000
	}
	const long = 1800
	wide := func(i int) Row {
		row := rowNumber(i)
		row["email"] = strings.Repeat("e", long)
		return row
	}
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
	tests := []struct {
		name   string
		after  time.Duration
		rows   int
		row    func(int) Row
		fields []Field
		most   float64 // MiB
		full   bool    // the window is certainly full of rows
	}{
		{"answers at once", 0, rows, rowNumber, nil, 64, false},
		{"slow answers", 50 * time.Millisecond, rows, rowNumber, nil, 64, true},
		{"slow answers and rows of 2 KB", 50 * time.Millisecond, rows / 5, wide, nil, 64, false},
		{"slow answers and long lists", 50 * time.Millisecond, 100, func(i int) Row {
			return Row{"user_id": fmt.Sprint(i), "list": numbers}
		}, []Field{{Column: "user_id"}, {Column: "list", Type: List}}, 64, false},
		{"slow answers and rows larger than their items", 50 * time.Millisecond, 2000, func(i int) Row {
			return Row{"user_id": fmt.Sprint(i), "doc": slices.Clone(padded)}
		}, nil, 64, false},
		{"slow answers and structs of which little is written", 50 * time.Millisecond, 400, func(i int) Row {
			return Row{"user_id": fmt.Sprint(i), "list": sparse}
		}, []Field{{Column: "user_id"}, {Column: "list", Type: List}}, 64, false},
		{"slow answers and many columns", 50 * time.Millisecond, 5000, func(i int) Row {
			row := Row{"user_id": fmt.Sprint(i)}
			for c := range 300 {
				row[columns[c]] = c
			}
			return row
		}, nil, 64, false},
		{"slow answers and sets", 50 * time.Millisecond, 5000, func(i int) Row {
			return Row{"user_id": fmt.Sprint(i), "set": letters}
		}, []Field{{Column: "user_id"}, {Column: "set", Type: StringSet}}, 64, false},
		{"slow answers and long texts of short numbers", 50 * time.Millisecond, 5000, func(i int) Row {
			return Row{"user_id": fmt.Sprint(i), "n": strings.Repeat("0", 32<<10) + "1"}
		}, []Field{{Column: "user_id"}, {Column: "n", Type: Number}}, 64, false},
		{"slow answers and long texts of short numbers in lists", 50 * time.Millisecond, 5000, func(i int) Row {
			text := named(strings.Repeat("0", 32<<10) + "1")
			return Row{"user_id": fmt.Sprint(i), "n": text, "list": []any{json.Number(text)}}
		}, []Field{{Column: "user_id"}, {Column: "n", Type: Number}, {Column: "list", Type: List}}, 64, false},
		{"slow answers and sets of equal members", 50 * time.Millisecond, 5000, func(i int) Row {
			return Row{"user_id": fmt.Sprint(i), "set": []string{strings.Repeat("a", 16<<10), strings.Repeat("a", 16<<10)}}
		}, []Field{{Column: "user_id"}, {Column: "set", Type: StringSet}}, 64, false},
		{"slow answers and a column mapped twice beside one that is not", 50 * time.Millisecond, 5000, unmapped,
			[]Field{{Column: "user_id"}, {Column: "user_id", Attribute: "copy"}, {Column: "user_id", Attribute: "again"}}, 64, false},
		{"slow answers and columns that are not mapped", 50 * time.Millisecond, 20_000, unmapped, []Field{{Column: "user_id"}}, 64, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				dest, err := New(t.Context(), Config{Region: "eu-west-1", Table: "users", Client: taker{tt.after}, Mapping: Mapping{Fields: tt.fields}})
				require.NoError(t, err)
				before := liveHeap()
				taken, held, most := 0, 0, 0.0
				look := func(row int) {
					if row%(tt.rows/20) == 0 {
						most = max(most, liveHeap()-before)
					}
				}
				sum, err := dest.WriteSeq(t.Context(), func(yield func(Row, error) bool) {
					for ; taken < tt.rows; taken++ {
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
				assert.Equal(t, tt.rows, sum.Written)
				assert.Less(t, most, tt.most, "MiB of live heap")
				assert.LessOrEqual(t, held, windowRows)
				if tt.full {
					assert.Greater(t, held, windowRows*9/10, "rows in the window")
				}
				t.Logf("%d rows, %d held at most, %.1f MiB of live heap", tt.rows, held, most)
			})
		})
	}
}

// liveHeap is what the heap holds after a collection, in MiB.
func liveHeap() float64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc) / (1 << 20)
}
