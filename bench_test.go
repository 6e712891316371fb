package dynamodest

import (
	"context"
	"io"
	"iter"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynamodest/dynamodest/dynamodesttest"
	"github.com/dynamodest/dynamodest/internal/itemtest"
	"github.com/dynamodest/dynamodest/internal/transport"
)

// instant is a transport that answers at once, as a table does that takes all
// there is.
type instant struct{}

func (instant) RoundTrip(r *http.Request) (*http.Response, error) {
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		return nil, err
	}
	const consumed = `{"CapacityUnits":25.0,"Table":{"CapacityUnits":25.0},"TableName":"users"}`
	body := `{"ConsumedCapacity":[` + consumed + `],"UnprocessedItems":{}}`
	if strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".PutItem") {
		body = `{"ConsumedCapacity":` + consumed + `}`
	}
	if strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".DescribeTable") {
		body = `{"Table":{"TableStatus":"ACTIVE","KeySchema":[{"AttributeName":"user_id","KeyType":"HASH"}],` +
			`"AttributeDefinitions":[{"AttributeName":"user_id","AttributeType":"S"}]}}`
	}
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{}, Request: r,
		Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
	}, nil
}

func instantClient() *dynamodb.Client {
	return dynamodb.New(dynamodb.Options{
		Region: "eu-west-1", HTTPClient: &http.Client{Transport: instant{}},
		Credentials: aws.NewCredentialsCache(credentials.NewStaticCredentialsProvider("a", "b", "")),
	})
}

// directDest returns a Destination for a table that answers at once, with the client that New builds. With a
// version each row is a request.
func directDest(b *testing.B, version string) *Destination {
	b.Helper()
	transport.ForTests.RoundTripper = instant{}
	defer func() { transport.ForTests.RoundTripper = nil }()
	dest, err := New(b.Context(), Config{
		Region: "eu-west-1", Table: "users", Version: version, Credentials: Credentials{AccessKeyID: "a", SecretAccessKey: "b"},
	})
	if err != nil {
		b.Fatal(err)
	}
	return dest
}

// BenchmarkWrite writes rows of ten columns to tables that answer at once:
// what is measured is the work of this side. The loop is what one would write
// by hand with the SDK alone, one request after the other.
func BenchmarkWrite(b *testing.B) {
	rows := benchRows(100_000)
	write := func(dest *Destination) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := dest.Write(ctx, rows)
			return err
		}
	}
	client := instantClient()
	benchRun(b, "fake", len(rows), write(takerDest(b, taker{})))
	benchRun(b, "direct", len(rows), write(directDest(b, "")))
	benchRun(b, "version", len(rows), write(directDest(b, "visits")))
	benchRun(b, "sdk", len(rows), write(takerDest(b, client)))
	benchRun(b, "sdk loop by hand", len(rows), func(ctx context.Context) error { return writeByHand(ctx, client, rows) })
}

// BenchmarkWriteSeq is BenchmarkWrite for a sequence whose rows are reported.
func BenchmarkWriteSeq(b *testing.B) {
	rows := benchRows(100_000)
	write := func(dest *Destination) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := dest.WriteSeq(ctx, seqOf(rows), func(Row, RowResult) error { return nil })
			return err
		}
	}
	benchRun(b, "fake", len(rows), write(takerDest(b, taker{})))
	benchRun(b, "direct", len(rows), write(directDest(b, "")))
	benchRun(b, "sdk", len(rows), write(takerDest(b, instantClient())))
}

// BenchmarkSmallWrite writes few rows in a call.
func BenchmarkSmallWrite(b *testing.B) {
	dest := takerDest(b, taker{})
	for _, n := range []int{1, 10, 25, 100} {
		rows := benchRows(n)
		benchRun(b, strconv.Itoa(n), n, func(ctx context.Context) error {
			_, err := dest.Write(ctx, rows)
			return err
		})
	}
}

// benchRun runs a benchmark of calls that write so many rows each.
func benchRun(b *testing.B, name string, rows int, call func(context.Context) error) {
	b.Helper()
	b.Run(name, func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := call(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.N*rows)/b.Elapsed().Seconds(), "rows/s")
	})
}

// benchRows are n rows of ten columns with different keys.
func benchRows(n int) []Row {
	rows := make([]Row, n)
	for i := range rows {
		rows[i] = rowNumber(i)
	}
	return rows
}

// seqOf is the sequence of rows.
func seqOf(rows []Row) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		for _, row := range rows {
			if !yield(row, nil) {
				return
			}
		}
	}
}

// takerDest is a Destination for the table that a taker, or an instantClient, has.
func takerDest(tb testing.TB, client Client) *Destination {
	tb.Helper()
	dest, err := New(tb.Context(), Config{Region: "eu-west-1", Table: "users", Client: client})
	if err != nil {
		tb.Fatal(err)
	}
	return dest
}

// BenchmarkKey makes the key of a row of ten columns.
func BenchmarkKey(b *testing.B) {
	for name, key := range map[string][]string{"S": {"user_id:S"}, "S and N": {"user_id:S", "visits:N"}} {
		b.Run(name, func(b *testing.B) {
			dest := benchDest(b, key...)
			row := itemtest.Row()
			b.ReportAllocs()
			for b.Loop() {
				key, err := dest.Key(row)
				if err != nil || key.Shard(16) > 15 {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkFingerprint makes the fingerprint of a row of ten columns.
func BenchmarkFingerprint(b *testing.B) {
	dest := benchDest(b, "user_id:S")
	nested := itemtest.Row()
	nested["segment"] = &types.AttributeValueMemberM{Value: map[string]types.AttributeValue{
		"tags": &types.AttributeValueMemberSS{Value: []string{"c", "a", "b"}}, "rank": &types.AttributeValueMemberN{Value: "7"},
	}}
	for name, row := range map[string]Row{"flat": itemtest.Row(), "nested": nested} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := dest.Fingerprint(row, "created_at"); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// benchDest is a Destination for a table of the given key.
func benchDest(b *testing.B, key ...string) *Destination {
	b.Helper()
	dest, err := New(b.Context(), Config{Table: "users", Client: dynamodesttest.NewTable("users", key...)})
	if err != nil {
		b.Fatal(err)
	}
	return dest
}

// writeByHand is the loop of BenchmarkWrite.
func writeByHand(ctx context.Context, client *dynamodb.Client, rows []Row) error {
	for from := 0; from < len(rows); from += 25 {
		var puts []types.WriteRequest
		for _, row := range rows[from:min(from+25, len(rows))] {
			item, err := itemtest.ByHand(row)
			if err != nil {
				return err
			}
			puts = append(puts, types.WriteRequest{PutRequest: &types.PutRequest{Item: item}})
		}
		for pending := map[string][]types.WriteRequest{"users": puts}; len(pending) > 0; {
			out, err := client.BatchWriteItem(ctx, &dynamodb.BatchWriteItemInput{RequestItems: pending})
			if err != nil {
				return err
			}
			pending = out.UnprocessedItems
		}
	}
	return nil
}
