package dynamodesttest_test

import (
	"encoding/base64"
	"fmt"
	"strings"
)

func keyCases() []strictCase {
	x := func(n int) string { return strings.Repeat("x", n) }
	b := func(n int) string { return base64.StdEncoding.EncodeToString([]byte(x(n))) }
	pair := func(sk string) string { return fmt.Sprintf(`{"id":{"S":"k"},"sk":%s}`, sk) }
	rejected := func(name, table, item, text string) strictCase {
		return strictCase{name: name, request: putBody(table, item), code: validationCode, text: text}
	}
	inBatch := func(name, table, item string) strictCase {
		return strictCase{name: name + " in a batch", request: batchBody(table, item), code: validationCode, text: "The provided key element does not match the schema"}
	}
	return []strictCase{
		{name: "partition key of 2,048 bytes", request: putBody("plain", `{"id":{"S":"`+x(2048)+`"}}`)},
		rejected("partition key of 2,049 bytes", "plain", `{"id":{"S":"`+x(2049)+`"}}`, "size limit of2048 bytes"),
		{name: "binary partition key of 2,048 bytes", request: putBody("binary", `{"id":{"B":"`+b(2048)+`"}}`)},
		rejected("binary partition key of 2,049 bytes", "binary", `{"id":{"B":"`+b(2049)+`"}}`, "size limit of2048 bytes"),
		{
			name: "partition key of 2,050 bytes in 1,025 characters", request: putBody("plain", `{"id":{"S":"`+strings.Repeat("é", 1025)+`"}}`),
			code: validationCode, text: "size limit of2048 bytes",
		},
		{name: "sort key of 1,024 bytes", request: putBody("pair", pair(`{"S":"`+x(1024)+`"}`))},
		rejected("sort key of 1,025 bytes", "pair", pair(`{"S":"`+x(1025)+`"}`), "Aggregated size of all range keys"),
		rejected("empty partition key", "plain", `{"id":{"S":""}}`, "empty string value. Key: id"),
		rejected("empty binary partition key", "binary", `{"id":{"B":""}}`, "empty binary value. Key: id"),
		rejected("empty sort key", "pair", pair(`{"S":""}`), "empty string value. Key: sk"),
		rejected("no partition key", "plain", `{"v":{"S":"a"}}`, "Missing the key id in the item"),
		rejected("no sort key", "pair", `{"id":{"S":"a"}}`, "Missing the key sk in the item"),
		rejected("partition key of another type", "plain", `{"id":{"N":"1"}}`, "Type mismatch for key id expected: S actual: N"),
		rejected("null partition key", "plain", `{"id":{"NULL":true}}`, "Type mismatch for key id expected: S actual: NULL"),
		rejected("string for a number key", "number", `{"id":{"S":"1"}}`, "Type mismatch for key id expected: N actual: S"),
		inBatch("no partition key", "plain", `{"v":{"S":"a"}}`),
		inBatch("partition key of another type", "plain", `{"id":{"N":"1"}}`),
		inBatch("sort key that is a list", "pair", pair(`{"L":[]}`)),
		{name: "empty partition key in a batch", request: batchBody("plain", `{"id":{"S":""}}`), code: validationCode, text: "empty string value. Key: id"},
		{
			name: "a number key is equal by value", setup: []request{putBody("number", `{"id":{"N":"1"},"v":{"S":"old"}}`), putBody("number", `{"id":{"N":"1.0e0"},"v":{"S":"new"}}`)},
			request: getBody("number", `{"id":{"N":"01"}}`), shows: `{"Item":{"id":{"N":"1"},"v":{"S":"new"}}}`,
		},
		{name: "key with more than the key", request: getBody("plain", `{"id":{"S":"a"},"v":{"S":"a"}}`), code: validationCode},
	}
}

