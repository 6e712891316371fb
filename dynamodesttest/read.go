package dynamodesttest

import (
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// maxPage is the number of bytes after which a Scan ends its page.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Scan.html
const maxPage = 1 << 20

// readGet parses a GetItem.
func (db *DB) readGet(r *reader, req *request) *apiError {
	var fault *apiError
	var table *string
	var key []attr
	r.object(func(name string) {
		switch {
		case r.null():
		case name == "TableName":
			table = aws.String(r.string())
		case name == "Key":
			key = r.attrs()
		case name == "ConsistentRead":
			r.bool()
		default:
			r.raw()
			fault = firstError(fault, unsupported(name))
		}
	})
	if key == nil {
		fault = firstError(invalid("1 validation error detected: Value null at 'key' failed to satisfy constraint: Member must not be null"), fault)
	}
	req.call.Table = aws.ToString(table)
	req.run = func(req *request) ([]byte, *apiError) {
		t, id, err := db.readKey(req, key)
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
	return firstError(checkItemTable(table), fault)
}

// readKey returns a table that can be read, and the identity of a key in it. As at DynamoDB, the
// values of the key are checked before the table is looked up.
func (db *DB) readKey(req *request, key []attr) (*table, string, *apiError) {
	if err := checkAttrs(key, 1); err != nil {
		return nil, "", err
	}
	t, err := db.readable(req)
	if err != nil {
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

func (db *DB) readable(req *request) (*table, *apiError) {
	t := db.tableFor(req, req.call.Table)
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
	var table *string
	var start []attr
	limit, count := -1, false
	r.object(func(name string) {
		switch {
		case r.null():
		case name == "TableName":
			table = aws.String(r.string())
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
	req.call.Table = aws.ToString(table)
	req.run = func(req *request) ([]byte, *apiError) { return db.scan(req, start, limit, count) }
	return firstError(checkItemTable(table), fault)
}

func (db *DB) scan(req *request, start []attr, limit int, count bool) ([]byte, *apiError) {
	after := ""
	if start != nil {
		var err *apiError
		if _, after, err = db.readKey(req, start); err != nil {
			return nil, err
		}
	}
	t, err := db.readable(req)
	if err != nil {
		return nil, err
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
