package serve

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// tableForm is how a table is written: its name, and its key in parentheses.
var tableForm = regexp.MustCompile(`(?s)^([^()]+)\((.*)\)$`)

// parseTable returns the name and the key of a table that is written as users(id:S,at:N). Like those of ParseKey, its
// errors quote nothing.
func parseTable(text string) (name string, key []dynamodest.KeyAttribute, err error) {
	parts := tableForm.FindStringSubmatch(text)
	if parts == nil {
		return "", nil, errors.New("it is not of the form users(id:S), or users(id:S,at:N) with a sort key")
	}
	if err := checkName(parts[1]); err != nil {
		return "", nil, err
	}
	key, err = ParseKey(parts[2])
	if err != nil {
		return "", nil, fmt.Errorf("the key of the table: %w", err)
	}
	return parts[1], key, nil
}

// checkName returns what is wrong with the name of a table; nil if nothing is.
func checkName(name string) error {
	if strings.HasPrefix(name, "arn:") {
		return errors.New("the name of the table is an ARN, which a table in memory does not have: give the name alone")
	}
	var fault *dynamodest.ConfigError
	if err := (dynamodest.Config{Table: name, Client: dynamodesttest.New()}).Validate(); errors.As(err, &fault) {
		return errors.New("the name of the table " + fault.Problem)
	}
	return nil
}

const (
	maxKeyName = 255 // bytes of the name of a key attribute
	keyForm    = "write NAME:S, NAME:N or NAME:B, and a second one after a comma for a sort key"
)

// ParseKey reads the key of a table, which is written as id:S, or as id:S,at:N with a sort key. Its errors quote nothing
// of text, which may be a secret that was pasted into the wrong place.
func ParseKey(text string) ([]dynamodest.KeyAttribute, error) {
	roles := []dynamodest.KeyRole{dynamodest.PartitionKey, dynamodest.SortKey}
	parts := strings.Split(text, ",")
	if len(parts) > len(roles) {
		return nil, fmt.Errorf("it has %d attributes, and a key has one or two: %s", len(parts), keyForm)
	}
	var key []dynamodest.KeyAttribute
	for i, part := range parts {
		colon := strings.LastIndex(part, ":")
		if colon < 0 {
			return nil, errors.New(keyForm)
		}
		a := dynamodest.KeyAttribute{Name: part[:colon], Role: roles[i], Type: dynamodest.Type(part[colon+1:])}
		if problem := keyProblem(a); problem != "" {
			return nil, fmt.Errorf("%s: %s", problem, keyForm)
		}
		if i > 0 && a.Name == key[0].Name {
			return nil, errors.New("both attributes have the same name: name another one as the sort key")
		}
		key = append(key, a)
	}
	return key, nil
}

// keyProblem returns what is wrong with an attribute of a key; "" if nothing is.
func keyProblem(a dynamodest.KeyAttribute) string {
	switch a.Type { //nolint:exhaustive // the types that a key can have
	case dynamodest.String, dynamodest.Number, dynamodest.Binary:
	default:
		return "the type of a key is S, N or B"
	}
	switch {
	case a.Name == "":
		return "a name is missing"
	case len(a.Name) > maxKeyName || !utf8.ValidString(a.Name):
		return fmt.Sprintf("the name of an attribute of a key has at most %d bytes, in UTF-8", maxKeyName)
	}
	return ""
}

// FormatKey returns a key as ParseKey reads it.
func FormatKey(key []dynamodest.KeyAttribute) string {
	var parts []string
	for _, a := range key {
		parts = append(parts, a.Name+":"+string(a.Type))
	}
	return strings.Join(parts, ",")
}

// AddTable adds an on-demand table to db.
func AddTable(ctx context.Context, db *dynamodesttest.DB, name string, key []dynamodest.KeyAttribute) error {
	in := &dynamodb.CreateTableInput{TableName: &name, BillingMode: types.BillingModePayPerRequest}
	role := types.KeyTypeHash
	for _, a := range key {
		if problem := keyProblem(a); problem != "" {
			return errors.New(problem)
		}
		in.AttributeDefinitions = append(in.AttributeDefinitions, types.AttributeDefinition{AttributeName: &a.Name, AttributeType: types.ScalarAttributeType(a.Type)})
		in.KeySchema = append(in.KeySchema, types.KeySchemaElement{AttributeName: &a.Name, KeyType: role})
		role = types.KeyTypeRange
	}
	_, err := db.CreateTable(ctx, in)
	var taken *types.ResourceInUseException
	if errors.As(err, &taken) {
		return errors.New("there is a table of this name already: name another one")
	}
	return err
}