func indexCases() []strictCase {
	indexed := func(attrs string) request { return putBody("indexed", `{"id":{"S":"i"},`+attrs+`}`) }
	rejected := func(name, attrs, text string) strictCase {
		return strictCase{name: name, request: indexed(attrs), code: validationCode, text: text}
	}
	long := strings.Repeat("x", 2049)
	return []strictCase{
		{name: "item in no index", request: putBody("indexed", `{"id":{"S":"i"}}`)},
		{name: "item in half an index", request: indexed(`"gk":{"S":"a"}`)},
		{name: "item in an index", request: indexed(`"gk":{"S":"a"},"gs":{"N":"1"}`)},
		rejected("null index key", `"gk":{"NULL":true}`, "Type mismatch for Index Key gk Expected: S Actual: NULL IndexName: global"),
		rejected("index sort key of another type", `"gk":{"S":"a"},"gs":{"S":"1"}`, "Type mismatch for Index Key gs Expected: N Actual: S IndexName: global"),
		rejected("index sort key of another type without the partition key", `"gs":{"S":"1"}`, "IndexName: global"),
		rejected("empty index key", `"gk":{"S":""}`, "IndexName: global, IndexKey: gk"),
		rejected("index partition key of 2,049 bytes", `"gk":{"S":"`+long+`"},"gs":{"N":"1"}`, "Size limit exceeded for Index Key gk Actual Size: 2049 bytes Max Size: 2048 bytes IndexName: global"),
		{name: "index partition key of 2,049 bytes without the sort key", request: indexed(`"gk":{"S":"` + long + `"}`)},
		{name: "null index key in a batch", request: batchBody("indexed", `{"id":{"S":"i"},"gk":{"NULL":true}}`), code: validationCode, text: "IndexName: global"},
		{name: "item in a multi-attribute index", request: putBody("many", `{"id":{"S":"i"},"a":{"S":"1"},"b":{"N":"2"},"c":{"B":"YQ=="}}`)},
		{name: "item without one part of a multi-attribute index key", request: putBody("many", `{"id":{"S":"i"},"a":{"S":"1"}}`)},
		{name: "one part of a multi-attribute index key of 2,049 bytes without another part", request: putBody("many", `{"id":{"S":"i"},"a":{"S":"`+long+`"},"b":{"N":"2"}}`)},
		{name: "one part of a multi-attribute index key of 2,049 bytes", request: putBody("many", `{"id":{"S":"i"},"a":{"S":"`+long+`"},"b":{"N":"2"},"c":{"B":"YQ=="}}`), code: validationCode, text: "Size limit exceeded for Index Key a"},
		{name: "one part of a multi-attribute index key of another type", request: putBody("many", `{"id":{"S":"i"},"b":{"S":"2"}}`), code: validationCode, text: "Type mismatch for Index Key b"},
		{name: "one part of a multi-attribute index key empty", request: putBody("many", `{"id":{"S":"i"},"c":{"B":""}}`), code: validationCode, text: "IndexKey: c"},
	}
}

func ids(n int) []string {
	items := make([]string, n)
	for i := range items {
		items[i] = fmt.Sprintf(`{"id":{"S":"batch %d"}}`, i)
	}
	return items
}

