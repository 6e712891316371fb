package serve

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// start serves o at a free port until the end of the test, and returns a client of the SDK.
func start(t *testing.T, o Options) (*Server, *dynamodb.Client) {
	t.Helper()
	o.Addr = "127.0.0.1:0"
	server, err := Listen(t.Context(), o)
	require.NoError(t, err)
	served := make(chan error, 1)
	go func() { served <- server.Serve() }()
	t.Cleanup(func() {
		assert.NoError(t, server.Shutdown(context.Background()))
		assert.NoError(t, <-served)
	})
	return server, dynamodb.New(dynamodb.Options{
		Region: "eu-west-1", BaseEndpoint: &server.URL, Retryer: aws.NopRetryer{},
		Credentials: credentials.NewStaticCredentialsProvider("any", "any", ""),
	})
}

// batch returns puts of n items into a table with the key id:S.
func batch(table string, n int) *dynamodb.BatchWriteItemInput {
	in := &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{}}
	for i := range n {
		in.RequestItems[table] = append(in.RequestItems[table], types.WriteRequest{PutRequest: &types.PutRequest{
			Item: map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: strconv.Itoa(i)}},
		}})
	}
	return in
}

// create makes a table with the key id:S over HTTP.
func create(t *testing.T, client *dynamodb.Client, table string) {
	t.Helper()
	_, err := client.CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName: &table, BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: types.ScalarAttributeTypeS}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: types.KeyTypeHash}},
	})
	require.NoError(t, err)
}

func TestTablesAreServed(t *testing.T) {
	t.Parallel()
	_, client := start(t, Options{Tables: []string{"users(id:S)", "visits(user:S,at:N)"}})
	about, err := client.DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: aws.String("visits")})
	require.NoError(t, err)
	assert.Equal(t, []types.KeySchemaElement{
		{AttributeName: aws.String("user"), KeyType: types.KeyTypeHash}, {AttributeName: aws.String("at"), KeyType: types.KeyTypeRange},
	}, about.Table.KeySchema)
	create(t, client, "made")
	for _, table := range []string{"users", "made"} {
		out, err := client.BatchWriteItem(t.Context(), batch(table, 25))
		require.NoError(t, err)
		assert.Empty(t, out.UnprocessedItems)
		scan, err := client.Scan(t.Context(), &dynamodb.ScanInput{TableName: &table})
		require.NoError(t, err)
		assert.EqualValues(t, 25, scan.Count)
	}
}

func TestThrottleIsForEveryTable(t *testing.T) {
	t.Parallel()
	_, client := start(t, Options{Tables: []string{"users(id:S)"}, Throttle: 0.001})
	create(t, client, "made")
	for _, table := range []string{"users", "made"} {
		out, err := client.BatchWriteItem(t.Context(), batch(table, 25))
		require.NoError(t, err)
		assert.Len(t, out.UnprocessedItems[table], 24, "a full bucket takes one item of any size")
		_, err = client.BatchWriteItem(t.Context(), batch(table, 25))
		var throttled *types.ProvisionedThroughputExceededException
		assert.ErrorAs(t, err, &throttled)
	}
}

func TestUnprocessedIsAShareOfTheItems(t *testing.T) {
	t.Parallel()
	left := func(share float64, seed uint64) int {
		_, client := start(t, Options{Tables: []string{"users(id:S)"}, Unprocessed: share, Seed: seed})
		n := 0
		for range 40 {
			out, err := client.BatchWriteItem(t.Context(), batch("users", 25))
			require.NoError(t, err)
			n += len(out.UnprocessedItems["users"])
		}
		return n
	}
	first := left(0.3, 1)
	assert.InDelta(t, 300, first, 60)
	assert.Equal(t, first, left(0.3, 1), "the same seed gives the same items")
	assert.NotEqual(t, first, left(0.3, 2))
}

func TestShutdownCutsOffWhatDoesNotEnd(t *testing.T) {
	t.Parallel()
	server, client := start(t, Options{Tables: []string{"users(id:S)"}, Least: time.Hour, Most: time.Hour})
	sent := make(chan struct{})
	failed := make(chan error, 1)
	ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{WroteRequest: func(httptrace.WroteRequestInfo) { close(sent) }})
	go func() {
		_, err := client.BatchWriteItem(ctx, batch("users", 1))
		failed <- err
	}()
	<-sent
	over, cancel := context.WithCancel(t.Context())
	cancel()
	require.NoError(t, server.Shutdown(over))
	assert.Error(t, <-failed)
}

