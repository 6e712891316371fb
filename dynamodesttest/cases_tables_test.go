package dynamodesttest_test

import (
	"encoding/json"
	"fmt"
	"strings"
)

// object is a JSON object of a request.
type object = map[string]any

// attributes defines attributes, each given as "name:S".
func attributes(list ...string) []object {
	defined := []object{}
	for _, a := range list {
		name, kind, _ := strings.Cut(a, ":")
		defined = append(defined, object{"AttributeName": name, "AttributeType": kind})
	}
	return defined
}

// keys returns a key of a partition key and sort keys.
func keys(hash string, sort ...string) []object {
	schema := []object{{"AttributeName": hash, "KeyType": "HASH"}}
	for _, name := range sort {
		schema = append(schema, object{"AttributeName": name, "KeyType": "RANGE"})
	}
	return schema
}

func indexOn(name string, key []object, change ...object) object {
	x := object{"IndexName": name, "KeySchema": key, "Projection": object{"ProjectionType": "ALL"}}
	return with(x, change...)
}

// with changes members of an object; a nil value removes the member.
func with(o object, changes ...object) object {
	for _, change := range changes {
		for name, v := range change {
			if o[name] = v; v == nil {
				delete(o, name)
			}
		}
	}
	return o
}

// createBody returns a CreateTable of a table with the key id:S, changed.
func createBody(changes ...object) request {
	in := with(object{
		"TableName": "$plain-created", "BillingMode": "PAY_PER_REQUEST",
		"AttributeDefinitions": attributes("id:S"), "KeySchema": keys("id"),
	}, changes...)
	body, err := json.Marshal(in)
	if err != nil {
		panic(err)
	}
	return request{"CreateTable", string(body)}
}

// rejectedTable is a CreateTable that is rejected with a ValidationException.
func rejectedTable(name, text string, changes ...object) strictCase {
	return strictCase{name: "create: " + name, request: createBody(changes...), code: validationCode, text: text}
}

func units(read, write int64) object {
	return object{"ReadCapacityUnits": read, "WriteCapacityUnits": write}
}

