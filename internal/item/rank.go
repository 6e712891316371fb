package item

import (
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynamodest/dynamodest/internal/decimal"
)

// AppendRank appends to dst what puts a into order as a version: a byte for its kind, and bytes that sort,
// compared byte by byte, as DynamoDB orders values of the kind. It reports false if a is neither N nor S.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html#HowItWorks.DataTypes
func (a *Attr) AppendRank(dst []byte) ([]byte, bool) {
	switch a.Kind {
	case S:
		return append(append(dst, 'S'), a.Text...), true
	case N:
		d, err := decimal.Parse(a.Text)
		return d.AppendSortable(append(dst, 'N')), err == nil
	}
	return dst, false
}

// RankOf returns the rank of a value that DynamoDB returned. It reports false if v is not a valid N or S.
func RankOf(v types.AttributeValue) (string, bool) {
	a, err := FromSDK(v)
	if err != nil {
		return "", false
	}
	rank, ok := a.AppendRank(nil)
	return string(rank), ok
}
