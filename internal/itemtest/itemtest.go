// Package itemtest helps tests: it makes attribute values in the SDK's form, and shows what the SDK
// sends for them.
//
// It imports the SDK alone, so that it stays an oracle for the packages under test.
package itemtest

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
)

// Map is the attributes of an item, or the members of an M.
type Map = map[string]types.AttributeValue

// S returns an S.
func S(v string) types.AttributeValue { return &types.AttributeValueMemberS{Value: v} }

// N returns an N.
func N(v string) types.AttributeValue { return &types.AttributeValueMemberN{Value: v} }

// B returns a B, which is not nil if it is empty.
func B(v ...byte) types.AttributeValue {
	return &types.AttributeValueMemberB{Value: append([]byte{}, v...)}
}

// Bool returns a BOOL.
func Bool(v bool) types.AttributeValue { return &types.AttributeValueMemberBOOL{Value: v} }

// Null returns a NULL.
func Null() types.AttributeValue { return &types.AttributeValueMemberNULL{Value: true} }

// L returns an L, which is not nil if it is empty.
func L(v ...types.AttributeValue) types.AttributeValue {
	return &types.AttributeValueMemberL{Value: append([]types.AttributeValue{}, v...)}
}

// M returns an M.
func M(members Map) types.AttributeValue { return &types.AttributeValueMemberM{Value: members} }

// SS returns an SS.
func SS(v ...string) types.AttributeValue { return &types.AttributeValueMemberSS{Value: v} }

// NS returns an NS.
func NS(v ...string) types.AttributeValue { return &types.AttributeValueMemberNS{Value: v} }

// BS returns a BS.
func BS(v ...[]byte) types.AttributeValue { return &types.AttributeValueMemberBS{Value: v} }

// Body returns the body of the BatchWriteItem request that the SDK makes of items.
func Body(t testing.TB, table string, items ...Map) []byte {
	t.Helper()
	var sent recorder
	client := dynamodb.New(dynamodb.Options{
		Region: "eu-west-1", HTTPClient: &sent, RetryMaxAttempts: 1,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "a", SecretAccessKey: "b"}, nil
		}),
	})
	writes := make([]types.WriteRequest, len(items))
	for i, it := range items {
		writes[i].PutRequest = &types.PutRequest{Item: it}
	}
	_, err := client.BatchWriteItem(t.Context(), &dynamodb.BatchWriteItemInput{
		RequestItems:           map[string][]types.WriteRequest{table: writes},
		ReturnConsumedCapacity: types.ReturnConsumedCapacityIndexes,
	})
	if err != nil {
		t.Fatal(err)
	}
	if !json.Valid(sent.body) {
		t.Fatal("the SDK sent invalid JSON")
	}
	return sent.body
}

// recorder answers every request with an empty success and keeps the last body.
type recorder struct{ body []byte }

// Do implements dynamodb.HTTPClient.
func (r *recorder) Do(req *http.Request) (*http.Response, error) {
	r.body, _ = io.ReadAll(req.Body)
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{}, Request: req,
		Body: io.NopCloser(bytes.NewReader([]byte(`{"UnprocessedItems":{}}`))),
	}, nil
}
