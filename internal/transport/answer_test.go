package transport

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/schemas"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/aws/smithy-go/transport/http/protocol/awsjson"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// scannedCapacities are capacities as DynamoDB reports them with INDEXES, and what they say.
var scannedCapacities = map[string]Result{
	`{"CapacityUnits":25.0,"Table":{"CapacityUnits":25.0},"TableName":"users"}`: {TableUnits: 25, WriteUnits: 25},
	`{"TableName":"users","CapacityUnits":0.5}`:                                 {TableUnits: 0.5, WriteUnits: 0.5},
	`{"CapacityUnits":2,"Table":{"CapacityUnits":1.25}}`:                        {TableUnits: 1.25, WriteUnits: 2},
	`{"CapacityUnits":3,"Table":{}}`:                                            {WriteUnits: 3},
	`{}`:                                                                        {},
	`{"CapacityUnits":10,"ReadCapacityUnits":0,"WriteCapacityUnits":10,"Table":{"ReadCapacityUnits":0.0,"WriteCapacityUnits":4,"CapacityUnits":4}}`:       {TableUnits: 4, WriteUnits: 10},
	`{"CapacityUnits":0.1,"Table":{"CapacityUnits":123456789.01234}}`:                                                                                     {TableUnits: 123456789.01234, WriteUnits: 0.1},
	`{"CapacityUnits":100.0,"GlobalSecondaryIndexes":{"by-group":{"CapacityUnits":25.0},"Table":{"CapacityUnits":24.0}},` + "\n" + `"TableName":"users"}`: {}, // not plain
	`{"CapacityUnits":100.0,"GlobalSecondaryIndexes":{"by-group":{"CapacityUnits":25.0},"Table":{"CapacityUnits":24.0}},` +
		`"LocalSecondaryIndexes":{"l.1":{"CapacityUnits":1.0,"WriteCapacityUnits":1}},"Table":{"CapacityUnits":50.0},"TableName":"arn:aws:dynamodb:eu-west-1:123456789012:table/users"}`: {TableUnits: 50, WriteUnits: 100},
}

// refusedCapacities are capacities that only the SDK's decoder reads, if anything does.
var refusedCapacities = []string{
	``, `null`, `[]`, `5`, `{"CapacityUnits":}`, `{"CapacityUnits":null}`, `{"CapacityUnits":"1"}`, `{"CapacityUnits":-1}`, `{"CapacityUnits":01}`, `{"CapacityUnits":.5}`,
	`{"CapacityUnits":1.}`, `{"CapacityUnits":1e3}`, `{"CapacityUnits":1E3}`, `{"CapacityUnits":1.5.5}`, `{"CapacityUnits":0.0000000000000001}`, `{"CapacityUnits":12345678901234567890}`,
	`{"CapacityUnits":NaN}`, `{"CapacityUnits":1,"CapacityUnits":2}`, `{"CapacityUnits":1}}`, `{"CapacityUnits":1`, `{"CapacityUnits":1,}`, `{,"CapacityUnits":1}`, `{"CapacityUnits" :1}`,
	`{"capacityUnits":1}`, `{"Capacity\u0055nits":1}`, `{"TableName":5}`, `{"TableName":{}}`, `{"TableName":"é"}`, `{"TableName":"a\nb"}`, `{"TableName":"a` + "\n" + `b"}`, `{"ReadCapacityUnits":"x"}`,
	`{"Table":null}`, `{"Table":[]}`, `{"Table":{"CapacityUnits":{}}}`, `{"Table":{"Table":{}}}`, `{"GlobalSecondaryIndexes":[]}`, `{"GlobalSecondaryIndexes":{"i":5}}`, `{"LocalSecondaryIndexes":{"i":{"TableName":"x"}}}`,
	`{"VectorIndexes":{"v":{"VectorWriteRequestBytes":4096}},"CapacityUnits":1}`, `{"Unknown":{}}`, `{"Unknown":[[[[[[]]]]]]}`,
}

func batchAnswer(capacity string) string {
	return `{"ConsumedCapacity":[` + capacity + `],"UnprocessedItems":{}}`
}

func putAnswer(capacity string) string { return `{"ConsumedCapacity":` + capacity + `}` }

// The scanner is there for the responses that DynamoDB gives, and reads them.
func TestOrdinaryAnswersAreScanned(t *testing.T) {
	t.Parallel()
	for capacity, want := range scannedCapacities {
		if strings.Contains(capacity, "\n") {
			continue
		}
		var batch, put Result
		assert.True(t, scanBatch([]byte(batchAnswer(capacity)), &batch), capacity)
		assert.Equal(t, want, batch, capacity)
		assert.True(t, scanPut([]byte(putAnswer(capacity)), &put), capacity)
		assert.Equal(t, want, put, capacity)
	}
	for body, want := range map[string]Result{
		`{"UnprocessedItems":{}}`:                                                             {},
		`{"UnprocessedItems":{},"ConsumedCapacity":[]}`:                                       {},
		batchAnswer(`{"CapacityUnits":1},{"CapacityUnits":2,"Table":{"CapacityUnits":1.25}}`): {TableUnits: 2.25, WriteUnits: 3},
	} {
		var r Result
		assert.True(t, scanBatch([]byte(body), &r), body)
		assert.Equal(t, want, r, body)
	}
	assert.True(t, scanPut([]byte(`{}`), new(Result)))
}

