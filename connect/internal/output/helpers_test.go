package output

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

const table = "rows"

// message is a message as those of Benthos are: asked for a form that it does not have, it makes that of the other, and
// keeps it.
type message struct {
	text  []byte
	value any
}

func (m *message) HasBytes() bool      { return m.text != nil }
func (m *message) HasStructured() bool { return m.value != nil }

func (m *message) AsBytes() ([]byte, error) {
	if len(m.text) == 0 && m.value != nil {
		m.text, _ = json.Marshal(m.value) // no text if it fails
	}
	return m.text, nil
}

func (m *message) AsStructured() (any, error) {
	switch {
	case m.value != nil:
		return m.value, nil
	case len(m.text) == 0:
		return nil, errors.New("the message is empty")
	}
	err := json.Unmarshal(m.text, &m.value)
	return m.value, err
}

func line(format string, args ...any) *message {
	return &message{text: fmt.Appendf(nil, format, args...)}
}

func object(v any) *message { return &message{value: v} }

// numbered returns n messages of rows with the keys "r-00", "r-01" and so on.
func numbered(n int) []*message {
	messages := make([]*message, n)
	for i := range messages {
		messages[i] = line(`{"id":"r-%02d","n":%d}`, i, i)
	}
	return messages
}

// engine records what an output tells its engine.
type engine struct {
	mu     sync.Mutex
	errors []string
	warns  []string
	infos  []string
	rows   map[string]int64 // by outcome and reason
}

func (e *engine) Errorf(template string, args ...any) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.errors = append(e.errors, fmt.Sprintf(template, args...))
}

func (e *engine) Warnf(template string, args ...any) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.warns = append(e.warns, fmt.Sprintf(template, args...))
}

func (e *engine) Infof(template string, args ...any) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.infos = append(e.infos, fmt.Sprintf(template, args...))
}

func (e *engine) Incr(count int64, labels ...string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.rows[strings.Trim(strings.Join(labels, " "), " ")] += count
}

// counted returns how many rows were counted, by outcome and reason.
func (e *engine) counted() map[string]int64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.rows
}

// written is what an engine has counted of n rows that were all written.
func written(n int64) map[string]int64 { return map[string]int64{"written": n} }

// newOutput returns an output that writes to db with one request at a time, and its engine.
func newOutput(db *dynamodesttest.DB, change ...func(*Settings)) (*Output, *engine) {
	s := Settings{Config: dynamodest.Config{Table: table, Client: db, Concurrency: 1}, MaxInFlight: 1}
	for _, f := range change {
		f(&s)
	}
	e := &engine{rows: map[string]int64{}}
	return New(s, Engine{Log: e, Rows: e}), e
}

// connected returns an output as newOutput does, after Connect.
func connected(t *testing.T, db *dynamodesttest.DB, change ...func(*Settings)) (*Output, *engine) {
	t.Helper()
	o, e := newOutput(db, change...)
	require.NoError(t, o.Connect(t.Context()))
	return o, e
}

// giveUpSoon has a call give a row up after one request, so that it comes back to the output.
func giveUpSoon(s *Settings) { s.Config.Retry.MaxAttempts = 1 }

// onExisting has the output insert.
func onExisting(what dynamodest.OnExisting) func(*Settings) {
	return func(s *Settings) { s.Config.Mode, s.Config.OnExisting = dynamodest.Insert, what }
}

// versioned has the output write by the attribute "n", and two batches at a time.
func versioned(s *Settings) { s.Config.Version, s.MaxInFlight = "n", 2 }

// denied is the response to a request that no policy allows.
func denied() dynamodesttest.Fault {
	return dynamodesttest.Error(400, "AccessDeniedException", "not authorized to perform this")
}

// access is a policy that can be changed. It allows some requests that write, and denies later ones while it is
// shut.
type access struct {
	shut    atomic.Bool
	allowed atomic.Int64 // requests that write while it is shut
	refused atomic.Int64
}

// deny has db deny requests that write, after it has allowed some.
func deny(db *dynamodesttest.DB, after int64) *access {
	a := &access{}
	a.shut.Store(true)
	a.allowed.Store(after)
	db.SetFault(func(c dynamodesttest.Call) dynamodesttest.Fault {
		if c.Op == dynamodest.OpDescribeTable || !a.shut.Load() || a.allowed.Add(-1) >= 0 {
			return dynamodesttest.Fault{}
		}
		a.refused.Add(1)
		return denied()
	})
	return a
}

// numbers returns the attribute "n" of each item of the table, by its key.
func numbers(db *dynamodesttest.DB) map[string]string {
	found := map[string]string{}
	for _, item := range db.Items(table) {
		n, _ := item["n"].(*types.AttributeValueMemberN)
		if n == nil {
			n = &types.AttributeValueMemberN{}
		}
		found[item["id"].(*types.AttributeValueMemberS).Value] = n.Value
	}
	return found
}

// requireNumbered checks that the table holds the rows of numbered(n), and that each was written once.
func requireNumbered(t *testing.T, db *dynamodesttest.DB, n int) {
	t.Helper()
	want := map[string]string{}
	for i := range n {
		want[fmt.Sprintf("r-%02d", i)] = fmt.Sprint(i)
	}
	require.Equal(t, want, numbers(db))
	require.Len(t, db.Writes(), n, "each row is written once")
}

// calls counts the requests of one operation.
func calls(db *dynamodesttest.DB, op string) int { return db.Actions()[op] }

// settle writes a batch as an engine does: after ErrLost it connects, and writes the same messages again.
func settle(t *testing.T, o *Output, messages []*message) []Fault {
	t.Helper()
	for {
		faults, err := Write(t.Context(), o, messages)
		if err == nil {
			return faults
		}
		require.ErrorIs(t, err, ErrLost)
		for o.Connect(t.Context()) != nil {
			require.NoError(t, t.Context().Err())
		}
	}
}

// indexes returns the indexes of faults, and their texts.
func indexes(faults []Fault) (at []int, texts []string) {
	for _, f := range faults {
		at, texts = append(at, f.Index), append(texts, f.Err.Error())
	}
	return at, texts
}

// waitBounds are the bounds of the waits before the attempts that follow each other without success.
var waitBounds = []time.Duration{
	500 * time.Millisecond, time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 16 * time.Second,
	30 * time.Second, 30 * time.Second, 30 * time.Second,
}

// reconnect has o connect, and returns how long it waits for that.
func reconnect(t *testing.T, o *Output) time.Duration {
	t.Helper()
	began := time.Now()
	require.NoError(t, o.Connect(t.Context()))
	return time.Since(began)
}

// requireBetween checks that a wait took at least least, and less than most.
func requireBetween(t *testing.T, waited, least, most time.Duration) {
	t.Helper()
	require.GreaterOrEqual(t, waited, least)
	require.Less(t, waited, most)
}
