package dynamodesttest_test

import (
	"fmt"
	"strings"
)

// strictCase is one request, and how DynamoDB responds to it.
type strictCase struct {
	name  string
	setup []request
	request
	code  string // of the error; "" for success, "HTTP 413" for a response without a code
	text  string // contained in the double's response
	shows string // JSON of the response, without the code and text of an error
}

// request is an operation and its body. In the body, $plain, $pair, … stand for the names of the
// tables, $arn:plain, … for their ARNs, and a final $fill:N for as many spaces as make the body N
// bytes long.
type request struct{ op, body string }

const (
	validationCode    = "ValidationException"
	serializationCode = "SerializationException"
	success           = "success"
)

func putBody(table, item string) request {
	return request{"PutItem", fmt.Sprintf(`{"TableName":"$%s","Item":%s}`, table, item)}
}

func batchBody(table string, items ...string) request {
	requests := make([]string, len(items))
	for i := range items {
		requests[i] = `{"PutRequest":{"Item":` + items[i] + `}}`
	}
	return request{"BatchWriteItem", fmt.Sprintf(`{"RequestItems":{"$%s":[%s]}}`, table, strings.Join(requests, ","))}
}

func getBody(table, key string) request {
	return request{"GetItem", fmt.Sprintf(`{"TableName":"$%s","Key":%s,"ConsistentRead":true}`, table, key)}
}

// withValue returns an item with the attribute v in addition to its key.
func withValue(id, v string) string { return fmt.Sprintf(`{"id":{"S":%q},"v":%s}`, id, v) }

func strictCases() []strictCase {
	var cases []strictCase
	for _, group := range [][]strictCase{
		numberCases(), valueCases(), nameCases(), sizeCases(), keyCases(), indexCases(), batchCases(), requestCases(),
		conditionCases(), comparisonCases(), deleteCases(), tableCases(), globalIndexCases(), localIndexCases(), callCases(),
	} {
		cases = append(cases, group...)
	}
	return cases
}

func numberCases() []strictCase {
	digits38 := strings.Repeat("9", 38)
	accepted := map[string]string{
		"0": "0", "-0": "0", "+3": "3", ".123": "0.123", "5.": "5", "1e+5": "100000", "1.5E2": "150", "0042.1200": "42.12",
		"00042": "42", "1.0": "1", "-1.50": "-1.5", "0e125": "0", "0e-130": "0", digits38: digits38,
		"1" + strings.Repeat("0", 100): "1" + strings.Repeat("0", 100),
		"1E125":                        "1" + strings.Repeat("0", 125),
		"1E-130":                       "0." + strings.Repeat("0", 129) + "1",
		"-9.9999999999999999999999999999999999999E+125": "-" + digits38 + strings.Repeat("0", 88),
		"0.000" + digits38: "0.000" + digits38,
	}
	rejected := map[string]string{
		"": "cannot be converted", " 1": "cannot be converted", "1 ": "cannot be converted", "NaN": "cannot be converted",
		"Infinity": "cannot be converted", "0x1": "cannot be converted", "abc": "cannot be converted", "1e": "cannot be converted",
		"1_000": "cannot be converted", "--1": "cannot be converted", ".": "cannot be converted", "1e1.5": "cannot be converted",
		"1E126": "Number overflow", "-1E126": "Number overflow", "1E-131": "Number underflow", "-1E-131": "Number underflow",
		"0e126": "Number overflow", "0e-131": "Number underflow", "1e99999999999999999999": "Number overflow",
		digits38 + "9": "38 significant digits", "0." + digits38 + "1": "38 significant digits", "1.00000000000000000000000000000000000001": "38 significant digits",
	}
	var cases []strictCase
	for sent, stored := range accepted {
		id := "number " + sent
		cases = append(cases, strictCase{
			name: id, setup: []request{putBody("plain", withValue(id, fmt.Sprintf(`{"N":%q}`, sent)))},
			request: getBody("plain", fmt.Sprintf(`{"id":{"S":%q}}`, id)), shows: `{"Item":` + withValue(id, fmt.Sprintf(`{"N":%q}`, stored)) + `}`,
		})
	}
	for sent, text := range rejected {
		cases = append(cases, strictCase{
			name:    "number rejected " + sent,
			request: batchBody("plain", withValue("r", fmt.Sprintf(`{"N":%q}`, sent))), code: validationCode, text: text,
		})
	}
	return append(cases,
		strictCase{name: "JSON number", request: putBody("plain", withValue("r", `{"N":1}`)), code: serializationCode},
		strictCase{name: "number in a set", request: putBody("plain", withValue("r", `{"NS":["1","x"]}`)), code: validationCode},
		strictCase{name: "number in a list", request: putBody("plain", withValue("r", `{"L":[{"N":"1e126"}]}`)), code: validationCode},
	)
}

