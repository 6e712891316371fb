package dynamodesttest_test

import (
	"fmt"
	"strings"
)

// conditional returns a PutItem of an item that has only a key, with further members.
func conditional(id, members string) request {
	return request{"PutItem", fmt.Sprintf(`{"TableName":"$plain","Item":{"id":{"S":%q}},%s}`, id, members)}
}

// conditionCases are conditions that DynamoDB rejects before it looks at the item.
func conditionCases() []strictCase {
	value := func(expression, v string) string {
		return fmt.Sprintf(`"ConditionExpression":%q,"ExpressionAttributeValues":{":v":%s}`, expression, v)
	}
	name := func(expression string) string {
		return fmt.Sprintf(`"ConditionExpression":%q,"ExpressionAttributeNames":{"#k":"id"}`, expression)
	}
	plain := func(expression string) string { return fmt.Sprintf(`"ConditionExpression":%q`, expression) }
	long := strings.Repeat("attribute_exists(id) AND ", 200) + "attribute_exists(id)"
	var cases []strictCase
	for _, c := range []struct{ name, members string }{
		{"empty", plain("")},
		{"blank", plain("  ")},
		{"of more than 4,096 bytes", plain(long)},
		{"nested deeply", plain(strings.Repeat("(", 100_000))},
		{"without values in ExpressionAttributeValues", `"ConditionExpression":"attribute_exists(id)","ExpressionAttributeValues":{}`},
		{"without names in ExpressionAttributeNames", `"ConditionExpression":"attribute_exists(id)","ExpressionAttributeNames":{}`},
		{"with a name that lacks the #", `"ConditionExpression":"attribute_exists(k)","ExpressionAttributeNames":{"k":"id"}`},
		{"with a value that lacks the colon", `"ConditionExpression":"id = v","ExpressionAttributeValues":{"v":{"S":"a"}}`},
		{"with a bad number", value("id = :v", `{"N":"1e126"}`)},
		{"with a value of no type", value("id = :v", `{}`)},
		{"of < with a BOOL", value("id < :v", `{"BOOL":true}`)},
		{"of <= with a NULL", value("id <= :v", `{"NULL":true}`)},
		{"of > with a list", value("id > :v", `{"L":[]}`)},
		{"of >= with a set", value("id >= :v", `{"SS":["a"]}`)},
		{"of < with a map on the left", value(":v < id", `{"M":{}}`)},
		{"of AND alone", plain("AND")},
		{"of a comparison with a keyword", value("AND = :v", `{"S":"a"}`)},
		{"of a function of a keyword", plain("attribute_exists(OR)")},
		{"of a function of a number", plain("attribute_exists(1a)")},
		{"of a function of a sign", plain("attribute_exists(!)")},
		{"of a function of a value", value("attribute_exists(:v)", `{"S":"a"}`)},
		{"of a function of nothing", plain("attribute_exists()")},
		{"of a function of two names", plain("attribute_exists(a, b)")},
		{"of a function without parentheses", plain("attribute_exists id")},
		{"of a function in capitals", plain("ATTRIBUTE_EXISTS(id)")},
		{"of a name alone", name("#k")},
		{"of three operands", value("id = :v = :v", `{"S":"a"}`)},
		{"of unknown comparator", value("id == :v", `{"S":"a"}`)},
		{"of comparator cut in two", value("id < = :v", `{"S":"a"}`)},
		{"of a closing parenthesis too many", plain("attribute_exists(id))")},
		{"in double parentheses", plain("((attribute_exists(id)))")},
		{"of empty parentheses", plain("()")},
		{"of AND without a second term", plain("attribute_exists(id) AND")},
		{"of OR without a first term", plain("OR attribute_exists(id)")},
		{"of AND and OR in a row", plain("attribute_exists(id) AND OR attribute_exists(id)")},
		{"that compares a name with itself", name("#k = id")},
	} {
		cases = append(cases, strictCase{name: "condition " + c.name, request: conditional("r", c.members), code: validationCode})
	}
	return cases
}

// comparisonCases are comparisons of an attribute of the item in the table with a value.
func comparisonCases() []strictCase {
	var cases []strictCase
	add := func(there, comparison, v string, holds bool) {
		c := strictCase{name: fmt.Sprintf("comparison %s %s %s", there, comparison, v)}
		item := withValue(c.name, there)
		if there == "" {
			item = fmt.Sprintf(`{"id":{"S":%q}}`, c.name)
		}
		c.setup = []request{putBody("plain", item)}
		c.request = conditional(c.name, fmt.Sprintf(`"ConditionExpression":"v %s :v","ExpressionAttributeValues":{":v":%s}`, comparison, v))
		if !holds {
			c.code, c.text, c.shows = "ConditionalCheckFailedException", "The conditional request failed", `{}`
		}
		cases = append(cases, c)
	}
	// Each pair is in ascending order. The texts and the bytes differ in their order from that of
	// UTF-16 units, of signed bytes and of base64.
	for _, pair := range [][2]string{
		{`{"N":"9"}`, `{"N":"10"}`}, {`{"N":"-10"}`, `{"N":"-9"}`}, {`{"N":"-1"}`, `{"N":"0"}`}, {`{"N":"1E-130"}`, `{"N":"1E-129"}`},
		{`{"N":"0.09"}`, `{"N":"0.1"}`}, {`{"N":"99999999999999999999999999999999999998"}`, `{"N":"99999999999999999999999999999999999999"}`},
		{`{"S":"a"}`, `{"S":"ab"}`}, {`{"S":"Z"}`, `{"S":"a"}`}, {`{"S":""}`, `{"S":"a"}`}, {`{"S":"\uff5a"}`, `{"S":"\ud83d\ude00"}`},
		{`{"B":"AA=="}`, `{"B":"/w=="}`}, {`{"B":"fw=="}`, `{"B":"gA=="}`}, {`{"B":"YQ=="}`, `{"B":"YWE="}`},
	} {
		low, high := pair[0], pair[1]
		add(low, "<=", high, true)
		add(high, "<=", low, false)
		add(low, "<", high, true)
		add(high, ">=", low, true)
		add(low, "=", high, false)
		add(low, "<>", high, true)
		add(low, "<=", low, true)
		add(low, "<", low, false)
		add(high, ">", high, false)
		add(high, "=", high, true)
		add(high, "<>", high, false)
	}
	add(`{"N":"1.0"}`, "=", `{"N":"10e-1"}`, true)
	for _, there := range []string{"", `{"NULL":true}`, `{"S":"1"}`, `{"L":[]}`} {
		for _, comparison := range []string{"=", "<", "<=", ">", ">="} {
			add(there, comparison, `{"N":"1"}`, false)
		}
		add(there, "<>", `{"N":"1"}`, true)
	}
	return cases
}

