package itemtest

import (
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Row returns a row of ten columns, some 300 bytes in a request, as a warehouse gives them.
func Row() map[string]any {
	return map[string]any{
		"user_id": "user-0000000001", "email": "somebody@example.com", "name": "Some Body", "age": int64(42), "score": 0.8731,
		"active": true, "created_at": time.Date(2026, 3, 4, 5, 6, 7, 891_000_000, time.UTC), "visits": int64(1_234_567),
		"country": "DE", "segment": nil,
	}
}

// ByHand converts row by a switch over the types that the columns of Row have, lists and maps of them included: the
// fastest way that one would write by hand with the SDK's types, and so the peer of benchmarks.
func ByHand(row map[string]any) (Map, error) {
	m := make(Map, len(row))
	for column, v := range row {
		attribute, err := byHand(v)
		if err != nil {
			return nil, err
		}
		m[column] = attribute
	}
	return m, nil
}

func byHand(v any) (types.AttributeValue, error) {
	switch v := v.(type) {
	case nil:
		return &types.AttributeValueMemberNULL{Value: true}, nil
	case string:
		return &types.AttributeValueMemberS{Value: v}, nil
	case bool:
		return &types.AttributeValueMemberBOOL{Value: v}, nil
	case int64:
		return &types.AttributeValueMemberN{Value: strconv.FormatInt(v, 10)}, nil
	case float64:
		return &types.AttributeValueMemberN{Value: strconv.FormatFloat(v, 'g', -1, 64)}, nil
	case time.Time:
		return &types.AttributeValueMemberS{Value: v.Format(time.RFC3339Nano)}, nil
	case []any:
		list := make([]types.AttributeValue, len(v))
		for i, element := range v {
			var err error
			if list[i], err = byHand(element); err != nil {
				return nil, err
			}
		}
		return &types.AttributeValueMemberL{Value: list}, nil
	case map[string]any:
		members, err := ByHand(v)
		return &types.AttributeValueMemberM{Value: members}, err
	}
	return nil, fmt.Errorf("a column of type %T", v)
}
