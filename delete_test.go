package dynamodest_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// deleting is a Config whose column "gone" says which rows are deletes.
func deleting(client dynamodest.Client) dynamodest.Config {
	return dynamodest.Config{Table: table, Client: client, Delete: "gone"}
}

func TestDeletes(t *testing.T) {
	t.Parallel()
	db := dynamodesttest.NewTable(table, "id:S")
	cfg := wireConfig(t, db)
	cfg.Delete = "gone"
	dest := newDest(t, cfg)
	_, err := dest.Write(t.Context(), numbered(60))
	require.NoError(t, err)

	var rows []dynamodest.Row
	for i := range 60 {
		rows = append(rows, dynamodest.Row{"id": fmt.Sprintf("r-%05d", i), "row": 100 + i, "gone": i%2 == 0})
	}
	rows = append(rows, dynamodest.Row{"id": "never there", "gone": "true"}, dynamodest.Row{"id": "new", "gone": nil},
		dynamodest.Row{"id": "bad", "gone": "perhaps"}, dynamodest.Row{"gone": true})
	res, err := dest.Write(t.Context(), rows)
	require.ErrorIs(t, err, dynamodest.ErrMapping)
	require.ErrorIs(t, err, dynamodest.ErrKey)
	assert.Equal(t, map[dynamodest.Outcome]int{dynamodest.Written: 31, dynamodest.Deleted: 31, dynamodest.NotWritten: 2}, outcomes(res.Rows))
	assert.Equal(t, 31, res.Summary.Deleted)
	assert.Equal(t, 31, res.Summary.Written)
	assert.Len(t, res.Rows, res.Summary.Rows)
	for i, r := range res.Rows[:62] {
		require.NoError(t, r.Err, i)
		assert.Equal(t, 1, r.Attempts)
	}
	assert.Equal(t, "deleted", res.Rows[0].Outcome.String())
	assert.Equal(t, 31, db.Len(table))
	for _, item := range db.Items(table) {
		assert.NotContains(t, item, "gone", "the column is not mapped")
		assert.NotContains(t, item, "bad")
	}
	assert.InDelta(t, 62, res.Summary.WriteUnits, 0, "a delete costs the units of the item, and one at least")
	assert.NotContains(t, db.Actions(), "DeleteItem")
}

// A delete that is alone goes by BatchWriteItem, so that the policy needs no further action.
func TestLoneDelete(t *testing.T) {
	t.Parallel()
	db := dynamodesttest.NewTable(table, "id:S")
	var ops []string
	cfg := deleting(db)
	cfg.Observer.RequestDone = func(_ context.Context, r dynamodest.Response) {
		if r.Request.Rows > 0 {
			ops = append(ops, r.Request.Op)
		}
	}
	dest := newDest(t, cfg)
	for _, gone := range []bool{false, true} {
		res, err := dest.Write(t.Context(), []dynamodest.Row{{"id": "a", "gone": gone}})
		require.NoError(t, err)
		assert.Equal(t, 1, res.Summary.Written+res.Summary.Deleted)
	}
	assert.Equal(t, []string{"PutItem", "BatchWriteItem"}, ops)
	assert.Zero(t, db.Len(table))
}

// Within a call the last row of a key wins, whether it is a put or a delete.
func TestDeletesKeepTheOrder(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		gone    []bool
		fault   dynamodesttest.Fault
		outcome dynamodest.Outcome
		left    int
	}{
		"delete last":               {[]bool{false, true}, dynamodesttest.Fault{}, dynamodest.Deleted, 0},
		"put last":                  {[]bool{true, false}, dynamodesttest.Fault{}, dynamodest.Written, 1},
		"delete last, handed back":  {[]bool{false, true}, dynamodesttest.Unprocessed(dynamodesttest.All), dynamodest.Deleted, 0},
		"put last, answer lost":     {[]bool{true, false}, dynamodesttest.Reset().AfterWrite(), dynamodest.Written, 1},
		"deletes, answer lost":      {[]bool{true, true}, dynamodesttest.Reset().AfterWrite(), dynamodest.Deleted, 0},
		"many, throttled":           {[]bool{true, false, true, false, true}, dynamodesttest.Throttled("ThrottlingException", ""), dynamodest.Deleted, 0},
		"many, a put at the end":    {[]bool{true, false, true, false}, dynamodesttest.Fault{}, dynamodest.Written, 1},
		"many deletes of one place": {[]bool{true, true, true}, dynamodesttest.Fault{}, dynamodest.Deleted, 0},
	} {
		testInBubble(t, name, func(t *testing.T) {
			db := dynamodesttest.NewTable(table, "id:S")
			dest := newDest(t, deleting(db))
			_, err := dest.Write(t.Context(), []dynamodest.Row{{"id": "a", "row": -1}})
			require.NoError(t, err)
			db.FailWrites(tt.fault)
			var rows []dynamodest.Row
			for i, gone := range tt.gone {
				rows = append(rows, dynamodest.Row{"id": "a", "row": i, "gone": gone}, dynamodest.Row{"id": show(i)})
			}
			res, err := dest.Write(t.Context(), rows)
			require.NoError(t, err)
			last := len(rows) - 2
			for i, r := range res.Rows {
				switch {
				case i%2 == 1:
					assert.Equal(t, dynamodest.Written, r.Outcome)
				case i == last:
					assert.Equal(t, tt.outcome, r.Outcome)
				default:
					assert.Equal(t, dynamodest.Superseded, r.Outcome)
					assert.Equal(t, last, r.By)
				}
			}
			assert.Equal(t, len(tt.gone)+tt.left, db.Len(table))
		})
	}
}

