package dynamodesttest

import (
	"regexp"
	"slices"
	"strings"
)

// maxBatch is the most puts and deletes of one BatchWriteItem, over all tables.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html
const maxBatch = 25

// put is one put or delete of a request.
type put struct {
	asked  string // the table as the request names it
	t      *table // nil if there is none
	delete bool
	item   []attr // the key, for a delete
	key    string // its identity, "" while not known
	json   string // as stored
	size   int
}

// readBatch reads a BatchWriteItem. Everything about it is checked before
// anything is written.
func (db *DB) readBatch(r *reader, x *exchange) *apiError {
	var fault *apiError
	r.object(func(name string) {
		switch {
		case r.null():
		case name == "RequestItems":
			r.object(func(table string) {
				before := len(x.puts)
				r.array(func() {
					p, err := readWriteRequest(r)
					p.asked = table
					fault = firstError(fault, err)
					x.puts = append(x.puts, p)
				})
				if len(x.puts) == before {
					fault = firstError(fault, invalid("1 validation error detected: Value at 'RequestItems.%s.member' failed to satisfy constraint: Member must have length greater than or equal to 1", table))
				}
			})
		case name == "ReturnConsumedCapacity":
			x.capacity = r.string()
		case name == "ReturnItemCollectionMetrics":
			fault = firstError(fault, only("ReturnItemCollectionMetrics", r.string(), "NONE"))
		default:
			r.raw()
			fault = firstError(fault, unknownToDouble(name))
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

// only refuses a value that the double does not know.
func only(member, value string, known ...string) *apiError {
	if slices.Contains(known, value) {
		return nil
	}
	return unknownToDouble(member + " " + value)
}

func readWriteRequest(r *reader) (put, *apiError) {
	var p put
	var fault *apiError
	n := 0
	r.object(func(name string) {
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
			r.raw()
		})
		if !found {
			fault = invalid("1 validation error detected: %s without %s", name, item)
		}
	})
	if n != 1 {
		fault = invalid("Supplied WriteRequest must contain exactly one of PutRequest and DeleteRequest")
	}
	return p, fault
}

// readPut reads a PutItem.
func (db *DB) readPut(r *reader, x *exchange) *apiError {
	p, fault := put{}, (*apiError)(nil)
	names, hasItem, condition := map[string]string{}, false, ""
	r.object(func(name string) {
		switch {
		case r.null():
		case name == "TableName":
			p.asked = r.string()
		case name == "Item":
			p.item, hasItem = r.attrs(), true
		case name == "ConditionExpression":
			condition = r.string()
		case name == "ExpressionAttributeNames":
			r.object(func(alias string) { names[alias] = r.string() })
		case name == "ReturnConsumedCapacity":
			x.capacity = r.string()
		case name == "ReturnValues":
			v := r.string()
			x.returnOld = v == "ALL_OLD"
			fault = firstError(fault, only(name, v, "NONE", "ALL_OLD"))
		case name == "ReturnValuesOnConditionCheckFailure":
			v := r.string()
			x.showItem = v == "ALL_OLD"
			fault = firstError(fault, only(name, v, "NONE", "ALL_OLD"))
		case name == "ReturnItemCollectionMetrics":
			fault = firstError(fault, only(name, r.string(), "NONE"))
		default:
			r.raw()
			fault = firstError(fault, unknownToDouble(name))
		}
	})
	if !hasItem {
		fault = firstError(fault, invalid("1 validation error detected: Value null at 'item' failed to satisfy constraint: Member must not be null"))
	}
	absent, err := readCondition(condition, names)
	x.absent = absent
	x.puts = []put{p}
	return firstError(fault, err)
}

var attributeNotExists = regexp.MustCompile(`^\s*attribute_not_exists\s*\(\s*(#?[a-zA-Z_][a-zA-Z0-9_]*)\s*\)\s*$`)

// readCondition gives the attribute that must not be there for the put to go
// on, "" if there is no condition.
func readCondition(condition string, names map[string]string) (string, *apiError) {
	if condition == "" {
		if len(names) > 0 {
			return "", invalid("ExpressionAttributeNames can only be specified when using expressions")
		}
		return "", nil
	}
	m := attributeNotExists.FindStringSubmatch(condition)
	if m == nil {
		return "", unknownToDouble("a ConditionExpression other than attribute_not_exists(name)")
	}
	name := m[1]
	used := 0
	if strings.HasPrefix(name, "#") {
		real, ok := names[name]
		if !ok {
			return "", invalid("Invalid ConditionExpression: An expression attribute name used in the document path is not defined; attribute name: %s", name)
		}
		name, used = real, 1
	}
	if len(names) > used {
		return "", invalid("Value provided in ExpressionAttributeNames unused in expressions")
	}
	return name, nil
}

// checkBatch holds a BatchWriteItem to DynamoDB's rules.
func (db *DB) checkBatch(x *exchange) *apiError {
	switch n := len(x.puts); {
	case n == 0:
		return invalid("1 validation error detected: Value at 'RequestItems' failed to satisfy constraint: Member must have length greater than or equal to 1")
	case n > maxBatch:
		return invalid("1 validation error detected: Value at 'RequestItems.%s.member' failed to satisfy constraint: Member must have length less than or equal to %d", x.puts[0].asked, maxBatch)
	}
	type tableKey struct {
		t   *table
		key string
	}
	seen := make(map[tableKey]bool, len(x.puts))
	var duplicates *apiError
	for i := range x.puts {
		p := &x.puts[i]
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

// check holds a put to the rules of items and of its table.
func (p *put) check(telling bool) *apiError {
	if p.t == nil {
		if !tableName.MatchString(p.asked) && !strings.HasPrefix(p.asked, "arn:") {
			return invalid("Invalid table name: it must be 3 to 255 of a-z, A-Z, 0-9, _, . and -")
		}
		return noTable()
	}
	if err := checkAttrs(p.item, 1); err != nil {
		return err
	}
	if err := p.t.checkKey(p.item, telling); err != nil {
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
	if p.size = attrsSize(p.item); p.size > maxItemSize {
		return invalid("Item size has exceeded the maximum allowed size")
	}
	return nil
}

// encode sets the puts' stored form.
func encode(puts []put) {
	var b []byte
	for i := range puts {
		b = appendAttrs(b[:0], puts[i].item)
		puts[i].json = string(b)
	}
}

// findTables sets each put's table, and its key as far as it can be told, so
// that a refused request too is recorded with its keys.
func (db *DB) findTables(puts []put) {
	for i := range puts {
		p := &puts[i]
		if i > 0 && puts[i-1].asked == p.asked {
			p.t = puts[i-1].t
		} else {
			p.t = db.lookup(p.asked)
		}
		if p.t == nil {
			continue
		}
		for _, k := range p.t.key {
			if v := find(p.item, k.name); v != nil && v.kind == kindN {
				_ = v.storeNumber() // check says what is wrong with it
			}
		}
		p.key = identity(p.t.key, p.item)
	}
}