func valueCases() []strictCase {
	rejected := func(name, v, text string) strictCase {
		return strictCase{name: name, request: putBody("plain", withValue("r", v)), code: validationCode, text: text}
	}
	malformed := func(name, v string) strictCase {
		return strictCase{name: name, request: putBody("plain", withValue("r", v)), code: serializationCode}
	}
	kept := func(name, v string) strictCase {
		return strictCase{
			name: name, setup: []request{putBody("plain", withValue(name, v))},
			request: getBody("plain", fmt.Sprintf(`{"id":{"S":%q}}`, name)), shows: `{"Item":` + withValue(name, v) + `}`,
		}
	}
	return []strictCase{
		kept("empty string", `{"S":""}`), kept("empty binary", `{"B":""}`), kept("empty list", `{"L":[]}`), kept("empty map", `{"M":{}}`),
		kept("set of one empty string", `{"SS":[""]}`), kept("null", `{"NULL":true}`), kept("bool", `{"BOOL":false}`),
		kept("31 lists around a leaf", nested(31)),
		rejected("32 lists around a leaf", nested(32), "Nesting Levels"),
		rejected("empty string set", `{"SS":[]}`, "An string set  may not be empty"),
		rejected("empty number set", `{"NS":[]}`, "An number set  may not be empty"),
		rejected("empty binary set", `{"BS":[]}`, "Binary sets should not be empty"),
		rejected("equal strings in a set", `{"SS":["a","a"]}`, "duplicates"),
		rejected("equal numbers in a set", `{"NS":["1","1.0"]}`, "duplicates"),
		rejected("equal empty strings in a set", `{"SS":["",""]}`, "duplicates"),
		rejected("equal empty binaries in a set", `{"BS":["",""]}`, "duplicates"),
		rejected("equal binaries in a set", `{"BS":["Yg==","Yg=="]}`, "duplicates"),
		rejected("NULL false", `{"NULL":false}`, "must have the value of true"),
		rejected("no datatype", `{}`, "is empty"),
		rejected("unknown datatype", `{"X":"a"}`, "is empty"),
		rejected("two datatypes", `{"S":"a","N":"1"}`, "more than one datatypes"),
		rejected("no datatype in a map", `{"M":{"a":{}}}`, "is empty"),
		malformed("string from a number", `{"S":1}`), malformed("bool from a string", `{"BOOL":"true"}`),
		malformed("list from a string", `{"L":"a"}`), malformed("set of numbers", `{"SS":[1]}`), malformed("value that is a string", `"a"`),
		malformed("base64 that is not", `{"B":"a"}`),
	}
}

func nested(lists int) string {
	return strings.Repeat(`{"L":[`, lists) + `{"S":"x"}` + strings.Repeat(`]}`, lists)
}

func nameCases() []strictCase {
	long := strings.Repeat("n", 65_535)
	named := func(name string) string { return fmt.Sprintf(`{"id":{"S":"names"},%q:{"S":"v"}}`, name) }
	return []strictCase{
		{name: "name of 65,535 bytes", request: putBody("plain", named(long))},
		{name: "name of 65,536 bytes", request: putBody("plain", named(long+"n")), code: validationCode},
		{name: "name of 65,536 bytes in fewer characters", request: putBody("plain", named(strings.Repeat("é", 32_768))), code: validationCode},
		{name: "empty name", request: putBody("plain", named("")), code: validationCode, text: "Empty attribute name"},
		{name: "name with any characters", request: putBody("plain", named("a.b#c d\n😀"))},
	}
}

// sized returns an item of exactly size bytes. It contains the attribute v, whose value counts cost
// bytes.
func sized(id, v string, cost, size int, pad string) string {
	left := size - len("id") - len(id) - len("v") - cost - len("p")
	filling := strings.Repeat(pad, left/len(pad)) + strings.Repeat("x", left%len(pad))
	return fmt.Sprintf(`{"id":{"S":%q},"v":%s,"p":{"S":%q}}`, id, v, filling)
}

// sizeCases test both sides of the limit on item sizes, with values whose sizes were measured on
// the service.
func sizeCases() []strictCase {
	costs := map[string]int{
		`{"N":"0"}`: 1, `{"N":"1"}`: 2, `{"N":"12"}`: 2, `{"N":"123"}`: 3, `{"N":"1234"}`: 3, `{"N":"99999999999999999999999999999999999999"}`: 20,
		`{"N":"0042"}`: 2, `{"N":"100"}`: 2, `{"N":"1010"}`: 3, `{"N":"0.0000001"}`: 2, `{"N":"1E125"}`: 2, `{"N":"1E-100"}`: 2,
		`{"N":"1.5"}`: 3, `{"N":"1.200"}`: 3, `{"N":"1.234"}`: 4, `{"N":"3.14159"}`: 5, `{"N":"123456"}`: 4, `{"N":"100.5"}`: 4,
		`{"N":"0.15"}`: 2, `{"N":"-42"}`: 3, `{"N":"-0"}`: 1, `{"N":"-123456"}`: 5, `{"N":"1700000000"}`: 2,
		`{"BOOL":true}`: 1, `{"NULL":true}`: 1, `{"S":""}`: 0, `{"B":"AAEC"}`: 3, `{"L":[]}`: 3, `{"L":[{"BOOL":true}]}`: 5,
		`{"L":[{"S":"a"},{"S":"bc"}]}`: 8, `{"M":{}}`: 3, `{"M":{"k":{"BOOL":true}}}`: 6, `{"SS":["a","bc"]}`: 3, `{"NS":["1","12"]}`: 4,
	}
	var cases []strictCase
	for v, cost := range costs {
		cases = append(cases,
			strictCase{name: "409,600 bytes with " + v, request: putBody("plain", sized("big", v, cost, 409_600, "x"))},
			strictCase{name: "409,601 bytes with " + v, request: putBody("plain", sized("big", v, cost, 409_601, "x")), code: validationCode, text: "Item size has exceeded"},
		)
	}
	return append(cases,
		strictCase{name: "409,600 bytes of é", request: batchBody("plain", sized("big", `{"BOOL":true}`, 1, 409_600, "é"))},
		strictCase{
			name: "409,601 bytes of é", request: batchBody("plain", sized("big", `{"BOOL":true}`, 1, 409_601, "é")),
			code: validationCode,
		},
	)
}
