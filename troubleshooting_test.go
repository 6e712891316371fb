package dynamodest_test

import (
	"context"
	"math"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// remedied is an error that says how to fix it.
type remedied interface {
	error
	Remedy() string
}

// troubles are the rows of the README's table, each met by a call: what goes
// wrong, and what the remedy must speak of.
var troubles = map[string]struct {
	reason dynamodest.Reason
	stops  bool // it is every row's, and a TableError
	fault  dynamodesttest.Fault
	row    dynamodest.Row // instead of a good one
	remedy []string
}{
	"ErrAccess": {dynamodest.ErrAccess, true, dynamodesttest.Error(400, "AccessDeniedException", "User is not authorized"), nil,
		[]string{"dynamodb:BatchWriteItem", "dynamodb:PutItem", "dynamodb:DescribeTable", "arn:aws:dynamodb:us-east-1:123456789012:table/rows", "us-east-1"}},
	"ErrCredentials": {dynamodest.ErrCredentials, true, dynamodesttest.Error(400, "UnrecognizedClientException", ""), nil,
		[]string{"access key id", "secret access key", "session token", "clock"}},
	"ErrNoTable": {dynamodest.ErrNoTable, true, dynamodesttest.Error(400, "ResourceNotFoundException", ""), nil,
		[]string{"spelling", "upper and lower case", "us-east-1"}},
	"ErrThrottled": {dynamodest.ErrThrottled, false, dynamodesttest.Error(400, "ProvisionedThroughputExceededException", ""), nil,
		[]string{"on-demand", "WCU", "partition keys"}},
	"ErrUnprocessed": {dynamodest.ErrUnprocessed, false, dynamodesttest.Unprocessed(dynamodesttest.All), nil,
		[]string{"capacity", "on-demand", "sync less often"}},
	"ErrUnavailable": {dynamodest.ErrUnavailable, false, dynamodesttest.Error(500, "InternalServerError", ""), nil,
		[]string{"try again", "Health Dashboard"}},
	"ErrKey": {dynamodest.ErrKey, false, dynamodesttest.Fault{}, dynamodest.Row{"id": 5},
		[]string{"Type"}},
	"ErrMapping": {dynamodest.ErrMapping, false, dynamodesttest.Fault{}, dynamodest.Row{"id": "a", "score": math.NaN()},
		[]string{"nil or a number"}},
	"ErrTooLarge": {dynamodest.ErrTooLarge, false, dynamodesttest.Fault{}, dynamodest.Row{"id": "a", "essay": strings.Repeat("x", 409_600)},
		[]string{"largest attribute", "S3"}},
	"ErrRefused": {dynamodest.ErrRefused, false, dynamodesttest.Fault{}, dynamodest.Row{"id": "a", "poison": true},
		[]string{"key schema"}},
}

// otherTroubles are those rows of the table that need more than a fault.
var otherTroubles = map[string]struct {
	reason dynamodest.Reason
	remedy string
	meet   func(*testing.T) error
}{
	"ErrTableStatus": {dynamodest.ErrTableStatus, "wait until it is ACTIVE", func(t *testing.T) error {
		db := dynamodesttest.NewTable(table, "id:S")
		db.SetStatus(table, types.TableStatusCreating)
		_, err := dynamodest.New(t.Context(), dynamodest.Config{Table: table, Client: db})
		return err
	}},
	"ErrConfig": {dynamodest.ErrConfig, "create a new Destination", func(t *testing.T) error {
		db := dynamodesttest.NewTable(table, "id:S")
		dest := newDest(t, dynamodest.Config{Table: table, Client: db})
		_, err := db.DeleteTable(t.Context(), &dynamodb.DeleteTableInput{TableName: aws.String(table)})
		require.NoError(t, err)
		db.AddTable(table, "key:N")
		return dest.Check(t.Context())
	}},
	"ErrStopped": {dynamodest.ErrStopped, "fix what stopped the call", func(t *testing.T) error {
		dest := newDest(t, dynamodest.Config{Table: table, Client: dynamodesttest.NewTable(table, "id:S")})
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := dest.Write(ctx, numbered(1))
		return err
	}},
	"ErrExists": {dynamodest.ErrExists, `write with OnExisting "skip" or "overwrite"`, func(t *testing.T) error {
		dest := newDest(t, dynamodest.Config{Table: table, Client: dynamodesttest.NewTable(table, "id:S"), Mode: dynamodest.Insert, OnExisting: dynamodest.Fail})
		_, err := dest.Write(t.Context(), append(numbered(1), numbered(1)...))
		return err
	}},
}

func TestTroubleshootingTable(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	rows := regexp.MustCompile("(?m)^\\| `(Err\\w+)` \\|").FindAllSubmatch(readme, -1)
	require.Len(t, rows, len(troubles)+len(otherTroubles))
	for _, match := range rows {
		name := string(match[1])
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			trouble, ok := troubles[name]
			if !ok {
				other := otherTroubles[name]
				require.NotNil(t, other.meet, "a row of the table without a test")
				err := other.meet(t)
				require.ErrorIs(t, err, other.reason)
				var found remedied
				require.ErrorAs(t, err, &found)
				assert.Contains(t, found.Remedy(), other.remedy)
				assert.Contains(t, found.Error(), found.Remedy())
				return
			}
			db := dynamodesttest.NewTable(table, "id:S")
			cfg := wireConfig(t, db)
			cfg.Retry.MaxAttempts = 1
			dest := newDest(t, cfg)
			db.SetFault(dynamodesttest.Poison(func(it map[string]types.AttributeValue) bool { return it["poison"] != nil }))
			rows := numbered(3)
			if trouble.row != nil {
				rows[1] = trouble.row
			} else {
				db.FailWrites(trouble.fault)
			}
			res, err := dest.Write(t.Context(), rows)
			require.ErrorIs(t, err, trouble.reason)
			require.ErrorIs(t, res.Rows[1].Err, trouble.reason)
			var found remedied
			if trouble.stops {
				var stop *dynamodest.TableError
				require.ErrorAs(t, err, &stop)
				found = stop
			} else {
				var row *dynamodest.RowError
				require.ErrorAs(t, err, &row)
				found = row
			}
			for _, want := range trouble.remedy {
				assert.Contains(t, found.Remedy(), want)
			}
			assert.Contains(t, found.Error(), found.Remedy())
			if trouble.row != nil {
				assert.Equal(t, 2, db.Len(table), "the other rows are written")
			}
		})
	}
}