func batchCases() []strictCase {
	over := func(first, second string) request {
		return request{"BatchWriteItem", fmt.Sprintf(`{"RequestItems":{"$plain":[%s],"$number":[%s]}}`, first, second)}
	}
	put := func(item string) string { return `{"PutRequest":{"Item":` + item + `}}` }
	thirteen := make([]string, 13)
	numbers := make([]string, 13)
	for i := range thirteen {
		thirteen[i] = put(fmt.Sprintf(`{"id":{"S":"two %d"}}`, i))
		numbers[i] = put(fmt.Sprintf(`{"id":{"N":"%d"}}`, i))
	}
	rejected := func(name string, r request, text string) strictCase {
		return strictCase{name: name, request: r, code: validationCode, text: text}
	}
	body := func(b string) request { return request{"BatchWriteItem", b} }
	return []strictCase{
		{name: "batch of 25", request: batchBody("plain", ids(25)...), shows: `{"UnprocessedItems":{}}`},
		rejected("batch of 26", batchBody("plain", ids(26)...), "less than or equal to 25"),
		{name: "batch of 25 over two tables", request: over(strings.Join(thirteen, ","), strings.Join(numbers[:12], ","))},
		rejected("batch of 26 over two tables", over(strings.Join(thirteen, ","), strings.Join(numbers, ",")), "less than or equal to 25"),
		rejected("batch of nothing", body(`{"RequestItems":{}}`), "greater than or equal to 1"),
		rejected("batch without RequestItems", body(`{}`), ""),
		rejected("batch with nothing for a table", body(`{"RequestItems":{"$plain":[]}}`), "greater than or equal to 1"),
		rejected("batch with an empty request", body(`{"RequestItems":{"$plain":[{}]}}`), ""),
		rejected("batch with a put and a delete in one", body(`{"RequestItems":{"$plain":[{"PutRequest":{"Item":{"id":{"S":"a"}}},"DeleteRequest":{"Key":{"id":{"S":"a"}}}}]}}`), ""),
		rejected("equal keys in a batch", batchBody("plain", `{"id":{"S":"a"}}`, `{"id":{"S":"a"},"v":{"S":"b"}}`), "duplicates"),
		rejected("keys equal by value in a batch", batchBody("number", `{"id":{"N":"1"}}`, `{"id":{"N":"1.0"}}`), "duplicates"),
		rejected("put and delete of a key in a batch", body(`{"RequestItems":{"$plain":[{"PutRequest":{"Item":{"id":{"S":"a"}}}},{"DeleteRequest":{"Key":{"id":{"S":"a"}}}}]}}`), "duplicates"),
		{name: "equal keys in two tables", request: over(put(`{"id":{"S":"1"}}`), put(`{"id":{"N":"1"}}`))},
		{name: "batch to a table that is not there", request: batchBody("plain-not-there", `{"id":{"S":"a"}}`), code: "ResourceNotFoundException", text: "Requested resource not found"},
		{
			name: "batch to a table by ARN", request: body(`{"RequestItems":{"$arn:plain":[` + put(`{"id":{"S":"arn"}}`) + `]}}`),
		},
		rejected("good item with a bad one", batchBody("plain", `{"id":{"S":"atomic"}}`, `{"id":{"S":""}}`), "empty string"),
		{name: "a rejected batch wrote nothing", request: getBody("plain", `{"id":{"S":"atomic"}}`), shows: `{}`},
		{
			name: "batch beyond the capacity", request: batchBody("scarce", ids(2)...),
			shows: `{"UnprocessedItems":{"$scarce":[{"PutRequest":{"Item":{"id":{"S":"batch 1"}}}}]}}`,
		},
		{
			name: "consumed capacity", request: body(`{"RequestItems":{"$indexed":[` + put(`{"id":{"S":"units"},"gk":{"S":"a"},"gs":{"N":"1"},"p":{"S":"`+strings.Repeat("x", 1024)+`"}}`) + `]},"ReturnConsumedCapacity":"INDEXES"}`),
			shows: `{"UnprocessedItems":{},"ConsumedCapacity":[{"TableName":"$indexed","CapacityUnits":4,"Table":{"CapacityUnits":2},"GlobalSecondaryIndexes":{"global":{"CapacityUnits":2}}}]}`,
		},
	}
}

