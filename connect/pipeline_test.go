package connect_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/redpanda-data/benthos/v4/public/service"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

func TestPipelineOfCSV(t *testing.T) {
	t.Parallel()
	p := newPipeline(t)
	p.settings = `mapping: {fields: [{column: id}, {column: price, attribute: cents, type: N}]}`
	p.file("csv", "id,price,note\na,1.50,x\n,2,x\nb,much,x\nc,0300,\n")
	p.run()
	assert.Equal(t, []string{`{"cents":{"N":"1.5"},"id":{"S":"a"}}`, `{"cents":{"N":"300"},"id":{"S":"c"}}`}, p.items())
	assert.Equal(t, []deadLetter{
		{
			`bad_key: column "id": the value is empty, but is the table's partition key "id" (S); remedy: provide a non-empty value for the key in every row`,
			`{"id":"","note":"x","price":"2"}`,
		},
		{
			`unmappable_value: column "price" (attribute "cents"): the value of Go type string is not a decimal number; remedy: provide a numeric value such as ` +
				`12.5, or set Field.Type to "S"`,
			`{"id":"b","note":"x","price":"much"}`,
		},
	}, p.deadLetters())
}

func TestPipelineOfNDJSON(t *testing.T) {
	t.Parallel()
	p := newPipeline(t)
	p.file("lines", "{\"id\":\"a\",\"n\":12345678901234567890.5}\n{\"id\":7}\nnothing\n{\"id\":\"b\",\"id\":\"c\"}\n[1]\n{\"id\":\"d\",\"o\":{\"x\":[1]}}\n")
	p.run()
	assert.Equal(t, []string{`{"id":{"S":"a"},"n":{"N":"12345678901234567890.5"}}`, `{"id":{"S":"d"},"o":{"S":"{\"x\":[1]}"}}`}, p.items())
	assert.Equal(t, []deadLetter{
		{
			`bad_key: column "id": Go type json.Number gives N, which the partition key "id" (S) does not take; remedy: provide text, or set Field.Type to "S" ` +
				`for the column (a Mapping with Fields writes only the columns that it lists)`,
			`{"id":7}`,
		},
		{`unmappable_value: the message is no row: not a JSON object`, `nothing`},
		{`unmappable_value: the message is no row: an object has a name twice, so that one of the values would be lost`, `{"id":"b","id":"c"}`},
		{`unmappable_value: the message is no row: not a JSON object`, `[1]`},
	}, p.deadLetters())
}

// TestPipelineOfBatches has an input of batches, which the output gathers to one. A bad row makes no dead letter of the others
// that came with it.
func TestPipelineOfBatches(t *testing.T) {
	t.Parallel()
	for _, settings := range []string{"", "batching: {count: 1}", "batching: {count: 4, period: 10ms}"} {
		t.Run(settings, func(t *testing.T) {
			t.Parallel()
			p := newPipeline(t)
			p.settings = settings
			rows := new(source)
			rows.use(p,
				[]string{`{"id":"a","n":1}`, `{"id":"","n":2}`, `{"id":"c","n":3}`},
				[]string{`{"id":"d","n":4}`, `{"id":"e","n":5}`},
				[]string{`{"id":7,"n":6}`, `{"n":7}`},
				[]string{`{"id":"h","n":8}`},
				[]string{`{"id":"","n":9}`},
			)
			p.run()
			assert.Equal(t, map[string]string{"a": "1", "c": "3", "d": "4", "e": "5", "h": "8"}, p.numbers())
			assert.Len(t, p.db.Writes(), 5)
			var dead []string
			for _, d := range p.deadLetters() {
				assert.True(t, strings.HasPrefix(d.Error, "bad_key: "), d.Error)
				dead = append(dead, d.Row)
			}
			assert.ElementsMatch(t, []string{`{"id":"","n":2}`, `{"id":7,"n":6}`, `{"n":7}`, `{"id":"","n":9}`}, dead)
			taken, rejected := rows.acknowledged()
			assert.Equal(t, 5, taken)
			assert.Zero(t, rejected)
		})
	}
}

// TestOnlyBadRowsAreRejected has a pipeline without a place for dead letters.
func TestOnlyBadRowsAreRejected(t *testing.T) {
	t.Parallel()
	p := newPipeline(t)
	p.settings = "batching: {count: 4, period: 1h}"
	rows := new(source)
	rows.use(p, []string{`{"id":"a","n":1}`, `{"n":2}`, `{"id":"c","n":3}`}, []string{`{"id":"d","n":4}`})
	p.withoutFallback = true
	p.run()
	taken, rejected := rows.acknowledged()
	assert.Equal(t, 1, taken)
	require.Equal(t, 1, rejected)
	for _, err := range rows.acks {
		if err == nil {
			continue
		}
		var failed *service.BatchError
		require.ErrorAs(t, err, &failed)
		assert.Equal(t, 1, failed.IndexedErrors())
		assert.ErrorContains(t, err, "1 of 4 rows at fault, the first: bad_key: ")
	}
}

// TestPipelineOfOneMessage has a batch of one message, of which fallback takes the text of the batch.
func TestPipelineOfOneMessage(t *testing.T) {
	t.Parallel()
	p := newPipeline(t)
	new(source).use(p, []string{`[]`})
	p.run()
	assert.Equal(t, []deadLetter{{`unmappable_value: the message is no row: not a JSON object`, `[]`}}, p.deadLetters())
}