// deleteCases are deletes in a BatchWriteItem.
func deleteCases() []strictCase {
	body := func(table, members string) request {
		return request{"BatchWriteItem", fmt.Sprintf(`{"RequestItems":{"$%s":[%s]},"ReturnConsumedCapacity":"TOTAL"}`, table, members)}
	}
	del := func(key string) string { return `{"DeleteRequest":{"Key":` + key + `}}` }
	put := func(item string) string { return `{"PutRequest":{"Item":` + item + `}}` }
	units := func(n int) string {
		return fmt.Sprintf(`{"UnprocessedItems":{},"ConsumedCapacity":[{"TableName":"$plain","CapacityUnits":%d}]}`, n)
	}
	rejected := func(name string, r request, text string) strictCase {
		return strictCase{name: name, request: r, code: validationCode, text: text}
	}
	const noMatch = "The provided key element does not match the schema"
	of := func(id string) string { return fmt.Sprintf(`{"id":{"S":%q}}`, id) }
	return []strictCase{
		{name: "delete of nothing", request: body("plain", del(of("delete nothing"))), shows: units(1)},
		{
			name: "delete of 1,024 bytes", setup: []request{putBody("plain", sized("delete 1024", `{"S":""}`, 0, 1024, "x"))},
			request: body("plain", del(of("delete 1024"))), shows: units(1),
		},
		{
			name: "delete of 1,025 bytes", setup: []request{putBody("plain", sized("delete 1025", `{"S":""}`, 0, 1025, "x"))},
			request: body("plain", del(of("delete 1025"))), shows: units(2),
		},
		{
			name: "deletes and a put in a batch", setup: []request{putBody("plain", sized("delete mixed", `{"S":""}`, 0, 3000, "x"))},
			request: body("plain", del(of("delete mixed"))+","+put(of("put mixed"))+","+del(of("delete other"))), shows: units(5),
		},
		{
			name: "a deleted item is gone", setup: []request{putBody("plain", of("delete gone")), body("plain", del(of("delete gone")))},
			request: getBody("plain", of("delete gone")), shows: `{}`,
		},
		{
			name: "delete by a number key equal by value", setup: []request{putBody("number", `{"id":{"N":"77"}}`), body("number", del(`{"id":{"N":"7.70e1"}}`))},
			request: getBody("number", `{"id":{"N":"77"}}`), shows: `{}`,
		},
		rejected("delete with more than the key", body("plain", del(`{"id":{"S":"a"},"v":{"S":"a"}}`)), noMatch),
		rejected("delete with a part of the key", body("pair", del(of("a"))), noMatch),
		rejected("delete without the key", body("plain", del(`{"v":{"S":"a"}}`)), noMatch),
		rejected("delete with an empty Key", body("plain", del(`{}`)), noMatch),
		rejected("delete with a key of another type", body("plain", del(`{"id":{"N":"1"}}`)), noMatch),
		rejected("delete with a null key", body("plain", del(`{"id":{"NULL":true}}`)), noMatch),
		rejected("delete with an empty key attribute", body("plain", del(of(""))), "empty string value. Key: id"),
		rejected("delete with a partition key of 2,049 bytes", body("plain", del(of(strings.Repeat("x", 2049)))), "size limit of2048 bytes"),
		rejected("delete with a bad number", body("number", del(`{"id":{"N":"1e126"}}`)), "Number overflow"),
		rejected("delete without Key", body("plain", `{"DeleteRequest":{}}`), ""),
		rejected("equal keys in two deletes", body("plain", del(of("a"))+","+del(of("a"))), "duplicates"),
		rejected("delete and put of a key equal by value", body("number", del(`{"id":{"N":"1"}}`)+","+put(`{"id":{"N":"1.0"}}`)), "duplicates"),
		{
			name: "batch of a good delete and a bad one", setup: []request{putBody("plain", of("delete atomic"))},
			request: body("plain", del(of("delete atomic"))+","+del(of(""))), code: validationCode,
		},
		{name: "a rejected batch deleted nothing", request: getBody("plain", of("delete atomic")), shows: `{"Item":{"id":{"S":"delete atomic"}}}`},
	}
}