func TestOtherRequestsAreAnsweredCleanly(t *testing.T) {
	t.Parallel()
	server, _ := start(t, Options{})
	for _, c := range []struct {
		method, path string
		want         int
	}{
		{http.MethodGet, "/", http.StatusOK},
		{http.MethodPost, "/", http.StatusBadRequest},
		{http.MethodDelete, "/", http.StatusMethodNotAllowed},
		{http.MethodOptions, "/", http.StatusMethodNotAllowed},
		{http.MethodGet, "/favicon.ico", http.StatusNotFound},
		{http.MethodPost, "/shell", http.StatusNotFound},
		{http.MethodDelete, "/../x//y", http.StatusNotFound},
	} {
		request, err := http.NewRequestWithContext(t.Context(), c.method, server.URL+c.path, strings.NewReader("{}"))
		require.NoError(t, err)
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		body, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		assert.Equal(t, c.want, response.StatusCode, "%s %s: %s", c.method, c.path, body)
		assert.Empty(t, response.Header.Get("Access-Control-Allow-Origin"))
	}
}

func TestWhatIsNotServed(t *testing.T) {
	t.Parallel()
	taken, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = taken.Close() }()
	for _, c := range []struct {
		o    Options
		want string
	}{
		{Options{Addr: "0.0.0.0:0"}, `-addr "0.0.0.0:0" is not an address of the loopback interface`},
		{Options{Addr: ":8000"}, "use 127.0.0.1:8000"},
		{Options{Addr: "[::]:0"}, "is not an address of the loopback interface"},
		{Options{Addr: "192.0.2.1:8000"}, "is not an address of the loopback interface"},
		{Options{Addr: "127.0.0.1"}, `-addr "127.0.0.1" is not HOST:PORT`},
		{Options{Addr: taken.Addr().String()}, "address already in use"},
		{Options{Addr: "127.0.0.1:0", Tables: []string{"users"}}, "-table number 1: it is not of the form users(id:S)"},
		{Options{Addr: "127.0.0.1:0", Tables: []string{"users(id)"}}, "-table number 1: the key of the table: write NAME:S"},
		{Options{Addr: "127.0.0.1:0", Tables: []string{"users(id:X)"}}, "-table number 1: the key of the table: the type of a key is S, N or B: write NAME:S"},
		{Options{Addr: "127.0.0.1:0", Tables: []string{"users(:S)"}}, "a name is missing: write NAME:S"},
		{Options{Addr: "127.0.0.1:0", Tables: []string{"users(" + strings.Repeat("x", 256) + ":S)"}}, "has at most 255 bytes"},
		{Options{Addr: "127.0.0.1:0", Tables: []string{"users(\xff:S)"}}, "in UTF-8"},
		{Options{Addr: "127.0.0.1:0", Tables: []string{"users(a:S,b:S,c:S)"}}, "it has 3 attributes, and a key has one or two"},
		{Options{Addr: "127.0.0.1:0", Tables: []string{"users(a:S,a:N)"}}, "both attributes have the same name"},
		{Options{Addr: "127.0.0.1:0", Tables: []string{"users(id:S)", "u(id:S)"}}, "-table number 2: the name of the table is not a table name: use 3 to 255"},
		{Options{Addr: "127.0.0.1:0", Tables: []string{"arn:aws:dynamodb:us-east-1:123456789012:table/users(id:S)"}}, "give the name alone"},
		{Options{Addr: "127.0.0.1:0", Tables: []string{"users(id:S)", "users(id:N)"}}, "-table number 2: there is a table of this name already"},
	} {
		_, err := Listen(t.Context(), c.o)
		require.ErrorContains(t, err, c.want)
		for _, raw := range []string{"CreateTable", "StatusCode", "RequestID", "Exception"} {
			assert.NotContains(t, err.Error(), raw)
		}
	}
}

// What looks like a secret and is in the wrong place is not shown.
func TestErrorsQuoteNoTable(t *testing.T) {
	t.Parallel()
	const secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
	for _, table := range []string{secret, secret + "(id:S)", "users(" + secret + ")", "users(" + secret + ":Q)", "users(id:S,at:" + secret + ")"} {
		_, err := Listen(t.Context(), Options{Addr: "127.0.0.1:0", Tables: []string{table}})
		require.Error(t, err)
		assert.NotContains(t, err.Error(), "wJalr")
	}
}

func TestLocalhostIsALoopbackAddress(t *testing.T) {
	t.Parallel()
	addr, err := loopback(t.Context(), "localhost:8000")
	require.NoError(t, err)
	assert.Contains(t, []string{"127.0.0.1:8000", "[::1]:8000"}, addr)
}
