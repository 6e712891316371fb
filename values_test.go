package dynamodest_test

import (
	"database/sql"
	"encoding/json"
	"math/big"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
	"github.com/dynamodest/dynamodest/internal/itemtest"
)

func TestItemFractions(t *testing.T) {
	t.Parallel()
	for v, want := range map[*big.Rat]types.AttributeValue{
		big.NewRat(19, 2): itemtest.N("9.5"), big.NewRat(-1, 1024): itemtest.N("-0.0009765625"), big.NewRat(4, 2): itemtest.N("2"), nil: itemtest.Null(),
	} {
		got, err := itemOf(t, dynamodest.Mapping{}, v)
		require.NoError(t, err)
		assert.Equal(t, want, got)
	}
	_, err := itemOf(t, dynamodest.Mapping{}, big.NewRat(1, 3))
	require.ErrorIs(t, err, dynamodest.ErrMapping)
	assert.ErrorContains(t, err, `column "v"`)
	assert.ErrorContains(t, err, "a fraction that no finite decimal is equal to; remedy: round the fraction in the source")
}

// TestItemForms is the README's table of types that a field forces, for the types that are not types of
// DynamoDB, and of what else becomes a BOOL.
func TestItemForms(t *testing.T) {
	t.Parallel()
	day := time.Date(2026, 3, 4, 5, 6, 7, 891_000_000, time.FixedZone("CET", 3600))
	const text = "2026-03-04T04:06:07.891Z"
	for forced, cases := range map[dynamodest.Type]map[any]types.AttributeValue{ // nil: ErrMapping
		dynamodest.EpochSeconds: {day: itemtest.N("1772597167"), &day: itemtest.N("1772597167"), text: itemtest.N("1772597167"), sql.NullTime{Time: day, Valid: true}: itemtest.N("1772597167"), sql.NullTime{}: itemtest.Null(), 1772597167: nil, "2026-03-04": nil},
		dynamodest.EpochMillis:  {day: itemtest.N("1772597167891"), text: itemtest.N("1772597167891"), nil: itemtest.Null(), "": itemtest.Null(), 1.5: nil},
		dynamodest.SortableTime: {day: itemtest.S("2026-03-04T04:06:07.891000000Z"), text: itemtest.S("2026-03-04T04:06:07.891000000Z"), day.AddDate(8000, 0, 0): nil, true: nil},
		dynamodest.Bool:         {"t": itemtest.Bool(true), "F": itemtest.Bool(false), "1": itemtest.Bool(true), json.Number("1.0"): itemtest.Bool(true), [1]byte{1}: itemtest.Bool(true), "on": nil, 1.5: nil},
	} {
		t.Run(string(forced), func(t *testing.T) {
			t.Parallel()
			m := dynamodest.Mapping{Fields: []dynamodest.Field{{Column: "v", Type: forced}}}
			for v, want := range cases {
				got, err := itemOf(t, m, v)
				if want == nil {
					require.ErrorIs(t, err, dynamodest.ErrMapping, "%T", v)
					var rowErr *dynamodest.RowError
					require.ErrorAs(t, err, &rowErr)
					assert.Equal(t, "v", rowErr.Column)
					assert.NotEqual(t, dynamodest.ErrMapping.Remedy(), rowErr.Remedy())
					continue
				}
				require.NoError(t, err, "%T", v)
				assert.Equal(t, want, got, "%T", v)
			}
			for _, v := range [][]byte{{1}, []byte("true"), []byte("1")} {
				got, err := itemOf(t, m, v)
				if forced != dynamodest.Bool {
					require.ErrorIs(t, err, dynamodest.ErrMapping)
					continue
				}
				require.NoError(t, err)
				assert.Equal(t, itemtest.Bool(true), got)
			}
		})
	}
}

func TestItemBytes(t *testing.T) {
	t.Parallel()
	for _, m := range []dynamodest.Mapping{{}, {Bytes: dynamodest.BinaryBytes}} {
		got, err := itemOf(t, m, []byte("héllo"))
		require.NoError(t, err)
		assert.Equal(t, itemtest.B([]byte("héllo")...), got)
	}
	m := dynamodest.Mapping{Bytes: dynamodest.TextBytes}
	got, err := itemOf(t, m, sql.RawBytes("héllo"))
	require.NoError(t, err)
	assert.Equal(t, itemtest.S("héllo"), got)
	got, err = itemOf(t, m, []byte{0xff})
	require.NoError(t, err)
	assert.Equal(t, itemtest.B(0xff), got)
	got, err = itemOf(t, m, map[string]any{"a": []byte("b")})
	require.NoError(t, err)
	assert.Equal(t, itemtest.S(`{"a":"b"}`), got)
	m.Fields = []dynamodest.Field{{Column: "v", Type: dynamodest.Number}}
	got, err = itemOf(t, m, []byte("12.50"))
	require.NoError(t, err)
	assert.Equal(t, itemtest.N("12.5"), got)
}

// Rows of a MySQL driver, whose text is in bytes, into a table with a key of binary and a key of times:
// the items read back are those that were meant, and the sort key sorts as the times do.
func TestBytesAndTimesOverTheWire(t *testing.T) {
	t.Parallel()
	db := dynamodesttest.NewTable(table, "id:B", "at:S")
	dest := newDest(t, dynamodest.Config{Table: table, Client: db, Mapping: dynamodest.Mapping{
		Bytes: dynamodest.TextBytes,
		Fields: []dynamodest.Field{
			{Column: "id"}, {Column: "at", Type: dynamodest.SortableTime}, {Column: "expires", Type: dynamodest.EpochSeconds}, {Column: "name"}, {Column: "price", Type: dynamodest.Number}, {Column: "active", Type: dynamodest.Bool},
		},
	}})
	start := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	var rows []dynamodest.Row
	for i, after := range []time.Duration{time.Second, 0, 500 * time.Millisecond, time.Nanosecond} {
		at := start.Add(after).In(time.FixedZone("", (i-2)*3600))
		rows = append(rows, dynamodest.Row{"id": []byte("k"), "at": at, "expires": at, "name": []byte("né"), "price": []byte("1.50"), "active": []byte{1}})
	}
	result, err := dest.Write(t.Context(), rows)
	require.NoError(t, err)
	require.Equal(t, len(rows), result.Summary.Written)

	out, err := db.Scan(t.Context(), &dynamodb.ScanInput{TableName: aws.String(table)})
	require.NoError(t, err)
	var texts []string
	for _, item := range out.Items {
		texts = append(texts, item["at"].(*types.AttributeValueMemberS).Value)
		delete(item, "at")
		seconds := item["expires"].(*types.AttributeValueMemberN).Value
		assert.Contains(t, []string{"1772600767", "1772600768"}, seconds)
		delete(item, "expires")
		assert.Equal(t, map[string]types.AttributeValue{"id": itemtest.B('k'), "name": itemtest.S("né"), "price": itemtest.N("1.5"), "active": itemtest.Bool(true)}, item)
	}
	assert.Equal(t, []string{"2026-03-04T05:06:07.000000000Z", "2026-03-04T05:06:07.000000001Z", "2026-03-04T05:06:07.500000000Z", "2026-03-04T05:06:08.000000000Z"}, texts)
}
