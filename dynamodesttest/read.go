package dynamodesttest

import (
	"encoding/json"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// maxPage is the number of bytes after which a Scan ends its page.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Scan.html
const maxPage = 1 << 20

// readGet parses a GetItem.
func (db *DB) readGet(r *reader, req *request) *apiError {
	var fault *apiError
	var key []attr
	r.object(func(name string) {
		switch {
		case r.null():
		case name == "TableName":
			req.call.Table = r.string()
		case name == "Key":
			key = r.attrs()
		case name == "ConsistentRead":
			r.bool()
		default:
			r.raw()
			fault = firstError(fault, unsupported(name))
		}
	})
	req.run = func(req *request) ([]byte, *apiError) {
		t, id, err := db.readKey(req.call.Table, key)
		if err != nil {
			return nil, err
		}
		db.mu.Lock()
		row := t.rows[id]
		db.mu.Unlock()
		if row == nil {
			return []byte("{}"), nil
		}
		return []byte(`{"Item":` + row.item + `}`), nil
	}
	return fault
}

// readKey returns a table that can be read, and the identity of a key in it.
func (db *DB) readKey(name string, key []attr) (*table, string, *apiError) {
	t, err := db.readable(name)
	if err != nil {
		return nil, "", err
	}
	if err := checkAttrs(key, 1); err != nil {
		return nil, "", err
	}
	if len(key) != len(t.key) {
		return nil, "", invalid("The provided key element does not match the schema")
	}
	if err := t.checkKey(key, false); err != nil {
		return nil, "", err
	}
	return t, identity(t.key, key), nil
}

func (db *DB) readable(name string) (*table, *apiError) {
	t := db.lookup(name)
	if t == nil {
		return nil, noTable()
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	if !t.writable() {
		return nil, noTable()
	}
	return t, nil
}

// readScan parses a Scan.
func (db *DB) readScan(r *reader, req *request) *apiError {
	var fault *apiError
	var start []attr
	limit, count := -1, false
	r.object(func(name string) {
		switch {
		case r.null():
		case name == "TableName":
			req.call.Table = r.string()
		case name == "ExclusiveStartKey":
			start = r.attrs()
		case name == "ConsistentRead":
			r.bool()
		case name == "Limit":
			n, err := strconv.Atoi(r.raw())
			if err != nil || n < 1 {
				fault = firstError(fault, invalid("1 validation error detected: Value at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1"))
			}
			limit = n
		case name == "Select":
			v := r.string()
			count = v == "COUNT"
			fault = firstError(fault, only(name, v, "COUNT", "ALL_ATTRIBUTES"))
		default:
			r.raw()
			fault = firstError(fault, unsupported(name))
		}
	})
	req.run = func(req *request) ([]byte, *apiError) { return db.scan(req.call.Table, start, limit, count) }
	return fault
}

func (db *DB) scan(name string, start []attr, limit int, count bool) ([]byte, *apiError) {
	t, err := db.readable(name)
	if err != nil {
		return nil, err
	}
	after := ""
	if start != nil {
		if _, after, err = db.readKey(name, start); err != nil {
			return nil, err
		}
	}
	page, more := db.page(t, after, limit)
	b := []byte(`{"Count":`)
	b = strconv.AppendInt(b, int64(len(page)), 10)
	b = append(b, `,"ScannedCount":`...)
	b = strconv.AppendInt(b, int64(len(page)), 10)
	if !count {
		b = append(b, `,"Items":[`...)
		for i, row := range page {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(b, row.item...)
		}
		b = append(b, ']')
	}
	if more {
		b = append(b, `,"LastEvaluatedKey":`...)
		last := make([]attr, len(t.key))
		for i, v := range splitKey(page[len(page)-1].key) {
			last[i] = attr{t.key[i].name, v}
		}
		b = appendAttrs(b, last)
	}
	return append(b, '}'), nil
}

// page returns the items after a key, and reports whether there may be more.
func (db *DB) page(t *table, after string, limit int) (page []*stored, more bool) {
	db.mu.Lock()
	defer db.mu.Unlock()
	keys := t.sorted()
	from := 0
	if after != "" {
		values := splitKey(after)
		at, found := slices.BinarySearchFunc(keys, values, func(key string, values []value) int {
			return slices.CompareFunc(splitKey(key), values, compareValues)
		})
		if from = at; found {
			from++
		}
	}
	size := 0
	for _, key := range keys[from:] {
		row := t.rows[key]
		page = append(page, row)
		if size += row.size; size >= maxPage || len(page) == limit {
			return page, true
		}
	}
	return page, false
}

// readTableCall parses an operation on tables. These are rare, so it uses encoding/json, which
// matches the SDK's types by their names.
func (db *DB) readTableCall(req *request, body string) *apiError {
	var named struct{ TableName string }
	if err := json.Unmarshal([]byte(body), &named); err != nil {
		return serialization("The request is not the JSON of this operation")
	}
	req.call.Table = named.TableName
	req.run = func(req *request) ([]byte, *apiError) {
		switch req.call.Op {
		case "CreateTable":
			var in dynamodb.CreateTableInput
			if err := json.Unmarshal([]byte(body), &in); err != nil {
				return nil, serialization("The request is not the JSON of this operation")
			}
			about, err := db.createTable(&in)
			return tableBody("TableDescription", about), err
		case "DeleteTable":
			about, err := db.dropTable(named.TableName)
			return tableBody("TableDescription", about), err
		default:
			about, err := db.describeTable(named.TableName)
			return tableBody("Table", about), err
		}
	}
	return nil
}

func (db *DB) describeTable(name string) (*types.TableDescription, *apiError) {
	t := db.lookup(name)
	if t == nil {
		return nil, apiErrorf("ResourceNotFoundException", "Requested resource not found: Table: %s not found", name)
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	return t.describe(), nil
}

func (db *DB) dropTable(name string) (*types.TableDescription, *apiError) {
	t := db.lookup(name)
	if t == nil {
		return nil, apiErrorf("ResourceNotFoundException", "Requested resource not found: Table: %s not found", name)
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	delete(db.tables, t.name)
	about := t.describe()
	about.TableStatus = types.TableStatusDeleting
	return about, nil
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
