package dynamodesttest

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// maxBatch is the largest number of puts and deletes in one BatchWriteItem, over all tables.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html
const maxBatch = 25

// put is one put or delete of a request.
type put struct {
	nameOrARN string // of the table, as the request gives it
	t         *table // nil if the table does not exist
	delete    bool
	item      []attr // for a delete the key
	key       string // identity of the key, "" if the key is not complete
	json      string // item in its stored form
	size      int    // of the item
	writeSize int    // of the item, for which the write is charged
}

// readBatch parses a BatchWriteItem.
func (db *DB) readBatch(r *reader, req *request) *apiError {
	var fault *apiError
	r.object(func(name string) {
		switch {
		case r.null():
		case name == "RequestItems":
			r.object(func(table string) {
				before := len(req.puts)
				if !r.null() {
					r.array(func() {
						p, err := readWriteRequest(r)
						p.nameOrARN = table
						fault = firstError(fault, err)
						req.puts = append(req.puts, p)
					})
				}
				if checkTableName(table) != nil {
					fault = firstError(invalid("1 validation error detected: Value '{%s=[…]}' at 'requestItems' failed to satisfy constraint: Map keys must satisfy constraint: [Member must have length less than or equal to %d, Member must have length greater than or equal to %d, Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+]", table, maxNameLength, minNameLength), fault)
				}
				if len(req.puts) == before {
					fault = firstError(fault, invalid("1 validation error detected: Value at 'RequestItems.%s.member' failed to satisfy constraint: Member must have length greater than or equal to 1", table))
				}
			})
		case name == "ReturnConsumedCapacity":
			req.capacity = r.string()
		case name == "ReturnItemCollectionMetrics":
			fault = firstError(fault, only("ReturnItemCollectionMetrics", r.string(), "NONE"))
		default:
			r.raw()
			fault = firstError(fault, unsupported(name))
		}
	})
	return fault
}

func firstError(first, next *apiError) *apiError {
	if first != nil {
		return first
	}
	return next
}

// only rejects a value that the double does not support.
func only(member, value string, known ...string) *apiError {
	if slices.Contains(known, value) {
		return nil
	}
	return unsupported(member + " " + value)
}

func readWriteRequest(r *reader) (put, *apiError) {
	var p put
	var fault *apiError
	n := 0
	member := func(name string) {
		if r.null() {
			return
		}
		n++
		item := map[string]string{"PutRequest": "Item", "DeleteRequest": "Key"}[name]
		p.delete = name == "DeleteRequest"
		found := false
		r.object(func(inner string) {
			if inner == item && r.peek() != 'n' {
				p.item, found = r.attrs(), true
				return
			}
			if !r.null() {
				r.raw()
				fault = unsupported("the member " + name + "." + inner)
			}
		})
		if !found {
			fault = invalid("1 validation error detected: %s without %s", name, item)
		}
	}
	if !r.null() {
		r.object(member)
	}
	if n != 1 {
		fault = invalid("Supplied WriteRequest must contain exactly one of PutRequest and DeleteRequest")
	}
	return p, fault
}