func tableCases() []strictCase {
	provisioned := object{"BillingMode": nil, "ProvisionedThroughput": units(1, 1)}
	long := strings.Repeat("n", 256)
	return []strictCase{
		rejectedTable("no name", "The parameter 'TableName' is required", object{"TableName": nil}),
		rejectedTable("name of two letters", "Value 'ab' at 'tableName' failed to satisfy constraint: Member must have length greater than or equal to 3", object{"TableName": "ab"}),
		rejectedTable("name of 256 letters", "less than or equal to 255", object{"TableName": long}),
		rejectedTable("name with a space", "regular expression pattern", object{"TableName": "a table"}),
		rejectedTable("no definitions", "Value null at 'attributeDefinitions'", object{"AttributeDefinitions": nil}),
		rejectedTable("no key", "Value null at 'keySchema'", object{"KeySchema": nil}),
		rejectedTable("empty key", "greater than or equal to 1", object{"KeySchema": []object{}}),
		rejectedTable("key of three", "Member must have length less than or equal to 2", object{"AttributeDefinitions": attributes("id:S", "a:S", "b:S"), "KeySchema": keys("id", "a", "b")}),
		rejectedTable("key name of 256 bytes", "less than or equal to 255", object{"AttributeDefinitions": attributes(long + ":S"), "KeySchema": keys(long)}),
		rejectedTable("key name of 256 bytes in fewer characters", "less than or equal to 255", object{"AttributeDefinitions": attributes(strings.Repeat("é", 128) + ":S"), "KeySchema": keys(strings.Repeat("é", 128))}),
		rejectedTable("empty key name", "greater than or equal to 1", object{"AttributeDefinitions": attributes(":S"), "KeySchema": keys("")}),
		rejectedTable("key type", "Value 'SORT' at 'keySchema.1.member.keyType' failed to satisfy constraint: Member must satisfy enum value set: [HASH, RANGE]", object{"KeySchema": []object{{"AttributeName": "id", "KeyType": "SORT"}}}),
		rejectedTable("attribute type", "Member must satisfy enum value set: [B, N, S]", object{"AttributeDefinitions": attributes("id:BOOL")}),
		rejectedTable("attribute defined twice", "Duplicate AttributeName in AttributeDefinitions: id", object{"AttributeDefinitions": attributes("id:S", "id:S")}),
		rejectedTable("attribute defined twice, differently", "Duplicate AttributeName", object{"AttributeDefinitions": attributes("id:S", "id:N")}),
		rejectedTable("attribute defined twice beside an index", "Duplicate AttributeName", object{
			"AttributeDefinitions": attributes("id:S", "a:S", "a:N"), "GlobalSecondaryIndexes": []object{indexOn("by_a", keys("a"))},
		}),
		rejectedTable("attribute that is not used", "does not exactly match", object{"AttributeDefinitions": attributes("id:S", "a:S")}),
		rejectedTable("attribute that is not used beside an index", "Some AttributeDefinitions are not used. AttributeDefinitions: [a, b, id], keys used: [a, id]", object{
			"AttributeDefinitions": attributes("id:S", "a:S", "b:S"), "GlobalSecondaryIndexes": []object{indexOn("by_a", keys("a"))},
		}),
		rejectedTable("attribute that is not defined", "not defined in AttributeDefinitions", object{"KeySchema": keys("other")}),
		rejectedTable("fewer attributes than keys", "Some index key attribute have no definition", object{"KeySchema": keys("id", "id")}),
		rejectedTable("key of one attribute twice", "have the same name", object{"AttributeDefinitions": attributes("id:S", "a:S"), "KeySchema": keys("id", "id")}),
		rejectedTable("sort key first", "is not a HASH key type", object{"KeySchema": []object{{"AttributeName": "id", "KeyType": "RANGE"}}}),
		rejectedTable("two partition keys", "is not a RANGE key type", object{
			"AttributeDefinitions": attributes("id:S", "a:S"), "KeySchema": append(keys("id"), keys("a")...),
		}),

		rejectedTable("billing mode", "Value 'FREE' at 'billingMode' failed to satisfy constraint: Member must satisfy enum value set: [PROVISIONED, PAY_PER_REQUEST]", object{"BillingMode": "FREE"}),
		rejectedTable("throughput of an on-demand table", "can be specified when BillingMode is PAY_PER_REQUEST", object{"ProvisionedThroughput": units(1, 1)}),
		rejectedTable("no throughput", "must both be specified when BillingMode is PROVISIONED", object{"BillingMode": nil}),
		rejectedTable("no throughput of a provisioned table", "must both be specified", object{"BillingMode": "PROVISIONED"}),
		rejectedTable("half a throughput", "Value null at 'provisionedThroughput.writeCapacityUnits'", provisioned, object{"ProvisionedThroughput": object{"ReadCapacityUnits": 1}}),
		rejectedTable("throughput of 0", "Value '0' at 'provisionedThroughput.writeCapacityUnits' failed to satisfy constraint: Member must have value greater than or equal to 1", provisioned, object{"ProvisionedThroughput": units(1, 0)}),
		rejectedTable("negative throughput", "Value '-1' at 'provisionedThroughput.readCapacityUnits'", provisioned, object{"ProvisionedThroughput": units(-1, 1)}),
		rejectedTable("throughput out of bounds", "Given value 1000000000001 for WriteCapacityUnits is out of bounds", provisioned, object{"ProvisionedThroughput": units(1, 1_000_000_000_001)}),
		rejectedTable("maximum of a provisioned table", "OnDemandThroughput", provisioned, object{"OnDemandThroughput": object{"MaxWriteRequestUnits": 5}}),
		rejectedTable("maximum of 0", "must be -1 or at least 1", object{"OnDemandThroughput": object{"MaxWriteRequestUnits": 0}}),

		rejectedTable("table class", "Value 'GOLD' at 'tableClass' failed to satisfy constraint: Member must satisfy enum value set: [STANDARD, STANDARD_INFREQUENT_ACCESS]", object{"TableClass": "GOLD"}),
		rejectedTable("stream without a view", "StreamViewType", object{"StreamSpecification": object{"StreamEnabled": true}}),
		rejectedTable("view without a stream", "stream disabled", object{"StreamSpecification": object{"StreamEnabled": false, "StreamViewType": "NEW_IMAGE"}}),
		rejectedTable("view", "streamSpecification.streamViewType", object{"StreamSpecification": object{"StreamEnabled": true, "StreamViewType": "ALL"}}),
		rejectedTable("encryption", "sSESpecification.sSEType", object{"SSESpecification": object{"Enabled": true, "SSEType": "DES"}}),
		rejectedTable("tag without a value", "tags.1.member.value", object{"Tags": []object{{"Key": "a"}}}),
		rejectedTable("equal tags", "unique", object{"Tags": []object{{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}}}),
		{name: "create: key that is a list", request: createBody(object{"KeySchema": "id"}), code: serializationCode},
		{name: "create: throughput that is a text", request: createBody(provisioned, object{"ProvisionedThroughput": object{"ReadCapacityUnits": "1", "WriteCapacityUnits": "1"}}), code: serializationCode},
	}
}

