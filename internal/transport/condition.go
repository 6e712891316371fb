package transport

import (
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynamodest/dynamodest/internal/item"
)

// Condition says when a put takes place. The zero Condition always holds.
type Condition struct {
	absent  bool
	version string // the attribute that holds the version, or ""
}

// IfAbsent holds if the table has no item with the key. The keys of the table must be known.
var IfAbsent = Condition{absent: true}

// UnlessNewer holds if the table has no item with the key, or one without the attribute version, or one whose
// version is of the same type and not greater than that of the item put.
func UnlessNewer(version string) Condition { return Condition{version: version} }

// expression returns the condition as DynamoDB writes it: with a placeholder for the attribute that it names, and
// one for the version put, "" for none. The table has the given partition key.
func (c Condition) expression(partitionKey string) (text, name, attribute, value string) {
	switch {
	case c.absent:
		return "attribute_not_exists(#key)", "#key", partitionKey, ""
	case c.version != "":
		return "attribute_not_exists(#version) OR #version <= :version", "#version", c.version, ":version"
	}
	return "", "", "", ""
}

// apply adds c to a request for the table with the given partition key. DynamoDB shows the item that fails c,
// without charging for a read.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_PutItem.html
func (c Condition) apply(in *dynamodb.PutItemInput, partitionKey string) {
	text, name, attribute, value := c.expression(partitionKey)
	if text == "" {
		return
	}
	in.ConditionExpression = aws.String(text)
	in.ExpressionAttributeNames = map[string]string{name: attribute}
	if value != "" {
		in.ExpressionAttributeValues = map[string]types.AttributeValue{value: in.Item[attribute]}
	}
	in.ReturnValuesOnConditionCheckFailure = types.ReturnValuesOnConditionCheckFailureAllOld
}

// appendJSON appends to the encoded request for it what apply adds, each member after a comma.
func (c Condition) appendJSON(dst []byte, it *item.Item, partitionKey string) []byte {
	text, name, attribute, value := c.expression(partitionKey)
	if text == "" {
		return dst
	}
	dst = append(dst, `,"ConditionExpression":"`+text+`","ExpressionAttributeNames":{"`+name+`":`...)
	dst, _ = item.AppendQuoted(dst, attribute)
	dst = append(dst, '}')
	if value != "" {
		dst = append(dst, `,"ExpressionAttributeValues":{"`+value+`":`...)
		dst = append(it.Find(attribute).AppendJSON(dst), '}')
	}
	return append(dst, `,"ReturnValuesOnConditionCheckFailure":"ALL_OLD"`...)
}

// Existing says how the item already in the table compares to the one sent, after a failed condition.
type Existing uint8

// What a failed condition shows.
const (
	NotShown  Existing = iota // no item or, with UnlessNewer, none that explains the failure
	EqualItem                 // not with UnlessNewer
	OtherItem                 // with UnlessNewer: its version has another type
	NewerItem                 // with UnlessNewer: its version is greater
)

// failedCondition records what err shows of the item in the table if c has failed for it. DynamoDB reports no
// capacity for it, but charges: by the size of the item there, and no less than it checks for the put itself.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/WorkingWithItems.html#WorkingWithItems.ConditionalUpdate
func (r *Result) failedCondition(it *item.Item, c Condition, err error) {
	defer func() { _ = recover() }() // in a method of err
	var failed *types.ConditionalCheckFailedException
	if !errors.As(err, &failed) {
		return
	}
	r.TableUnits = float64(max(it.Units(), item.UnitsOf(failed.Item)))
	r.WriteUnits = r.TableUnits
	switch {
	case len(failed.Item) == 0:
	case c.version != "":
		r.Existing = compareVersions(it, failed.Item[c.version])
	case it.EqualSDK(failed.Item):
		r.Existing = EqualItem
	default:
		r.Existing = OtherItem
	}
}

// compareVersions compares the version of it with that of an item that is shown.
func compareVersions(it *item.Item, shown types.AttributeValue) Existing {
	rank, ok := item.RankOf(shown)
	switch {
	case item.IsNil(shown): // then the condition would hold
		return NotShown
	case !ok || rank[0] != it.Rank[0]:
		return OtherItem
	case rank > it.Rank:
		return NewerItem
	}
	return NotShown
}