// A delete that DynamoDB refuses costs itself alone.
func TestRefusedDelete(t *testing.T) {
	t.Parallel()
	db := dynamodesttest.NewTable(table, "id:S")
	dest := newDest(t, deleting(db))
	rows := numbered(30)
	for i := range 30 {
		rows[i]["gone"] = i%3 == 0
	}
	db.SetFault(dynamodesttest.Poison(func(item map[string]types.AttributeValue) bool {
		id, _ := item["id"].(*types.AttributeValueMemberS)
		return id != nil && id.Value == "r-00009"
	}))
	res, err := dest.Write(t.Context(), rows)
	require.ErrorIs(t, err, dynamodest.ErrRefused)
	assert.Equal(t, map[dynamodest.Outcome]int{dynamodest.Written: 20, dynamodest.Deleted: 9, dynamodest.NotWritten: 1}, outcomes(res.Rows))
	assert.Equal(t, dynamodest.NotWritten, res.Rows[9].Outcome)
}

// A Limiter is asked for one unit for a delete, whose item may cost more.
func TestDeletesAskTheLimiterForOneUnit(t *testing.T) {
	t.Parallel()
	db := dynamodesttest.NewTable(table, "id:S")
	asked := 0
	cfg := deleting(db)
	cfg.Limiter = waitFunc(func(_ context.Context, n int) error {
		asked += n
		return nil
	})
	dest := newDest(t, cfg)
	_, err := dest.Write(t.Context(), []dynamodest.Row{{"id": "a", "text": string(make([]byte, 5000))}})
	require.NoError(t, err)
	assert.Equal(t, 5, asked)
	res, err := dest.Write(t.Context(), []dynamodest.Row{{"id": "a", "gone": 1}})
	require.NoError(t, err)
	assert.Equal(t, 6, asked)
	assert.InDelta(t, 5, res.Summary.WriteUnits, 0, "as DynamoDB reports it")
}

func TestDeletesNeedTheTablesKey(t *testing.T) {
	t.Parallel()
	_, err := dynamodest.New(t.Context(), deleting(fake{}))
	var fault *dynamodest.ConfigError
	require.ErrorAs(t, err, &fault)
	assert.Equal(t, "Delete", fault.Field)

	cfg := deleting(dynamodesttest.NewTable(table, "gone:S"))
	_, err = dynamodest.New(t.Context(), cfg)
	require.ErrorAs(t, err, &fault)
	assert.Equal(t, `Delete: this column gives the table's partition key "gone" (S): name a column of its own`, fault.Error())
	cfg = deleting(dynamodesttest.NewTable(table, "id:S"))
	cfg.Mapping.Fields = []dynamodest.Field{{Column: "gone", Attribute: "flag"}, {Column: "gone", Attribute: "id", Type: dynamodest.String}}
	_, err = dynamodest.New(t.Context(), cfg)
	require.ErrorAs(t, err, &fault)
	assert.Equal(t, `Delete: this column gives the table's partition key "id" (S): name a column of its own`, fault.Error())
}

// The column of deletes counts among the columns that no row had: a wrong name would put every row.
func TestDeleteColumnThatNoRowHad(t *testing.T) {
	t.Parallel()
	dest := newDest(t, deleting(dynamodesttest.NewTable(table, "id:S")))
	res, err := dest.Write(t.Context(), numbered(3))
	require.NoError(t, err)
	assert.Equal(t, []string{"gone"}, res.Summary.MissingColumns)
	item, err := dest.Item(dynamodest.Row{"id": "a", "more": 1, "gone": true})
	require.NoError(t, err)
	assert.Equal(t, map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: "a"}}, item)
}
