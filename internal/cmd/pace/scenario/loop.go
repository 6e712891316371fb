package scenario

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// loop writes n rows as a program without the library would: 25 at a time, one request after the
// other.
func loop(ctx context.Context, endpoint, table string, n int) (time.Duration, error) {
	client := dynamodb.New(dynamodb.Options{
		Region: dynamodesttest.Region, BaseEndpoint: &endpoint,
		Credentials: credentials.NewStaticCredentialsProvider("local", "local", ""),
	})
	begin := time.Now()
	for from := 0; from < n; from += 25 {
		var puts []types.WriteRequest
		for i := from; i < min(from+25, n); i++ {
			puts = append(puts, types.WriteRequest{PutRequest: &types.PutRequest{Item: item(i)}})
		}
		for pending := map[string][]types.WriteRequest{table: puts}; len(pending) > 0; {
			out, err := client.BatchWriteItem(ctx, &dynamodb.BatchWriteItemInput{RequestItems: pending})
			if err != nil {
				return 0, err
			}
			pending = out.UnprocessedItems
		}
	}
	return time.Since(begin), nil
}

// item returns row i as the loop writes it.
func item(i int) map[string]types.AttributeValue {
	r := row(i, 0)
	return map[string]types.AttributeValue{
		"id":     &types.AttributeValueMemberS{Value: r["id"].(string)},
		"name":   &types.AttributeValueMemberS{Value: r["name"].(string)},
		"score":  &types.AttributeValueMemberN{Value: fmt.Sprint(r["score"])},
		"active": &types.AttributeValueMemberBOOL{Value: r["active"].(bool)},
		"visits": &types.AttributeValueMemberN{Value: fmt.Sprint(r["visits"])},
	}
}
