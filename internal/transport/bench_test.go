package transport

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/internal/item"
)

// answering is a transport that answers at once that all was written, as DynamoDB does.
type answering struct{}

func (answering) RoundTrip(r *http.Request) (*http.Response, error) {
	const body = `{"ConsumedCapacity":[{"CapacityUnits":25.0,"Table":{"CapacityUnits":25.0},"TableName":"users"}],"UnprocessedItems":{}}`
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		return nil, err
	}
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Date": {time.Now().UTC().Format(http.TimeFormat)}}, Request: r,
		Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
	}, nil
}

// clientOf returns a client of the users table that takes the given way to a transport that answers at once.
func clientOf(way Way) *Client {
	before := ForTests
	defer func() { ForTests = before }()
	ForTests.RoundTripper, ForTests.Way = answering{}, way
	return New(builtClient("https://dynamodb.eu-west-1.amazonaws.com"), "users").WithDescription(users())
}

// fullBatch returns 25 items of ten attributes, some 340 bytes each, encoded if the way takes them so.
func fullBatch(way Way) []*item.Item {
	items := make([]*item.Item, 25)
	for i := range items {
		it := numbered(fmt.Sprint(i), "Some Body")
		for column := range 8 {
			it.Attrs = append(it.Attrs, item.Attr{Name: fmt.Sprintf("column_%d", column), Kind: item.S, Text: strings.Repeat("x", 12)})
		}
		if items[i] = it; way != Inputs {
			items[i] = &item.Item{Key: it.Key, JSON: it.AppendJSON(nil), EncodedSize: len(it.AppendJSON(nil))}
		}
	}
	return items
}

// BenchmarkWriteBatch sends one request of 25 items to a transport that answers at once.
func BenchmarkWriteBatch(b *testing.B) {
	for way, name := range map[Way]string{Direct: "direct", Call: "call", Inputs: "inputs"} {
		b.Run(name, func(b *testing.B) {
			c, items := clientOf(way), fullBatch(way)
			b.ReportAllocs()
			for b.Loop() {
				if _, failure := c.WriteBatch(b.Context(), b.Context().Err, items); failure != nil {
					b.Fatal(failure.Err)
				}
			}
		})
	}
}

// A request of 25 rows that is posted allocates little more than net/http and the signature need: three for each
// row would be all that a row may cost. With the race detector pools lose some of what they hold.
func TestPostAllocatesLittle(t *testing.T) {
	c, items := clientOf(Direct), fullBatch(Direct)
	require.Equal(t, Direct, c.built.way)
	assert.LessOrEqual(t, testing.AllocsPerRun(50, func() {
		_, failure := c.WriteBatch(t.Context(), t.Context().Err, items)
		require.Nil(t, failure)
	}), 80.0)
}