func globalIndexCases() []strictCase {
	one := func(changes ...object) []object {
		return []object{indexOn("by_a", keys("a"), changes...)}
	}
	global := func(name, text string, indexes []object, changes ...object) strictCase {
		return rejectedTable(name, text, append([]object{{"AttributeDefinitions": attributes("id:S", "a:S", "b:S"), "GlobalSecondaryIndexes": indexes}}, changes...)...)
	}
	projection := func(name, text string, p any) strictCase {
		return global(name, text, one(object{"Projection": p, "KeySchema": keys("a", "b")}))
	}
	var many []object
	for i := range 21 {
		many = append(many, indexOn(fmt.Sprintf("index%d", i), keys("a", "b")))
	}
	provisioned := object{"BillingMode": nil, "ProvisionedThroughput": units(1, 1)}
	return []strictCase{
		global("no global indexes", "List of GlobalSecondaryIndexes is empty", []object{}, object{"AttributeDefinitions": attributes("id:S")}),
		global("21 global indexes", "exceeds the per-table limit of 20", many),
		global("global index without a name", "globalSecondaryIndexes.1.member.indexName", one(object{"IndexName": nil})),
		global("global index name of two letters", "Value 'by' at 'globalSecondaryIndexes.1.member.indexName' failed to satisfy constraint: Member must have length greater than or equal to 3", one(object{"IndexName": "by"})),
		global("global index name of 256 letters", "less than or equal to 255", one(object{"IndexName": strings.Repeat("n", 256)})),
		global("global index name with a slash", "regular expression pattern", one(object{"IndexName": "by/a"})),
		global("global index without a key", "globalSecondaryIndexes.1.member.keySchema", one(object{"KeySchema": nil})),
		global("global index with an undefined key", "not defined in AttributeDefinitions", one(object{"KeySchema": keys("c")})),
		global("global indexes of one name", "Duplicate index name: by_a", append(one(), one(object{"KeySchema": keys("b")})...)),
		global("throughput of an on-demand index", "ProvisionedThroughput should not be specified for index: by_a", one(object{"ProvisionedThroughput": units(1, 1), "KeySchema": keys("a", "b")})),
		global("throughput of an index left out", "ProvisionedThroughput must be specified for index: by_a", one(object{"KeySchema": keys("a", "b")}), provisioned),
		global("throughput of an index of 0", "globalSecondaryIndexes.1.member.provisionedThroughput.writeCapacityUnits", one(object{"ProvisionedThroughput": units(1, 0), "KeySchema": keys("a", "b")}), provisioned),
		projection("no projection", "globalSecondaryIndexes.1.member.projection", nil),
		projection("empty projection", "Unknown ProjectionType: null", object{}),
		projection("projection type", "Member must satisfy enum value set: [ALL, INCLUDE, KEYS_ONLY]", object{"ProjectionType": "SOME"}),
		projection("INCLUDE of nothing", "ProjectionType is INCLUDE, but NonKeyAttributes is not specified", object{"ProjectionType": "INCLUDE"}),
		projection("INCLUDE of an empty list", "Member must have length greater than or equal to 1", object{"ProjectionType": "INCLUDE", "NonKeyAttributes": []string{}}),
		projection("ALL with attributes", "ProjectionType is ALL, but NonKeyAttributes is specified", object{"ProjectionType": "ALL", "NonKeyAttributes": []string{"x"}}),
		projection("KEYS_ONLY with attributes", "ProjectionType is KEYS_ONLY, but NonKeyAttributes is specified", object{"ProjectionType": "KEYS_ONLY", "NonKeyAttributes": []string{"x"}}),
		projection("projected name of 256 bytes", "less than or equal to 255", object{"ProjectionType": "INCLUDE", "NonKeyAttributes": []string{strings.Repeat("n", 256)}}),
		global("101 projected attributes", "per-table limit of 100", append(including("one", 0, 60), including("two", 60, 101)...)),
	}
}

// including returns an index that projects the attributes x<from> up to x<to>.
func including(name string, from, to int) []object {
	var projected []string
	for i := from; i < to; i++ {
		projected = append(projected, fmt.Sprintf("x%d", i))
	}
	return []object{indexOn(name, keys("a", "b"), object{"Projection": object{"ProjectionType": "INCLUDE", "NonKeyAttributes": projected}})}
}

