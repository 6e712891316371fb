package otel

import (
	"strings"
	"sync"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/dynamodest/dynamodest"
)

// Attributes that no convention has.
const (
	outcomeKey      = attribute.Key("dynamodest.outcome")          // the label of an Outcome
	scopeKey        = attribute.Key("dynamodest.scope")            // what a fault lies with: a Scope
	waitForKey      = attribute.Key("dynamodest.wait.for")         // as Wait.For and Stats.WaitFor
	waitRowsKey     = attribute.Key("dynamodest.wait.rows")        // as Wait.Rows
	waitDelayKey    = attribute.Key("dynamodest.wait.delay")       // as Wait.Delay, in seconds
	callOpKey       = attribute.Key("dynamodest.call.op")          // as Call.Op
	callIDKey       = attribute.Key("dynamodest.call.id")          // as Call.ID
	requestsKey     = attribute.Key("dynamodest.requests")         // as Summary.Requests
	rowsKey         = attribute.Key("dynamodest.call.rows")        // as Summary.Rows
	resentKey       = attribute.Key("dynamodest.resent_rows")      // as Summary.Resent
	unprocessedKey  = attribute.Key("dynamodest.unprocessed_rows") // as Response.Unprocessed
	writeUnitsKey   = attribute.Key("dynamodest.write_units")      // as Summary.WriteUnits and Response.WriteUnits
	missingKey      = attribute.Key("dynamodest.missing_columns")  // as Summary.MissingColumns, maxMissing at most
	requestBytesKey = attribute.Key("dynamodest.request.bytes")    // as Request.Bytes
)

// outcomeOptions are the attributes of rows by outcome.
var outcomeOptions = newOutcomeOptions()

func newOutcomeOptions() map[dynamodest.Outcome]metric.ObserveOption {
	options := map[dynamodest.Outcome]metric.ObserveOption{}
	for outcome := range byOutcome(&dynamodest.Summary{}) {
		options[outcome] = metric.WithAttributeSet(attribute.NewSet(outcomeKey.String(label(outcome))))
	}
	return options
}

// label returns the label of o, such as "not_written".
func label(o dynamodest.Outcome) string {
	text, err := o.MarshalText()
	if err != nil {
		return ""
	}
	return string(text)
}

// target is what requests go to, by the words of events or of attributes: a table's name or ARN, and a Region.
type target struct{ table, region string }

// tableName returns the name of a table that is given by its name or its ARN.
func tableName(table string) string {
	if strings.HasPrefix(table, "arn:") {
		if _, name, found := strings.Cut(table, ":table/"); found {
			return name
		}
	}
	return table
}

// targets keeps the attributes of each target, since a process has few targets and sends them many requests.
type targets struct {
	mu    sync.RWMutex
	known map[target]*targetAttributes
}

// targetAttributes is what the signals of one target have in common. It does not change.
type targetAttributes struct {
	table string // as events have it: name or ARN
	name  string // of the table
	set   attribute.Set
	add   []metric.AddOption
	waits map[string][]metric.AddOption // by Wait.For
	ops   map[string]*operation         // by Request.Op
}

// operation is what the signals of one operation on one target have in common.
type operation struct {
	spanName  string
	spanStart trace.SpanStartEventOption
	metric    attribute.Set
	success   []metric.RecordOption
}

