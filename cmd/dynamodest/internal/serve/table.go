package serve

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// tableForm is how a table is written: its name, and its key in parentheses.
var tableForm = regexp.MustCompile(`(?s)^([^()]+)\((.*)\)$`)

// parseTable returns the name and the key of a table that is written as users(id:S,at:N).
func parseTable(text string) (name, key string, err error) {
	parts := tableForm.FindStringSubmatch(text)
	if parts == nil {
		return "", "", fmt.Errorf("the table %q is not of the form users(id:S), or users(id:S,at:N) with a sort key", text)
	}
	return parts[1], parts[2], nil
}

// ErrKey says how a key is written.
var ErrKey = errors.New("write NAME:S, NAME:N or NAME:B, and a second one after a comma for a sort key")

// AddTable adds an on-demand table to db. Its key is written as id:S, or as id:S,at:N with a sort key; otherwise
// the error is ErrKey, or that of CreateTable.
func AddTable(ctx context.Context, db *dynamodesttest.DB, name, key string) error {
	in := &dynamodb.CreateTableInput{TableName: &name, BillingMode: types.BillingModePayPerRequest}
	role := types.KeyTypeHash
	for text := range strings.SplitSeq(key, ",") {
		colon := strings.LastIndex(text, ":")
		if colon < 0 {
			return ErrKey
		}
		attribute := text[:colon]
		in.AttributeDefinitions = append(in.AttributeDefinitions, types.AttributeDefinition{AttributeName: &attribute, AttributeType: types.ScalarAttributeType(text[colon+1:])})
		in.KeySchema = append(in.KeySchema, types.KeySchemaElement{AttributeName: &attribute, KeyType: role})
		role = types.KeyTypeRange
	}
	_, err := db.CreateTable(ctx, in)
	return err
}
