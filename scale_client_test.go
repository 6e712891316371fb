package dynamodest_test

import (
	"context"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynamodest/dynamodest/internal/tabletest"
)

// This file has the methods by which a Destination calls a scaleLedger.

func (l *scaleLedger) DescribeTable(context.Context, *dynamodb.DescribeTableInput, ...func(*dynamodb.Options)) (*dynamodb.DescribeTableOutput, error) {
	return &dynamodb.DescribeTableOutput{Table: &types.TableDescription{
		KeySchema: tabletest.KeySchema(1, "id"), AttributeDefinitions: tabletest.Definitions("id", "N"),
	}}, nil
}

func (l *scaleLedger) BatchWriteItem(ctx context.Context, in *dynamodb.BatchWriteItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.BatchWriteItemOutput, error) {
	writes := in.RequestItems[table]
	var room [25]int32
	rows := room[:0]
	for _, w := range writes {
		rows = append(rows, l.rowOf(w))
	}
	a := l.serve(ctx, rows, batched)
	if a.err != nil {
		return nil, a.err
	}
	out := &dynamodb.BatchWriteItemOutput{}
	if a.unprocessed != 0 {
		back := make([]types.WriteRequest, 0, len(writes))
		for i := len(writes) - 1; i >= 0; i-- { // in another order, as DynamoDB may
			if a.unprocessed&(1<<i) != 0 {
				back = append(back, writes[i])
			}
		}
		out.UnprocessedItems = map[string][]types.WriteRequest{table: back}
	}
	return out, nil
}

func (l *scaleLedger) PutItem(ctx context.Context, in *dynamodb.PutItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	row := number32(in.Item["row"])
	cond := unconditional
	switch version := in.ExpressionAttributeValues[":version"]; {
	case version != nil:
		cond = unlessNewer
		if number32(version) != l.rows[row].version {
			l.breach("a condition has another version than its row")
		}
	case in.ConditionExpression != nil:
		cond = ifAbsent
	}
	a := l.serve(ctx, []int32{row}, cond)
	switch {
	case a.err != nil:
		return nil, a.err
	case a.shown == hidden:
		return nil, &types.ConditionalCheckFailedException{}
	case a.shown != none:
		return nil, &types.ConditionalCheckFailedException{Item: l.item(a.shown, cond)}
	}
	return &dynamodb.PutItemOutput{}, nil
}

// rowOf returns the row that w writes.
func (l *scaleLedger) rowOf(w types.WriteRequest) int32 {
	if w.PutRequest != nil {
		return number32(w.PutRequest.Item["row"])
	}
	return l.deletes[number32(w.DeleteRequest.Key["id"])]
}

// item returns the item of a row.
func (l *scaleLedger) item(row int32, cond putCondition) map[string]types.AttributeValue {
	n := func(v int32) types.AttributeValue { return number(strconv.Itoa(int(v))) }
	item := map[string]types.AttributeValue{"id": n(l.rows[row].key), "row": n(row)}
	if cond == unlessNewer {
		item["v"] = n(l.rows[row].version)
	}
	return item
}

func number32(v types.AttributeValue) int32 {
	n, err := strconv.ParseInt(v.(*types.AttributeValueMemberN).Value, 10, 32)
	if err != nil {
		panic(err)
	}
	return int32(n)
}
