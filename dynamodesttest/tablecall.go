package dynamodesttest

import (
	"encoding/json"
	"reflect"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// readTableCall parses an operation on tables. These are rare, so it uses encoding/json, which
// matches the SDK's types by their names.
func (db *DB) readTableCall(req *request, body string) *apiError {
	switch req.call.Op {
	case "CreateTable":
		var in dynamodb.CreateTableInput
		err := readMembers(body, &in)
		req.call.Table = aws.ToString(in.TableName)
		req.run = func(req *request) ([]byte, *apiError) {
			about, err := db.createTable(&in, req.elsewhere)
			return tableBody("TableDescription", about), err
		}
		return err
	case "DeleteTable":
		var in dynamodb.DeleteTableInput
		err := readMembers(body, &in)
		req.call.Table = aws.ToString(in.TableName)
		req.run = func(req *request) ([]byte, *apiError) {
			about, err := db.dropTable(req, in.TableName)
			return tableBody("TableDescription", about), err
		}
		return err
	case "ListTagsOfResource":
		var in dynamodb.ListTagsOfResourceInput
		err := readMembers(body, &in)
		req.call.Table = aws.ToString(in.ResourceArn)
		req.run = func(req *request) ([]byte, *apiError) { return db.listTags(req, &in) }
		return err
	default:
		var in dynamodb.DescribeTableInput
		err := readMembers(body, &in)
		req.call.Table = aws.ToString(in.TableName)
		req.run = func(req *request) ([]byte, *apiError) {
			about, err := db.describeTable(req, in.TableName)
			return tableBody("Table", about), err
		}
		return err
	}
}

// readMembers parses a request into one of the SDK's types. It rejects a member that the type does
// not have, where encoding/json would drop it in silence.
func readMembers(body string, in any) *apiError {
	malformed := serialization("The request is not the JSON of this operation")
	var members map[string]any
	if json.Unmarshal([]byte(body), &members) != nil || members == nil {
		return malformed
	}
	if name := unknownMember(members, reflect.TypeOf(in).Elem(), ""); name != "" {
		return unsupported("the member " + name)
	}
	if json.Unmarshal([]byte(body), in) != nil {
		return malformed
	}
	return nil
}

// unknownMember returns the path of a member in v that the type does not have, or "".
func unknownMember(v any, t reflect.Type, path string) string {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch v := v.(type) {
	case map[string]any:
		if t.Kind() != reflect.Struct {
			return ""
		}
		for name, member := range v {
			if member == nil {
				continue // as if omitted
			}
			field, ok := t.FieldByName(name)
			if !ok || !field.IsExported() {
				return path + name
			}
			if unknown := unknownMember(member, field.Type, path+name+"."); unknown != "" {
				return unknown
			}
		}
	case []any:
		if t.Kind() != reflect.Slice {
			return ""
		}
		for _, element := range v {
			if unknown := unknownMember(element, t.Elem(), path); unknown != "" {
				return unknown
			}
		}
	}
	return ""
}

// tableCalled returns the table that an operation on tables names.
func (db *DB) tableCalled(req *request, name *string) (*table, *apiError) {
	if name == nil {
		return nil, invalid("The parameter 'TableName' is required but was not present in the request")
	}
	if err := checkTableName(*name); err != nil {
		return nil, err
	}
	t := db.tableFor(req, *name)
	if t == nil {
		return nil, apiErrorf("ResourceNotFoundException", "Requested resource not found: Table: %s not found", *name)
	}
	return t, nil
}

func (db *DB) describeTable(req *request, name *string) (*types.TableDescription, *apiError) {
	t, err := db.tableCalled(req, name)
	if err != nil {
		return nil, err
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	return t.describe(), nil
}

func (db *DB) dropTable(req *request, name *string) (*types.TableDescription, *apiError) {
	t, err := db.tableCalled(req, name)
	if err != nil {
		return nil, err
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	switch status := t.currentStatus(); {
	case aws.ToBool(t.about.DeletionProtectionEnabled):
		return nil, invalid("Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.")
	case status == types.TableStatusCreating:
		return nil, apiErrorf(codeInUse, "Attempt to change a resource which is still in use: Table is being created: %s", t.name)
	case status == types.TableStatusUpdating:
		return nil, apiErrorf(codeInUse, "Attempt to change a resource which is still in use: Table is being updated: %s", t.name)
	}
	delete(db.tables, t.name)
	about := t.describe()
	about.TableStatus = types.TableStatusDeleting
	return about, nil
}

func (db *DB) listTags(req *request, in *dynamodb.ListTagsOfResourceInput) ([]byte, *apiError) {
	var c constraints
	c.length("resourceArn", in.ResourceArn, 1, maxARNLength)
	if err := c.err(); err != nil {
		return nil, err
	}
	switch {
	case !tableARN.MatchString(*in.ResourceArn):
		return nil, invalidParameter("Invalid ResourceArn provided as input %s", *in.ResourceArn)
	case in.NextToken != nil:
		return nil, unsupported("the member NextToken")
	}
	t := db.tableFor(req, *in.ResourceArn)
	if t == nil {
		return nil, apiErrorf("ResourceNotFoundException", "Requested resource not found: ResourcArn: %s not found", *in.ResourceArn)
	}
	body, err := json.Marshal(map[string]any{"Tags": slices.Concat([]types.Tag{}, t.tags)})
	if err != nil {
		panic(err) // tags always marshal
	}
	return body, nil
}

// tableBody returns a description in DynamoDB's JSON: without nulls, and with times as seconds
// since 1970.
func tableBody(member string, about *types.TableDescription) []byte {
	if about == nil {
		return nil
	}
	plain, err := json.Marshal(about)
	if err != nil {
		panic(err) // a description always marshals
	}
	var members map[string]any
	if err := json.Unmarshal(plain, &members); err != nil {
		panic(err)
	}
	dropNulls(members)
	if about.CreationDateTime != nil {
		members["CreationDateTime"] = float64(about.CreationDateTime.UnixMilli()) / 1000
	}
	b, err := json.Marshal(map[string]any{member: members})
	if err != nil {
		panic(err)
	}
	return b
}

// dropNulls removes members that are not set: nulls, and empty strings, which no enum has.
func dropNulls(v any) {
	switch v := v.(type) {
	case map[string]any:
		for name, member := range v {
			if member == nil || member == "" {
				delete(v, name)
			}
			dropNulls(member)
		}
	case []any:
		for _, element := range v {
			dropNulls(element)
		}
	}
}