func localIndexCases() []strictCase {
	local := func(name, text string, indexes []object, changes ...object) strictCase {
		return rejectedTable(name, text, append([]object{{
			"AttributeDefinitions": attributes("id:S", "sk:S", "a:S"), "KeySchema": keys("id", "sk"), "LocalSecondaryIndexes": indexes,
		}}, changes...)...)
	}
	by := func(name string, key []object, change ...object) []object {
		return []object{indexOn(name, key, change...)}
	}
	var six []object
	for i := range 6 {
		six = append(six, indexOn(fmt.Sprintf("index%d", i), keys("id", "a")))
	}
	return []strictCase{
		local("no local indexes", "List of LocalSecondaryIndexes is empty", []object{}, object{"AttributeDefinitions": attributes("id:S", "sk:S")}),
		local("6 local indexes", "Number of LocalSecondaryIndexes exceeds per-table limit of 5", six),
		local("local index without a sort key", "Index KeySchema does not have a range key for index: by_a", by("by_a", keys("id")), object{"AttributeDefinitions": attributes("id:S", "sk:S")}),
		local("local index of a table without a sort key", "Table KeySchema does not have a range key", by("by_a", keys("id", "a")), object{"AttributeDefinitions": attributes("id:S", "a:S"), "KeySchema": keys("id")}),
		local("local index with another partition key", "does not have the same leading hash key as table KeySchema for index: by_a. index hash key: a, table hash key: id", by("by_a", keys("a", "sk"))),
		local("local index name of two letters", "localSecondaryIndexes.1.member.indexName", by("by", keys("id", "a"))),
		local("local index projection", "ProjectionType is INCLUDE, but NonKeyAttributes is not specified", by("by_a", keys("id", "a"), object{"Projection": object{"ProjectionType": "INCLUDE"}})),
		local("local indexes of one name", "Duplicate index name: by_a", append(by("by_a", keys("id", "a")), by("by_a", keys("id", "a"))...)),
		local("local and global index of one name", "Duplicate index name: by_a", by("by_a", keys("id", "a")), object{"GlobalSecondaryIndexes": by("by_a", keys("a"))}),
	}
}

// callCases are the names of tables, and the order of checks, in all operations.
func callCases() []strictCase {
	var cases []strictCase
	for op, rest := range map[string]string{
		"DescribeTable": "", "DeleteTable": "", "Scan": "", "GetItem": `,"Key":{"id":{"S":"a"}}`, "PutItem": `,"Item":{"id":{"S":"a"}}`,
	} {
		for name, table := range map[string]string{
			"no table": `"Unused":null`, "null table": `"TableName":null`, "empty table": `"TableName":""`, "table of two letters": `"TableName":"ab"`,
			"table of 256 letters": `"TableName":"` + strings.Repeat("n", 256) + `"`, "table with a space": `"TableName":"a b c"`,
			"table that is an ARN of nothing": `"TableName":"arn:aws:dynamodb"`,
		} {
			cases = append(cases, strictCase{name: op + ": " + name, request: request{op, `{` + table + rest + `}`}, code: validationCode, text: "ableName'"})
		}
		cases = append(cases, strictCase{name: op + ": table that is a number", request: request{op, `{"TableName":1` + rest + `}`}, code: serializationCode})
	}
	absent := func(op, rest string) request { return request{op, `{"TableName":"$plain-not-there",` + rest + `}`} }
	batch := func(items string) request { return request{"BatchWriteItem", `{"RequestItems":{` + items + `}}`} }
	return append(cases,
		strictCase{name: "bad value for a table that is not there", request: absent("PutItem", `"Item":{"id":{"N":"x"}}`), code: validationCode, text: "cannot be converted"},
		strictCase{name: "bad value in a batch for a table that is not there", request: batch(`"$plain-not-there":[{"PutRequest":{"Item":{"id":{"N":"x"}}}}]`), code: validationCode, text: "cannot be converted"},
		strictCase{name: "bad key for a table that is not there", request: absent("GetItem", `"Key":{"id":{}}`), code: validationCode, text: "is empty"},
		strictCase{name: "bad start for a table that is not there", request: absent("Scan", `"ExclusiveStartKey":{"id":{"N":"x"}}`), code: validationCode, text: "cannot be converted"},
		strictCase{name: "get without a key", request: absent("GetItem", `"ConsistentRead":true`), code: validationCode, text: "'key'"},
		strictCase{name: "get without a key of a table that is there", request: request{"GetItem", `{"TableName":"$plain"}`}, code: validationCode, text: "'key'"},
		strictCase{name: "null for a table in a batch", request: batch(`"$plain":null`), code: validationCode},
		strictCase{name: "malformed table in a batch", request: batch(`"bad!name":[{"PutRequest":{"Item":{"id":{"S":"a"}}}}]`), code: validationCode, text: "Map keys must satisfy constraint"},
		strictCase{name: "table of two letters in a batch", request: batch(`"ab":[{"PutRequest":{"Item":{"id":{"S":"a"}}}}]`), code: validationCode},
	)
}
