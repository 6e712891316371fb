package dynamodesttest_test

// difference is another implementation's response to a case, and why it differs.
type difference struct{ code, shows, because string }

// differences are the known differences by implementation and case. A listed difference that no
// longer exists fails TestEndpointAgrees, so the list stays true.
var differences = map[string]map[string]difference{
	"dynalite": dynalite400,
	"aws":      onDemand,
	"local":    onDemand, // DynamoDB Local; no other difference is known
}

// onDemand lists the differences of tables whose capacity the tests cannot limit.
var onDemand = map[string]difference{
	"batch beyond the capacity": {success, `{"UnprocessedItems":{}}`, "the table is on-demand: it accepts two items"},
}

// dynalite400 lists the differences of dynalite 4.0.0. In each of them, the case has what was
// observed on the service or what its documentation says.
var dynalite400 = map[string]difference{
	"batch to a table by ARN": {validationCode, "", "it rejects table ARNs"},

	"item in a multi-attribute index":                                             manyRejected,
	"item without one part of a multi-attribute index key":                        manyRejected,
	"one part of a multi-attribute index key of 2,049 bytes":                      manyRejected,
	"one part of a multi-attribute index key of 2,049 bytes without another part": manyRejected,
	"one part of a multi-attribute index key of another type":                     manyRejected,
	"one part of a multi-attribute index key empty":                               manyRejected,
	"empty index key":                                  {success, "", "it accepts an empty index key"},
	"index partition key of 2,049 bytes":               {success, "", "it does not limit the length of index keys"},
	"condition that fails and shows the item":          {"ConditionalCheckFailedException", `{}`, "it returns no item on a failed condition"},
	"409,601 bytes of é":                               utf16Units,
	"partition key of 2,050 bytes in 1,025 characters": utf16Units,
	"batch beyond the capacity":                        {success, `{"UnprocessedItems":{}}`, "it never returns items as unprocessed"},
	"number +3":                                        {validationCode, "", "it rejects a leading plus"},
	"number rejected 0e126":                            zeroUnchecked,
	"number rejected 0e-131":                           zeroUnchecked,
	"32 lists around a leaf":                           {success, "", "it does not limit nesting"},
	"bool from a string":                               {success, "", "it accepts any string for a BOOL"},
	"name of 65,536 bytes":                             nameUnchecked,
	"name of 65,536 bytes in fewer characters":         nameUnchecked,
	"empty name":                                       nameUnchecked,
	"equal empty strings in a set":                     emptyMembers,
	"equal empty binaries in a set":                    emptyMembers,

	"condition of more than 4,096 bytes":                {success, "", "it does not limit the length of expressions"},
	"condition of < with a BOOL":                        unordered,
	"condition of <= with a NULL":                       unordered,
	"condition of > with a list":                        unordered,
	"condition of >= with a set":                        unordered,
	"condition of < with a map on the left":             unordered,
	`comparison {"S":"\uff5a"} <= {"S":"\ud83d\ude00"}`: utf16Fails,
	`comparison {"S":"\ud83d\ude00"} <= {"S":"\uff5a"}`: utf16Holds,
	`comparison {"S":"\uff5a"} < {"S":"\ud83d\ude00"}`:  utf16Fails,
	`comparison {"S":"\ud83d\ude00"} >= {"S":"\uff5a"}`: utf16Fails,

	"create: key name of 256 bytes":                      namesUnchecked,
	"create: key name of 256 bytes in fewer characters":  namesUnchecked,
	"create: empty key name":                             namesUnchecked,
	"create: projected name of 256 bytes":                namesUnchecked,
	"create: attribute defined twice beside an index":    definitionsUnchecked,
	"create: attribute that is not used beside an index": definitionsUnchecked,
	"create: maximum of a provisioned table":             settingUnknown,
	"create: maximum of 0":                               settingUnknown,
	"create: table class":                                settingUnknown,
	"create: stream without a view":                      settingUnknown,
	"create: view without a stream":                      settingUnknown,
	"create: view":                                       settingUnknown,
	"create: encryption":                                 settingUnknown,
	"create: tag without a value":                        settingUnknown,
	"create: equal tags":                                 settingUnknown,
	"create: throughput of an index left out":            {success, "", "it gives an index without throughput 0 units"},
	"create: INCLUDE of nothing":                         projectionUnchecked,
	"create: local index projection":                     projectionUnchecked,
	"create: 101 projected attributes":                   {success, "", "it does not count projected attributes"},

	"batch of 26 over two tables":          {success, "", "it counts the requests of each table separately"},
	"batch with a put and a delete in one": {success, "", "it accepts a request with both a put and a delete, and performs one of them"},
	"consumed capacity":                    {success, `{"UnprocessedItems":{},"ConsumedCapacity":[{"TableName":"$indexed","CapacityUnits":2,"Table":{"CapacityUnits":2}}]}`, "it does not count the units of indexes"},
}

var (
	manyRejected         = difference{"ResourceNotFoundException", "", "it rejects to create a table with a multi-attribute index key"}
	utf16Units           = difference{success, "", "it counts UTF-16 units instead of bytes"}
	zeroUnchecked        = difference{success, "", "it does not check the exponent of a zero"}
	emptyMembers         = difference{success, "", "its search for duplicates takes an empty member it has found for none"}
	namesUnchecked       = difference{success, "", "it does not check the length of the names of key attributes and projected attributes"}
	definitionsUnchecked = difference{success, "", "it compares the definitions with the keys only in a table without indexes"}
	settingUnknown       = difference{success, "", "it drops a setting that it does not know"}
	projectionUnchecked  = difference{success, "", "it accepts INCLUDE without attributes"}
	unordered            = difference{"ConditionalCheckFailedException", "", "it compares values of types that have no order"}
	utf16Fails           = difference{"ConditionalCheckFailedException", "", "it compares UTF-16 units instead of bytes"}
	utf16Holds           = difference{success, "", "it compares UTF-16 units instead of bytes"}
	nameUnchecked        = difference{success, "", "it does not check the length of attribute names"}
)
