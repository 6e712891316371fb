package dynamodesttest_test

// difference is what another implementation answers to a case, and why.
type difference struct{ code, shows, because string }

// differences are known, by implementation and case. A difference that is gone
// fails TestEndpointAgrees, so the list stays true.
var differences = map[string]map[string]difference{
	"dynalite": dynalite400,
	"aws":      onDemand,
	"local":    onDemand, // DynamoDB Local, of which nothing else is known here
}

// onDemand is of tables whose capacity the tests cannot make scarce.
var onDemand = map[string]difference{
	"batch beyond the capacity": {success, `{"UnprocessedItems":{}}`, "the table is on-demand: two items are within what it takes"},
}

// dynalite400 is of dynalite 4.0.0. In each of these the case has what was seen
// of the service, or what its documentation says.
var dynalite400 = map[string]difference{
	"batch to a table by ARN": {validationCode, "", "it refuses table ARNs"},

	"item in a multi-attribute index":                         manyRefused,
	"item without one part of a multi-attribute index key":    manyRefused,
	"one part of a multi-attribute index key of another type": manyRefused,
	"one part of a multi-attribute index key empty":           manyRefused,
	"empty index key":                                  {success, "", "it accepts an empty index key"},
	"index partition key of 2,049 bytes":               {success, "", "it does not limit the length of index keys"},
	"condition that fails and shows the item":          {"ConditionalCheckFailedException", `{}`, "it returns no item on a failed condition"},
	"409,601 bytes of é":                               utf16Units,
	"partition key of 2,050 bytes in 1,025 characters": utf16Units,
	"batch beyond the capacity":                        {success, `{"UnprocessedItems":{}}`, "it never hands items back as unprocessed"},
	"number +3":                                        {validationCode, "", "it refuses a leading plus"},
	"number refused 0e126":                             zeroUnchecked,
	"number refused 0e-131":                            zeroUnchecked,
	"32 lists around a leaf":                           {success, "", "it does not limit nesting"},
	"bool from a string":                               {success, "", "it takes any string for a BOOL"},
	"name of 65,536 bytes":                             nameUnchecked,
	"name of 65,536 bytes in fewer characters":         nameUnchecked,
	"empty name":                                       nameUnchecked,
	"batch of 26 over two tables":                      {success, "", "it counts each table's requests alone"},
	"batch with a put and a delete in one":             {success, "", "it takes a request with a put and a delete for one of them"},
	"consumed capacity":                                {success, `{"UnprocessedItems":{},"ConsumedCapacity":[{"TableName":"$indexed","CapacityUnits":2,"Table":{"CapacityUnits":2}}]}`, "it does not count the units of indexes"},
}

var (
	manyRefused   = difference{"ResourceNotFoundException", "", "it refuses to create a table with a multi-attribute index key"}
	utf16Units    = difference{success, "", "it counts UTF-16 units and not bytes"}
	zeroUnchecked = difference{success, "", "it does not hold a zero's exponent to the range"}
	nameUnchecked = difference{success, "", "it does not check the length of attribute names"}
)
