package wire

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// served is a server in this process, with what it needs of another.
type served struct {
	url   string
	stats func() Stats // ends the server
}

func serveHere(t *testing.T, settings Settings) served {
	t.Helper()
	in, stop := io.Pipe()
	out, written := io.Pipe()
	ended := make(chan error, 1)
	go func() { ended <- Serve(t.Context(), settings, in, written) }()
	decoder := json.NewDecoder(out)
	var line strings.Builder
	for one := make([]byte, 1); !strings.HasSuffix(line.String(), "\n"); {
		_, err := io.ReadFull(out, one)
		require.NoError(t, err)
		line.Write(one)
	}
	return served{strings.TrimSpace(line.String()), func() (stats Stats) {
		require.NoError(t, stop.Close())
		require.NoError(t, decoder.Decode(&stats))
		require.NoError(t, <-ended)
		return stats
	}}
}

func client(url string, httpClient aws.HTTPClient) *dynamodb.Client {
	return dynamodb.New(dynamodb.Options{
		Region: "eu-west-1", BaseEndpoint: aws.String(url), HTTPClient: httpClient,
		Credentials: credentials.NewStaticCredentialsProvider("local", "local", ""), RetryMaxAttempts: 1,
	})
}

func puts(n int) map[string][]types.WriteRequest {
	var requests []types.WriteRequest
	for i := range n {
		requests = append(requests, types.WriteRequest{PutRequest: &types.PutRequest{Item: map[string]types.AttributeValue{
			Key: &types.AttributeValueMemberS{Value: fmt.Sprint("user-", i, ` with "PutRequest" in it`)},
		}}})
	}
	return map[string][]types.WriteRequest{Table: requests}
}

// TestAnswers holds what the SDK reads in the answers of the stub and of the server.
func TestAnswers(t *testing.T) {
	t.Parallel()

	const units = 2
	server := serveHere(t, Settings{UnitsPerItem: units})
	for name, c := range map[string]*dynamodb.Client{
		"stub":   client("http://stub.invalid", &http.Client{Transport: NewStub(NewAnswers(units))}),
		"server": client(server.url, &http.Client{Transport: &http.Transport{}}),
	} {
		described, err := c.DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: aws.String(Table)})
		require.NoError(t, err, name)
		assert.Equal(t, types.TableStatusActive, described.Table.TableStatus)
		assert.Equal(t, Key, aws.ToString(described.Table.KeySchema[0].AttributeName))

		for _, n := range []int{1, 2, 25} {
			in := &dynamodb.BatchWriteItemInput{RequestItems: puts(n)}
			out, err := c.BatchWriteItem(t.Context(), in)
			require.NoError(t, err, name)
			assert.Empty(t, out.UnprocessedItems)
			assert.Empty(t, out.ConsumedCapacity, "which was not asked for")

			in.ReturnConsumedCapacity = types.ReturnConsumedCapacityIndexes
			out, err = c.BatchWriteItem(t.Context(), in)
			require.NoError(t, err, name)
			require.Len(t, out.ConsumedCapacity, 1)
			assert.InDelta(t, units*n, aws.ToFloat64(out.ConsumedCapacity[0].CapacityUnits), 0)
			assert.InDelta(t, units*n, aws.ToFloat64(out.ConsumedCapacity[0].Table.CapacityUnits), 0)
		}

		put, err := c.PutItem(t.Context(), &dynamodb.PutItemInput{
			TableName: aws.String(Table), Item: puts(1)[Table][0].PutRequest.Item, ReturnConsumedCapacity: types.ReturnConsumedCapacityTotal,
		})
		require.NoError(t, err, name)
		assert.InDelta(t, units, aws.ToFloat64(put.ConsumedCapacity.CapacityUnits), 0)
		assert.Nil(t, put.ConsumedCapacity.Table)

		_, err = c.ListTables(t.Context(), &dynamodb.ListTablesInput{})
		require.Error(t, err, "%s: there is no answer to it", name)
	}
	// The SDK may break a connection off: https://github.com/aws/aws-sdk-go-v2/issues/2737
	assert.Equal(t, 9, server.stats().Requests)
}

func TestServerRefuses(t *testing.T) {
	t.Parallel()

	server := serveHere(t, Settings{UnitsPerItem: 1})
	c := client(server.url, &http.Client{Transport: &http.Transport{}})
	_, err := c.ListTables(t.Context(), &dynamodb.ListTablesInput{})
	var refused smithy.APIError
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, "ValidationException", refused.ErrorCode())
	server.stats()
}

// TestServerTakesItsTime holds that requests take as long as is set, at the same time.
func TestServerTakesItsTime(t *testing.T) {
	t.Parallel()

	const least = 30 * time.Millisecond
	server := serveHere(t, Settings{UnitsPerItem: 1, MinDelay: least, MaxDelay: 2 * least})
	c := client(server.url, &http.Client{Transport: &http.Transport{}})
	begin := time.Now()
	_, err := c.BatchWriteItem(t.Context(), &dynamodb.BatchWriteItemInput{RequestItems: puts(3)})
	require.NoError(t, err)
	assert.GreaterOrEqual(t, time.Since(begin), least)
	server.stats()
}

// TestServerEndsWithItsConnections holds that a server that is stopped ends the connections that are open.
func TestServerEndsWithItsConnections(t *testing.T) {
	t.Parallel()

	server := serveHere(t, Settings{UnitsPerItem: 1})
	transport := &http.Transport{}
	for range 2 {
		request, err := http.NewRequestWithContext(context.WithoutCancel(t.Context()), http.MethodPost, server.url, strings.NewReader("{}"))
		require.NoError(t, err)
		request.Header.Set("X-Amz-Target", "DynamoDB_20120810.DescribeTable")
		response, err := (&http.Client{Transport: transport}).Do(request)
		require.NoError(t, err)
		_, err = io.Copy(io.Discard, response.Body)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
	}
	assert.Equal(t, Stats{Requests: 2, Connections: 1, Peak: 1}, server.stats())
}
