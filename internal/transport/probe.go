package transport

import (
	"context"
	"crypto/rand"
	"errors"
	"math/big"
	"regexp"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"

	"github.com/dynamodest/dynamodest/internal/fault"
	"github.com/dynamodest/dynamodest/internal/item"
	"github.com/dynamodest/dynamodest/internal/table"
)

// probeName begins the random keys of ProbePut, and is the attribute of the item of ProbeBatch.
const probeName = "dynamodest-check"

// ProbePut sends a PutItem of a random key under a condition that cannot hold, so that DynamoDB writes
// nothing whatever the table holds. A failed condition, which costs one write unit, is no failure: it
// shows that the action and the use of the table's KMS key are allowed. The keys of the table must be
// known, with their types.
func (c *Client) ProbePut(ctx context.Context, ended func() error) (requestID string, failure *fault.Failure) {
	applied := false
	requestID, failure = c.send(ctx, ended, PutItem, 1, func(ctx context.Context, t *trace) error {
		t.probe = true
		out, err := c.api.PutItem(ctx, &dynamodb.PutItemInput{
			TableName:                aws.String(c.name),
			Item:                     c.randomKey(),
			ConditionExpression:      aws.String("attribute_exists(#pk) AND attribute_not_exists(#pk)"),
			ExpressionAttributeNames: map[string]string{"#pk": c.description.Schema.Partition.Name},
		}, t.options)
		switch {
		case err != nil:
			return replaceUnsafe(err)
		case out == nil || t.emptyBody(out.ResultMetadata):
			return errInconclusive("the response is empty")
		}
		applied = true
		return nil
	})
	switch {
	case applied:
		return requestID, notRefused("it has written an item with a random key under a condition that cannot hold, so it ignores conditions", "delete the item that has nothing but the table's key, which begins with "+probeName+" where it is text or binary; and ")
	case failure != nil && failure.Action == fault.KeyExists:
		return requestID, nil
	}
	return requestID, failure
}

// ProbeBatch sends a BatchWriteItem of one put that lacks the table's key, so that DynamoDB must refuse
// it. The refusal of the key is no failure: it shows that the action is allowed, if DynamoDB judges access
// before it validates keys, which is not documented. The keys of the table must be known.
func (c *Client) ProbeBatch(ctx context.Context, ended func() error) (requestID string, failure *fault.Failure) {
	accepted, refused, unprocessed := false, false, false
	requestID, failure = c.send(ctx, ended, BatchWriteItem, 1, func(ctx context.Context, t *trace) error {
		t.probe = true
		put := &types.PutRequest{Item: map[string]types.AttributeValue{c.otherName(): &types.AttributeValueMemberBOOL{Value: true}}}
		out, err := c.api.BatchWriteItem(ctx, &dynamodb.BatchWriteItemInput{
			RequestItems: map[string][]types.WriteRequest{c.name: {{PutRequest: put}}},
		}, t.options)
		switch {
		case err != nil:
			err = replaceUnsafe(err)
			refused = isKeyRefusal(err)
			return err
		case out == nil || out.UnprocessedItems == nil && t.overWire(out.ResultMetadata):
			return errInconclusive("the response has no UnprocessedItems")
		}
		for _, writes := range out.UnprocessedItems {
			unprocessed = unprocessed || len(writes) > 0
		}
		accepted = true
		return nil
	})
	switch {
	case unprocessed:
		return requestID, &fault.Failure{Reason: fault.Throttled, Throttled: true, Err: fault.New(fault.Throttled, "the put came back as unprocessed")}
	case accepted:
		return requestID, notRefused("it has accepted an item without the table's key, so it does not check keys", "")
	case failure != nil && failure.Reason == fault.Refused && refused:
		return requestID, nil
	case failure != nil && failure.Action == fault.KeyExists: // a batch has no condition, so the response is not DynamoDB's
		failure.Reason, failure.Action = fault.Unavailable, fault.Retry
	}
	return requestID, failure
}

// notRefused returns the failure of a probe that DynamoDB would have refused.
func notRefused(what, remedy string) *fault.Failure {
	err := fault.New(fault.Config, "the server is not DynamoDB: %s", what)
	return &fault.Failure{
		Reason: fault.Config, Action: fault.Abort, MaybeApplied: true,
		Err: err.WithRemedy(remedy + "check Endpoint, or the Client; a fake client must refuse what DynamoDB refuses"),
	}
}

// randomKey returns an item that has nothing but the table's key.
func (c *Client) randomKey() map[string]types.AttributeValue {
	key := make(map[string]types.AttributeValue)
	for _, k := range c.description.Schema.Keys() {
		key[k.Name] = randomValue(k.Kind)
	}
	return key
}

// randomValue returns a random value of a kind that a key can have.
func randomValue(k item.Kind) types.AttributeValue {
	switch text := probeName + "-" + rand.Text(); k {
	case item.N:
		var bits [12]byte         // 29 digits at most
		_, _ = rand.Read(bits[:]) // never fails
		return &types.AttributeValueMemberN{Value: new(big.Int).SetBytes(bits[:]).String()}
	case item.B:
		return &types.AttributeValueMemberB{Value: []byte(text)}
	default:
		return &types.AttributeValueMemberS{Value: text}
	}
}

// otherName returns the name of an attribute that is no key of the table or of an index.
func (c *Client) otherName() string {
	name := probeName
	for s := &c.description.Schema; isKey(s, name); {
		name += "-"
	}
	return name
}

func isKey(s *table.Schema, name string) bool {
	return s.TableKey(name) != nil || s.IndexKey(name) != nil
}

// keyRefusal matches the messages that refuse an item for its key, those of DynamoDB Local included.
var keyRefusal = regexp.MustCompile(`key element does not match the schema|Missing the key|required keys was not given`)

// isKeyRefusal reports whether err refuses an item for its key.
func isKeyRefusal(err error) (is bool) {
	defer func() {
		if recover() != nil { // in a method of err
			is = false
		}
	}()
	var api smithy.APIError
	return errors.As(err, &api) && api.ErrorCode() == "ValidationException" && keyRefusal.MatchString(api.ErrorMessage())
}