func TestOtherAnswersAreTheDecoders(t *testing.T) {
	t.Parallel()
	before := Result{TableUnits: 1, WriteUnits: 2, VectorBytes: 3}
	refused := func(scan func([]byte, *Result) bool, body string) {
		r := before
		assert.False(t, scan([]byte(body), &r), body)
		assert.Equal(t, before, r, body)
	}
	for _, capacity := range refusedCapacities {
		refused(scanPut, putAnswer(capacity))
		refused(scanBatch, batchAnswer(`{"CapacityUnits":7},`+capacity))
	}
	for _, body := range []string{
		``, ` `, `{}`, `null`, `[]`, `"x"`, `<html>`, `{"ConsumedCapacity":[]}`, `{"UnprocessedItems":null}`, `{"UnprocessedItems":{ }}`, `{"UnprocessedItems":{"users":[]}}`, `{"UnprocessedItems":{}}x`,
		` {"UnprocessedItems":{}}`, `{"UnprocessedItems":{}} `, `{"UnprocessedItems":{},"UnprocessedItems":{}}`, `{"UnprocessedItems":{},"ItemCollectionMetrics":{}}`, `{"UnprocessedItems":{}`, "\ufeff" + `{"UnprocessedItems":{}}`,
		`{"ConsumedCapacity":{},"UnprocessedItems":{}}`, `{"ConsumedCapacity":null,"UnprocessedItems":{}}`, `{"ConsumedCapacity":[{}` + strings.Repeat(`,{}`, 10),
	} {
		refused(scanBatch, body)
	}
	for _, body := range []string{``, `null`, `{"ConsumedCapacity":[]}`, `{"Attributes":{}}`, `{} `, `{}{}`} {
		refused(scanPut, body)
	}
	var many strings.Builder
	for i := range 70 {
		_, _ = fmt.Fprintf(&many, `,"i%d":{}`, i)
	}
	refused(scanPut, putAnswer(`{"GlobalSecondaryIndexes":{`+many.String()[1:]+`}}`))
}

func TestScanningAllocatesNothing(t *testing.T) {
	var bodies [][]byte
	for capacity := range scannedCapacities {
		bodies = append(bodies, []byte(batchAnswer(capacity)))
	}
	var r Result
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		for _, body := range bodies {
			scanBatch(body, &r)
			scanPut(body, &r)
		}
	}))
}

// decoded is what the SDK's decoder makes of a body with status 200.
func decoded(schema *smithy.OperationSchema, body []byte, out smithy.Deserializable) error {
	resp := &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(string(body)))}
	return awsjson.New10(schemas.DynamoDB_20120810).DeserializeResponse(nil, schema, dynamodb.TypeRegistry, &smithyhttp.Response{Response: resp}, out) //nolint:staticcheck // it is not used
}

// Whatever is scanned the SDK's decoder reads, and reads the same in it.
func FuzzAnswer(f *testing.F) {
	for capacity := range scannedCapacities {
		f.Add([]byte(batchAnswer(capacity)))
		f.Add([]byte(putAnswer(capacity)))
	}
	for _, capacity := range refusedCapacities {
		f.Add([]byte(batchAnswer(capacity)))
		f.Add([]byte(putAnswer(capacity)))
	}
	f.Add([]byte(`{"UnprocessedItems":{},"ConsumedCapacity":[]}`))
	before := Result{TableUnits: 1, WriteUnits: 2, VectorBytes: 3}
	f.Fuzz(func(t *testing.T, body []byte) {
		scanned, refused := Result{}, before
		if scanBatch(body, &scanned) {
			var out dynamodb.BatchWriteItemOutput
			require.NoError(t, decoded(newBatchWriteItem().schema, body, &out))
			require.NotNil(t, out.UnprocessedItems)
			require.Empty(t, out.UnprocessedItems)
			require.Empty(t, out.ItemCollectionMetrics)
			assertCapacity(t, out.ConsumedCapacity, scanned)
		} else {
			require.Zero(t, scanned)
			require.False(t, scanBatch(body, &refused))
			require.Equal(t, before, refused)
		}
		scanned, refused = Result{}, before
		if scanPut(body, &scanned) {
			var out dynamodb.PutItemOutput
			require.NoError(t, decoded(newPutItem().schema, body, &out))
			require.Nil(t, out.Attributes)
			require.Nil(t, out.ItemCollectionMetrics)
			var all []types.ConsumedCapacity
			if out.ConsumedCapacity != nil {
				all = append(all, *out.ConsumedCapacity)
			}
			assertCapacity(t, all, scanned)
		} else {
			require.Zero(t, scanned)
			require.False(t, scanPut(body, &refused))
			require.Equal(t, before, refused)
		}
	})
}

func assertCapacity(t *testing.T, reported []types.ConsumedCapacity, scanned Result) {
	t.Helper()
	var want Result
	for i := range reported {
		want.consume(&reported[i])
	}
	require.Equal(t, want, scanned)
}