func TestPipelineThatIsThrottled(t *testing.T) {
	t.Parallel()
	p := newPipeline(t)
	p.settings = `retry: {max_attempts: 1}`
	p.db.FailWrites(
		dynamodesttest.Unprocessed(dynamodesttest.All),
		dynamodesttest.Throttled("ThrottlingException", dynamodesttest.ARN(table)),
		dynamodesttest.Unprocessed(dynamodesttest.First(5)),
	)
	p.file("lines", numbered(40)+"nothing\n")
	p.run()
	assert.Equal(t, wantNumbers(40), p.numbers())
	assert.Len(t, p.deadLetters(), 1)
	require.Len(t, p.db.Writes(), 40)
}

func TestPipelineThatIsDeniedAndAllowedAgain(t *testing.T) {
	t.Parallel()
	for name, settings := range map[string]string{
		"upsert": "",
		"fail":   "mode: insert\n          on_existing: fail",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPipeline(t)
			p.settings = settings
			var writes atomic.Int64
			p.db.SetFault(func(c dynamodesttest.Call) dynamodesttest.Fault {
				if n := writes.Add(1); c.Op != dynamodest.OpDescribeTable && n > 2 && n <= 6 {
					return dynamodesttest.Error(400, "AccessDeniedException", "not authorized to perform this")
				}
				return dynamodesttest.Fault{}
			})
			rows := new(source)
			batch := []string{`nothing`}
			for i := range 60 {
				batch = append(batch, fmt.Sprintf(`{"id":"r-%03d","n":%d}`, i, i))
			}
			rows.use(p, batch)
			p.run()
			assert.Equal(t, wantNumbers(60), p.numbers())
			assert.Len(t, p.db.Writes(), 60, "each row is written once")
			assert.Len(t, p.deadLetters(), 1, "the message that is no row")
			taken, rejected := rows.acknowledged()
			assert.Equal(t, 1, taken)
			assert.Zero(t, rejected)
			denied := 0
			for _, c := range p.db.Calls() {
				if c.Outcome == "AccessDeniedException" {
					denied++
				}
			}
			assert.Positive(t, denied)
		})
	}
}

func TestPipelineKeepsTheOrderOfAKey(t *testing.T) {
	t.Parallel()
	p := newPipeline(t)
	p.settings = "retry: {max_attempts: 1, min_delay: 1ms}\n          batching: {count: 7, period: 10ms}"
	p.db.FailWrites(dynamodesttest.Unprocessed(dynamodesttest.All), dynamodesttest.Unprocessed(dynamodesttest.First(1)))
	text, want := "", map[string]string{}
	for n := range 100 {
		id := fmt.Sprintf("k-%d", n%3)
		text += fmt.Sprintf("{\"id\":%q,\"n\":%d}\n", id, n)
		want[id] = fmt.Sprint(n)
	}
	p.file("lines", text)
	p.run()
	assert.Equal(t, want, p.numbers())
	assert.Empty(t, p.deadLetters())
}

// TestABatchOfOneIsNotGathered has an input whose batches are to stay as they are.
func TestABatchOfOneIsNotGathered(t *testing.T) {
	t.Parallel()
	for settings, requests := range map[string]int{
		"batching: {count: 1}": 3, "batching: {count: 4, period: 1h}": 1, "batching: {count: 4, period: 1h, processors: []}": 1,
	} {
		t.Run(settings, func(t *testing.T) {
			t.Parallel()
			p := newPipeline(t)
			p.settings = settings
			new(source).use(p, []string{`{"id":"a","n":1}`}, []string{`{"id":"b","n":2}`, `{"id":"c","n":3}`}, []string{`{"id":"d","n":4}`})
			p.run()
			assert.Equal(t, map[string]string{"a": "1", "b": "2", "c": "3", "d": "4"}, p.numbers())
			actions := p.db.Actions()
			assert.Equal(t, requests, actions[dynamodest.OpBatchWriteItem]+actions[dynamodest.OpPutItem])
		})
	}
}

// TestPipelineOfSeveralBatchesAtATime is denied while several batches are in flight.
func TestPipelineOfSeveralBatchesAtATime(t *testing.T) {
	t.Parallel()
	p := newPipeline(t)
	p.settings = "version: n\n          max_in_flight: 3\n          batching: {count: 1}"
	var writes atomic.Int64
	p.db.SetFault(func(c dynamodesttest.Call) dynamodesttest.Fault {
		if c.Op == dynamodest.OpDescribeTable {
			return dynamodesttest.Fault{}
		}
		if n := writes.Add(1); n > 10 && n <= 13 {
			return dynamodesttest.Error(400, "AccessDeniedException", "not authorized to perform this")
		}
		return dynamodesttest.Fault{}
	})
	rows := new(source)
	var batches [][]string
	for i := range 12 {
		batches = append(batches, []string{
			fmt.Sprintf(`{"id":"r-%03d","n":%d}`, 2*i, 2*i), `nothing`, fmt.Sprintf(`{"id":"r-%03d","n":%d}`, 2*i+1, 2*i+1),
		})
	}
	rows.use(p, batches...)
	p.run()
	assert.Equal(t, wantNumbers(24), p.numbers())
	assert.Len(t, p.db.Writes(), 24, "each row is written once")
	assert.Len(t, p.deadLetters(), 12)
	taken, rejected := rows.acknowledged()
	assert.Equal(t, 12, taken)
	assert.Zero(t, rejected)
}
