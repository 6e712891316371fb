package dynamodest_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"iter"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// newDest makes a Destination, which must work. With the flag -http the test double is not its client, but the
// server of the client that the library builds.
func newDest(t testing.TB, cfg dynamodest.Config) *dynamodest.Destination {
	t.Helper()
	if db, ok := cfg.Client.(*dynamodesttest.DB); ok && flag.Lookup("http").Value.String() == "true" {
		cfg = overPipes(t, cfg, db, db)
	}
	dest, err := dynamodest.New(t.Context(), cfg)
	require.NoError(t, err)
	return dest
}

// wireConfig is a Config for the client that the library builds, which talks to
// handler over loopback.
func wireConfig(t testing.TB, handler http.Handler) dynamodest.Config {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return dynamodest.Config{
		Region: "us-east-1", Table: table, Endpoint: server.URL,
		Credentials: dynamodest.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret"},
	}
}

// staticKeys provides credentials for a client of the caller's own.
func staticKeys(context.Context) (aws.Credentials, error) {
	return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret"}, nil
}

// testInBubble runs a subtest in virtual time, beside others.
func testInBubble(t *testing.T, name string, test func(*testing.T)) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, test)
	})
}

// numbered makes n rows for a table whose key is id:S. The attribute "row" is
// the row's index.
func numbered(n int) []dynamodest.Row {
	rows := make([]dynamodest.Row, n)
	for i := range rows {
		rows[i] = dynamodest.Row{"id": fmt.Sprintf("r-%05d", i), "row": i}
	}
	return rows
}

// seq is the sequence of rows.
func seq(rows []dynamodest.Row) iter.Seq2[dynamodest.Row, error] {
	return func(yield func(dynamodest.Row, error) bool) {
		for _, row := range rows {
			if !yield(row, nil) {
				return
			}
		}
	}
}

// show writes values out as JSON: equal for those that are deeply equal.
func show(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// outcomes counts the outcomes of results.
func outcomes(results []dynamodest.RowResult) map[dynamodest.Outcome]int {
	counts := map[dynamodest.Outcome]int{}
	for _, r := range results {
		counts[r.Outcome]++
	}
	return counts
}

// assertTrue compares results with the recorded writes: what is reported Written was
// written, and what is reported NotWritten was not. Rows carry their index.
func assertTrue(t *testing.T, db *dynamodesttest.DB, res dynamodest.Result) {
	t.Helper()
	applied := map[int]bool{}
	for _, w := range db.Writes() {
		applied[rowOf(w.Item())] = true
	}
	for i, r := range res.Rows {
		require.Equal(t, i, r.Index)
		switch r.Outcome {
		case dynamodest.Written:
			require.True(t, applied[i], "row %d is reported written", i)
		case dynamodest.NotWritten, dynamodest.Skipped, dynamodest.Deleted:
			require.False(t, applied[i], "row %d is reported %v: %v", i, r.Outcome, r.Err)
		case dynamodest.Superseded, dynamodest.Unknown: // either may be
		}
	}
}

// fake is a client as an engine's unit test would write it by hand: the funcs
// that are nil answer with an empty output.
type fake struct {
	describe func() (*dynamodb.DescribeTableOutput, error)
	batch    func(context.Context, *dynamodb.BatchWriteItemInput) (*dynamodb.BatchWriteItemOutput, error)
	put      func(context.Context, *dynamodb.PutItemInput) (*dynamodb.PutItemOutput, error)
}

func (f fake) DescribeTable(context.Context, *dynamodb.DescribeTableInput, ...func(*dynamodb.Options)) (*dynamodb.DescribeTableOutput, error) {
	if f.describe == nil {
		return &dynamodb.DescribeTableOutput{}, nil
	}
	return f.describe()
}

func (f fake) BatchWriteItem(ctx context.Context, in *dynamodb.BatchWriteItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.BatchWriteItemOutput, error) {
	if f.batch == nil {
		return &dynamodb.BatchWriteItemOutput{}, nil
	}
	return f.batch(ctx, in)
}

func (f fake) PutItem(ctx context.Context, in *dynamodb.PutItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	if f.put == nil {
		return &dynamodb.PutItemOutput{}, nil
	}
	return f.put(ctx, in)
}
