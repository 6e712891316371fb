package dynamodest

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"
)

// stub answers every request with an empty success and keeps the last body.
type stub struct{ body []byte }

func (s *stub) Do(r *http.Request) (*http.Response, error) {
	s.body, _ = io.ReadAll(r.Body)
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{}, Request: r,
		Body: io.NopCloser(bytes.NewReader([]byte(`{"UnprocessedItems":{}}`))),
	}, nil
}

// sdkBody returns the body of the BatchWriteItem request that the SDK makes of
// the items.
func sdkBody(t testing.TB, table string, items ...map[string]types.AttributeValue) []byte {
	t.Helper()
	var s stub
	client := dynamodb.New(dynamodb.Options{
		Region: "eu-west-1", HTTPClient: &s, RetryMaxAttempts: 1,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "a", SecretAccessKey: "b"}, nil
		}),
	})
	writes := make([]types.WriteRequest, len(items))
	for i, it := range items {
		writes[i].PutRequest = &types.PutRequest{Item: it}
	}
	_, err := client.BatchWriteItem(context.Background(), &dynamodb.BatchWriteItemInput{
		RequestItems:           map[string][]types.WriteRequest{table: writes},
		ReturnConsumedCapacity: types.ReturnConsumedCapacityIndexes,
	})
	require.NoError(t, err)
	require.True(t, json.Valid(s.body))
	return s.body
}

// mustConvert returns the item of row, which must have one.
func mustConvert(t testing.TB, c *converter, row Row) *item {
	t.Helper()
	it, err := c.convert(row)
	if err != nil {
		require.NoError(t, err.Err)
	}
	require.NotNil(t, it)
	return it
}