func requestCases() []strictCase {
	pad := func(size int) request {
		r := putBody("plain", `{"id":{"S":"padded"}}`)
		r.body += fmt.Sprintf("$fill:%d", size)
		return r
	}
	onKey := `"ConditionExpression":"attribute_not_exists(#k)","ExpressionAttributeNames":{"#k":"id"}`
	never := `"ConditionExpression":"attribute_exists(#k) AND attribute_not_exists(#k)","ExpressionAttributeNames":{"#k":"id"}`
	version := func(v string) string {
		return `"ConditionExpression":"attribute_not_exists(#v) OR #v <= :v","ExpressionAttributeNames":{"#v":"v"},"ExpressionAttributeValues":{":v":` + v + `}`
	}
	return []strictCase{
		{name: "version without an item", request: conditional("version none", version(`{"N":"1"}`))},
		{
			name: "version that is newer", setup: []request{putBody("plain", `{"id":{"S":"version newer"},"v":{"N":"9"}}`)},
			request: conditional("version newer", version(`{"N":"10"}`)),
		},
		{
			name: "version that is equal", setup: []request{putBody("plain", `{"id":{"S":"version equal"},"v":{"N":"1.0"}}`)},
			request: conditional("version equal", version(`{"N":"1"}`)),
		},
		{
			name: "version that is older", setup: []request{putBody("plain", `{"id":{"S":"version older"},"v":{"N":"10"}}`)},
			request: conditional("version older", version(`{"N":"9"}`)), code: "ConditionalCheckFailedException", text: "The conditional request failed",
		},
		{
			name: "version of text that is older", setup: []request{putBody("plain", `{"id":{"S":"version text"},"v":{"S":"91"}}`)},
			request: conditional("version text", version(`{"S":"9"}`)), code: "ConditionalCheckFailedException",
		},
		{
			name: "version of another type", setup: []request{putBody("plain", `{"id":{"S":"version other"},"v":{"S":"1"}}`)},
			request: conditional("version other", version(`{"N":"9"}`)), code: "ConditionalCheckFailedException",
		},
		{
			name: "version against null", setup: []request{putBody("plain", `{"id":{"S":"version null"},"v":{"NULL":true}}`)},
			request: conditional("version null", version(`{"N":"9"}`)), code: "ConditionalCheckFailedException",
		},
		{name: "condition with a value left undefined", request: conditional("r", `"ConditionExpression":"id = :v"`), code: validationCode},
		{name: "value that is not used", request: conditional("r", `"ConditionExpression":"attribute_not_exists(id)","ExpressionAttributeValues":{":v":{"N":"1"}}`), code: validationCode},
		{name: "values without a condition", request: conditional("r", `"ExpressionAttributeValues":{":v":{"N":"1"}}`), code: validationCode},
		{name: "condition that is cut off", request: conditional("r", `"ConditionExpression":"attribute_not_exists(id) OR"`), code: validationCode},
		{name: "body that is not JSON", request: request{"PutItem", `{"TableName":`}, code: serializationCode},
		{name: "value left out", request: request{"PutItem", `{"TableName":"$plain","Item":{"id":{"S":"a"},"v":}}`}, code: serializationCode},
		{name: "item that is a list", request: request{"PutItem", `{"TableName":"$plain","Item":[]}`}, code: serializationCode},
		{name: "no item", request: request{"PutItem", `{"TableName":"$plain"}`}, code: validationCode},
		{name: "unknown operation", request: request{"NoSuchThing", `{}`}, code: "UnknownOperationException"},
		{name: "put to a table that is not there", request: putBody("plain-not-there", `{"id":{"S":"a"}}`), code: "ResourceNotFoundException"},
		{name: "put to a table of two letters", request: request{"PutItem", `{"TableName":"ab","Item":{"id":{"S":"a"}}}`}, code: validationCode},
		{name: "describe a table that is not there", request: request{"DescribeTable", `{"TableName":"$plain-not-there"}`}, code: "ResourceNotFoundException"},
		{name: "body of 16 MiB", request: pad(16 << 20)},
		{name: "body of 16 MiB and a byte", request: pad(16<<20 + 1), code: "HTTP 413"},
		{name: "condition that holds", request: conditional("condition holds", onKey)},
		{
			name: "condition that fails", setup: []request{putBody("plain", `{"id":{"S":"condition fails"}}`)},
			request: conditional("condition fails", onKey), code: "ConditionalCheckFailedException", text: "The conditional request failed", shows: `{}`,
		},
		{
			name: "condition that fails and shows the item", setup: []request{putBody("plain", `{"id":{"S":"condition shows"},"v":{"N":"1.0"}}`)},
			request: conditional("condition shows", onKey+`,"ReturnValuesOnConditionCheckFailure":"ALL_OLD"`),
			code:    "ConditionalCheckFailedException", shows: `{"Item":{"id":{"S":"condition shows"},"v":{"N":"1"}}}`,
		},
		{
			name: "condition that cannot hold, without an item", request: conditional("condition never", never),
			code: "ConditionalCheckFailedException", text: "The conditional request failed", shows: `{}`,
		},
		{
			name: "condition that cannot hold, with an item", setup: []request{putBody("plain", `{"id":{"S":"condition never holds"}}`)},
			request: conditional("condition never holds", never), code: "ConditionalCheckFailedException", shows: `{}`,
		},
		{
			name: "condition on an item that is there", setup: []request{putBody("plain", `{"id":{"S":"condition exists"}}`)},
			request: conditional("condition exists", `"ConditionExpression":"attribute_exists(id)"`),
		},
		{
			name:    "batch of a put without the key",
			request: request{"BatchWriteItem", `{"RequestItems":{"$plain":[{"PutRequest":{"Item":{"other":{"BOOL":true}}}}]}}`},
			code:    validationCode, text: "The provided key element does not match the schema",
		},
		{name: "condition with a name left undefined", request: conditional("r", `"ConditionExpression":"attribute_not_exists(#k)"`), code: validationCode},
		{name: "names without a condition", request: conditional("r", `"ExpressionAttributeNames":{"#k":"id"}`), code: validationCode},
		{name: "name that is not used", request: conditional("r", `"ConditionExpression":"attribute_not_exists(id)","ExpressionAttributeNames":{"#k":"id"}`), code: validationCode},
		{name: "unknown ReturnConsumedCapacity", request: conditional("r", `"ReturnConsumedCapacity":"SOME"`), code: validationCode},
	}
}