// readPut parses a PutItem.
func (db *DB) readPut(r *reader, req *request) *apiError {
	p, fault := put{}, (*apiError)(nil)
	var table *string
	hasItem, expression := false, (*string)(nil)
	var names map[string]string
	var values []attr
	r.object(func(name string) {
		switch {
		case r.null():
		case name == "TableName":
			table = aws.String(r.string())
		case name == "Item":
			p.item, hasItem = r.attrs(), true
		case name == "ConditionExpression":
			expression = aws.String(r.string())
		case name == "ExpressionAttributeNames":
			names = map[string]string{}
			r.object(func(alias string) { names[alias] = r.string() })
		case name == "ExpressionAttributeValues":
			values = r.attrs()
		case name == "ReturnConsumedCapacity":
			req.capacity = r.string()
		case name == "ReturnValues":
			v := r.string()
			req.returnOld = v == "ALL_OLD"
			fault = firstError(fault, only(name, v, "NONE", "ALL_OLD"))
		case name == "ReturnValuesOnConditionCheckFailure":
			v := r.string()
			req.showItem = v == "ALL_OLD"
			fault = firstError(fault, only(name, v, "NONE", "ALL_OLD"))
		case name == "ReturnItemCollectionMetrics":
			fault = firstError(fault, only(name, r.string(), "NONE"))
		default:
			r.raw()
			fault = firstError(fault, unsupported(name))
		}
	})
	if !hasItem {
		fault = firstError(fault, invalid("1 validation error detected: Value null at 'item' failed to satisfy constraint: Member must not be null"))
	}
	condition, err := readCondition(expression, names, values)
	req.condition = condition
	p.nameOrARN = aws.ToString(table)
	req.puts = []put{p}
	return firstError(firstError(checkItemTable(table), fault), err)
}

// checkBatch checks a BatchWriteItem against DynamoDB's rules. All of it must be valid before any
// of it is written.
func (db *DB) checkBatch(req *request) *apiError {
	switch n := len(req.puts); {
	case n == 0:
		return invalid("1 validation error detected: Value at 'RequestItems' failed to satisfy constraint: Member must have length greater than or equal to 1")
	case n > maxBatch:
		return invalid("1 validation error detected: Value at 'RequestItems.%s.member' failed to satisfy constraint: Member must have length less than or equal to %d", req.puts[0].nameOrARN, maxBatch)
	}
	// As at DynamoDB, the values of all items are checked before a table is looked up.
	for i := range req.puts {
		if err := checkAttrs(req.puts[i].item, 1); err != nil {
			return err
		}
	}
	type tableKey struct {
		t   *table
		key string
	}
	seen := make(map[tableKey]bool, len(req.puts))
	var duplicates *apiError
	for i := range req.puts {
		p := &req.puts[i]
		if err := p.check(false); err != nil {
			return err
		}
		at := tableKey{p.t, p.key}
		if seen[at] {
			duplicates = invalid("Provided list of item keys contains duplicates")
		}
		seen[at] = true
	}
	return duplicates
}

// check checks a put or delete, whose values are valid, against the rules for its table.
func (p *put) check(detailed bool) *apiError {
	if p.t == nil {
		return noTable()
	}
	if err := p.t.checkKey(p.item, detailed); err != nil {
		return err
	}
	if p.delete {
		if len(p.item) != len(p.t.key) {
			return invalid("The provided key element does not match the schema")
		}
		return nil
	}
	if err := p.t.checkIndexKeys(p.item); err != nil {
		return err
	}
	if err := p.t.checkVectors(p.item); err != nil {
		return err
	}
	p.writeSize = p.t.writeSize(p.item)
	if p.size = attrsSize(p.item); p.size > maxItemSize {
		return invalid("Item size has exceeded the maximum allowed size")
	}
	return nil
}

// encode sets the stored form of the puts.
func encode(puts []put) {
	var b []byte
	for i := range puts {
		b = appendAttrs(b[:0], puts[i].item)
		puts[i].json = string(b)
	}
}

// findTables sets the table of each put, and its key if the key is complete, so that a rejected
// request is recorded with its keys too.
func (db *DB) findTables(req *request) {
	puts := req.puts
	for i := range puts {
		p := &puts[i]
		if i > 0 && puts[i-1].nameOrARN == p.nameOrARN {
			p.t = puts[i-1].t
		} else {
			p.t = db.tableFor(req, p.nameOrARN)
		}
		if p.t == nil {
			continue
		}
		for _, k := range p.t.key {
			if v := find(p.item, k.name); v != nil && v.kind == kindN {
				_ = v.storeNumber() // check reports the error
			}
		}
		p.key = identity(p.t.key, p.item)
	}
}