// get returns the attributes of a target.
func (t *targets) get(of target) *targetAttributes {
	t.mu.RLock()
	known := t.known[of]
	t.mu.RUnlock()
	if known != nil {
		return known
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.known == nil {
		t.known = map[target]*targetAttributes{}
	}
	if t.known[of] == nil {
		t.known[of] = newTargetAttributes(of)
	}
	return t.known[of]
}

func newTargetAttributes(of target) *targetAttributes {
	a := &targetAttributes{table: of.table, name: tableName(of.table), waits: map[string][]metric.AddOption{}, ops: map[string]*operation{}}
	a.set = attribute.NewSet(semconv.DBCollectionName(a.name))
	if of.region != "" {
		a.set = a.with(semconv.CloudRegion(of.region))
	}
	a.add = []metric.AddOption{metric.WithAttributeSet(a.set)}
	for _, word := range []string{dynamodest.WaitRetry, dynamodest.WaitPace, dynamodest.WaitLimit, dynamodest.WaitWindow} {
		a.waits[word] = a.newWait(word)
	}
	for _, op := range []string{dynamodest.OpBatchWriteItem, dynamodest.OpPutItem, dynamodest.OpDescribeTable} {
		a.ops[op] = a.newOperation(op)
	}
	return a
}

func (a *targetAttributes) newWait(word string) []metric.AddOption {
	return []metric.AddOption{metric.WithAttributeSet(a.with(waitForKey.String(word)))}
}

func (a *targetAttributes) newOperation(op string) *operation {
	set := a.with(semconv.DBSystemNameAWSDynamoDB, semconv.DBOperationName(op))
	return &operation{
		spanName:  op + " " + a.name,
		spanStart: trace.WithAttributes(append(set.ToSlice(), semconv.AWSDynamoDBTableNames(a.table))...),
		metric:    set,
		success:   []metric.RecordOption{metric.WithAttributeSet(set)},
	}
}

// wait returns the attributes of a Wait for word, which may be one that a later version of the library has.
func (a *targetAttributes) wait(word string) []metric.AddOption {
	if known := a.waits[word]; known != nil {
		return known
	}
	return a.newWait(word)
}

// op returns what requests of op have in common, which may be one that a later version of the library has.
func (a *targetAttributes) op(op string) *operation {
	if known := a.ops[op]; known != nil {
		return known
	}
	return a.newOperation(op)
}

// with returns the attributes of a target with more.
func (a *targetAttributes) with(more ...attribute.KeyValue) attribute.Set {
	return with(a.set, more...)
}

// with returns set with more attributes.
func with(set attribute.Set, more ...attribute.KeyValue) attribute.Set {
	return attribute.NewSet(append(set.ToSlice(), more...)...)
}

// maxMissing is how many names of missing columns a span has.
const maxMissing = 10

// summaryAttributes returns the attributes of a call's span that only its end knows.
func summaryAttributes(s *dynamodest.Summary) []attribute.KeyValue {
	attributes := []attribute.KeyValue{
		rowsKey.Int(s.Rows), requestsKey.Int(s.Requests), resentKey.Int(s.Resent), writeUnitsKey.Float64(s.WriteUnits),
	}
	for outcome, rows := range byOutcome(s) {
		if rows > 0 {
			attributes = append(attributes, attribute.Int("dynamodest.rows."+label(outcome), rows))
		}
	}
	if missing := s.MissingColumns; len(missing) > 0 {
		attributes = append(attributes, missingKey.StringSlice(missing[:min(len(missing), maxMissing)]))
	}
	return attributes
}

// byOutcome returns how many rows of s have each outcome.
func byOutcome(s *dynamodest.Summary) map[dynamodest.Outcome]int {
	return map[dynamodest.Outcome]int{
		dynamodest.Written: s.Written, dynamodest.Deleted: s.Deleted, dynamodest.Skipped: s.Skipped,
		dynamodest.Superseded: s.Superseded, dynamodest.NotWritten: s.NotWritten, dynamodest.Unknown: s.Unknown,
	}
}

// responseAttributes returns the attributes of a request's span that only its end knows.
func responseAttributes(r *dynamodest.Response) []attribute.KeyValue {
	attributes := make([]attribute.KeyValue, 0, 4)
	if r.RequestID != "" {
		attributes = append(attributes, semconv.AWSRequestID(r.RequestID))
	}
	if r.Request.Bytes > 0 {
		attributes = append(attributes, requestBytesKey.Int(r.Request.Bytes))
	}
	if r.Unprocessed > 0 {
		attributes = append(attributes, unprocessedKey.Int(r.Unprocessed))
	}
	if r.WriteUnits > 0 {
		attributes = append(attributes, writeUnitsKey.Float64(r.WriteUnits))
	}
	return attributes
}
