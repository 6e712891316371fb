package wire

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"strings"
)

// Table is the name of the table that every answer is about, and Key its partition key, a string.
const (
	Table = "benchmarks"
	Key   = "user_id"
)

// maxItems is the most items that a BatchWriteItem may have.
const maxItems = 25

// Answer is a response with status 200.
type Answer struct {
	Body     string
	Checksum string // the header X-Amz-Crc32
}

// Answers holds the answers to all requests.
type Answers struct {
	describe Answer
	batch    map[capacity][maxItems + 1]Answer
	put      map[capacity]Answer
}

// capacity is what a request asks for by ReturnConsumedCapacity.
type capacity string

const (
	noCapacity capacity = "NONE"
	total      capacity = "TOTAL"
	indexes    capacity = "INDEXES"
)

// NewAnswers returns the answers of a table whose items take so many write units each.
func NewAnswers(unitsPerItem float64) *Answers {
	a := &Answers{describe: newAnswer(description), batch: map[capacity][maxItems + 1]Answer{}, put: map[capacity]Answer{}}
	for _, c := range []capacity{noCapacity, total, indexes} {
		var batch [maxItems + 1]Answer
		for n := range batch {
			batch[n] = newAnswer(batchBody(c, unitsPerItem*float64(n)))
		}
		a.batch[c] = batch
		a.put[c] = newAnswer(putBody(c, unitsPerItem))
	}
	return a
}

func newAnswer(body string) Answer {
	return Answer{Body: body, Checksum: fmt.Sprint(crc32.ChecksumIEEE([]byte(body)))}
}

// description is that of an on-demand table which was warmed beforehand, as
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/warm-throughput.html says: with the 4,000 units a
// second of a new one, the first seconds would measure how the rate rises.
const description = `{"Table":{"AttributeDefinitions":[{"AttributeName":"` + Key + `","AttributeType":"S"}],` +
	`"BillingModeSummary":{"BillingMode":"PAY_PER_REQUEST"},"ItemCount":0,` +
	`"KeySchema":[{"AttributeName":"` + Key + `","KeyType":"HASH"}],` +
	`"ProvisionedThroughput":{"NumberOfDecreasesToday":0,"ReadCapacityUnits":0,"WriteCapacityUnits":0},` +
	`"TableArn":"arn:aws:dynamodb:eu-west-1:111122223333:table/` + Table + `","TableName":"` + Table + `",` +
	`"TableSizeBytes":0,"TableStatus":"ACTIVE",` +
	`"WarmThroughput":{"ReadUnitsPerSecond":12000,"Status":"ACTIVE","WriteUnitsPerSecond":1000000}}}`

// consumed returns a ConsumedCapacity.
func consumed(c capacity, units float64) string {
	switch c {
	case total:
		return fmt.Sprintf(`{"CapacityUnits":%.1f,"TableName":"%s"}`, units, Table)
	case indexes:
		return fmt.Sprintf(`{"CapacityUnits":%.1f,"Table":{"CapacityUnits":%.1f},"TableName":"%s"}`, units, units, Table)
	case noCapacity:
	}
	return ""
}

func batchBody(c capacity, units float64) string {
	if c == noCapacity {
		return `{"UnprocessedItems":{}}`
	}
	return `{"ConsumedCapacity":[` + consumed(c, units) + `],"UnprocessedItems":{}}`
}

func putBody(c capacity, units float64) string {
	if c == noCapacity {
		return `{}`
	}
	return `{"ConsumedCapacity":` + consumed(c, units) + `}`
}

// For returns the answer to a request of the given X-Amz-Target.
func (a *Answers) For(target string, body []byte) (Answer, error) {
	_, op, _ := strings.Cut(target, ".")
	switch op {
	case "BatchWriteItem":
		n := bytes.Count(body, []byte(`"PutRequest"`))
		if n < 1 || n > maxItems {
			return Answer{}, fmt.Errorf("a BatchWriteItem of %d items", n)
		}
		return a.batch[asked(body)][n], nil
	case "PutItem":
		return a.put[asked(body)], nil
	case "DescribeTable":
		return a.describe, nil
	}
	return Answer{}, fmt.Errorf("no answer to %q", target)
}

// ends is how much of a body is searched for ReturnConsumedCapacity from either end. Other members of a request
// than its items are short, so they are before or after the items.
const ends = 256

// asked returns what a request asks for.
func asked(body []byte) capacity {
	for _, part := range [][]byte{body[max(0, len(body)-ends):], body[:min(ends, len(body))]} {
		_, after, found := bytes.Cut(part, []byte(`"ReturnConsumedCapacity"`))
		if !found {
			continue
		}
		after = bytes.TrimLeft(after, `: "`)
		for _, c := range []capacity{indexes, total} {
			if bytes.HasPrefix(after, []byte(c)) {
				return c
			}
		}
	}
	return noCapacity
}
