// Package output is the output of a stream processor that writes batches of messages to a DynamoDB table. It knows no
// engine: package connect registers it with Benthos, and module bento with Bento.
package output

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/dynamodest/dynamodest"
)

// Engine is what an output uses of the engine that it runs in.
type Engine struct {
	Log interface {
		Errorf(template string, args ...any)
		Warnf(template string, args ...any)
		Infof(template string, args ...any)
	}

	// Rows counts rows that are settled, by outcome and, if they are at fault, reason.
	Rows interface {
		Incr(count int64, labels ...string)
	}
}

// RowLabels are the names of the labels of Engine.Rows.
var RowLabels = []string{"outcome", "reason"}

// RowsMetric is the name of the counter Engine.Rows.
const RowsMetric = "dynamodest_rows"

var (
	// ErrLost is why a batch is not settled: the table, the access or a setting is at fault. The same batch is to be
	// written again as soon as Connect returns nil, and goes on where it ended.
	ErrLost = errors.New("the table cannot be written")

	// ErrEnded is why a batch is not settled: the context ended. None of its messages may be acknowledged or rejected.
	ErrEnded = errors.New("the output was stopped before all rows were settled")
)

// Output writes batches of messages to one table. It is safe for concurrent use.
type Output struct {
	config   dynamodest.Config
	inFlight int // batches at a time
	engine   Engine

	mu       sync.Mutex
	dest     *dynamodest.Destination // nil until Connect has made it
	attempts int                     // of Connect since a row was taken
	kept     []*progress             // of batches that ended with ErrLost and are not settled yet
	warned   bool                    // of columns that no row has
}

// New returns an output with these settings. It sends nothing yet.
func New(s Settings, e Engine) *Output {
	return &Output{config: s.Config, inFlight: s.MaxInFlight, engine: e}
}

// Connect makes sure that the table is there and can be described, and returns why not. It waits before that, longer
// with each time, until rows are taken again: so a table that denies writes is not asked more often than that.
func (o *Output) Connect(ctx context.Context) error {
	o.mu.Lock()
	dest, attempt := o.dest, o.attempts
	o.attempts++
	o.mu.Unlock()
	if err := wait(ctx, delay(attempt)); err != nil {
		return err
	}
	if dest != nil {
		err := dest.Check(ctx)
		if !errors.Is(err, dynamodest.ErrConfig) && !errors.Is(err, dynamodest.ErrCredentials) {
			return err
		}
		// The table has other keys than it had, which may be those of the mapping too, or the access keys have been
		// replaced, which then are found where they were before.
	}
	dest, err := o.open(ctx)
	if err != nil {
		return err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.dest = dest
	return nil
}

// open returns a new Destination.
func (o *Output) open(ctx context.Context) (*dynamodest.Destination, error) {
	c, err := complete(ctx, o.config)
	if err != nil {
		return nil, err
	}
	return dynamodest.New(ctx, c)
}

// Test reports what is wrong with the settings, the access or the table. It changes nothing of the output.
func (o *Output) Test(ctx context.Context) error {
	dest, err := o.open(ctx)
	if err != nil {
		return err
	}
	return dest.CheckWrites(ctx)
}

// Write writes the rows that the messages of a batch are, and returns those that are at fault, in the order of the batch.
// Rows that DynamoDB does not take at the moment are sent again until it takes them. The error is ErrLost or ErrEnded; then no
// row counts as settled yet.
func Write[M Message](ctx context.Context, o *Output, messages []M) ([]Fault, error) {
	o.mu.Lock()
	dest := o.dest
	o.mu.Unlock()
	if dest == nil {
		return nil, ErrLost
	}
	p, rows := begin(o, messages)
	for pause := 1; ; pause++ {
		result, err := dest.Write(ctx, p.pick(rows))
		stop := stopOf(err)
		if stop == nil && errors.Is(err, dynamodest.ErrKey) && noneTaken(result.Summary) {
			stop = stopOf(dest.Check(ctx)) // nothing has shown that the table still has the keys by which rows were judged
		}
		if taken := o.settle(p, result, stop); len(taken) > 0 {
			o.progressed(p)
			pause = 1
			if o.lastWins() {
				p.supersede(dest, rows, taken)
			}
		}
		switch {
		case len(p.left) == 0:
			o.finish(p)
			return p.sorted(), nil
		case ctx.Err() != nil:
			return nil, ErrEnded
		case stop != nil:
			o.engine.Log.Errorf("%d of %d rows not written, kept until they can be: %v", len(p.left), len(messages), stop)
			keep(o, p, messages)
			return nil, ErrLost
		}
		o.engine.Log.Warnf("%d of %d rows not written yet, sent again: %s", len(p.left), len(messages), passing(err))
		if wait(ctx, delay(pause)) != nil {
			return nil, ErrEnded
		}
	}
}

// stopOf returns the fault of the table, the access or a setting for which a call or a check returned err; nil if none is.
func stopOf(err error) error {
	var table *dynamodest.TableError
	if errors.As(err, &table) && table.Reason.Scope() == dynamodest.ScopeCall {
		return table
	}
	return nil
}

// noneTaken reports whether DynamoDB took no row of a call.
func noneTaken(s dynamodest.Summary) bool { return s.Written+s.Deleted+s.Skipped == 0 }

// writeAgain matches the advice to write a row again, which the output does.
var writeAgain = regexp.MustCompile(`write the row again, unless [^;]*; `)

// passing returns why a call that returned err has not written rows, without the advice to write them again: what stopped
// the call, such as an outage, or the reasons of its rows that are not at fault.
func passing(err error) string {
	var failed *dynamodest.WriteError
	if !errors.As(err, &failed) {
		return err.Error()
	}
	if failed.Stop != nil {
		return writeAgain.ReplaceAllString(failed.Stop.Error(), "")
	}
	var reasons []string
	for reason, rows := range failed.Reasons {
		if reason.Scope() == dynamodest.ScopeRow {
			continue
		}
		reasons = append(reasons, fmt.Sprintf("%s (%d)", reason.Error(), rows))
	}
	slices.Sort(reasons)
	return strings.Join(reasons, ", ")
}

// lastWins reports whether the table keeps the row of a key that it takes last, whichever that is.
func (o *Output) lastWins() bool {
	return o.config.Version == "" && (o.config.OnExisting == "" || o.config.OnExisting == dynamodest.Overwrite)
}

// finish counts the rows of a batch that is settled, says so if it had to be kept, and warns once of the columns that none
// of them had.
func (o *Output) finish(p *progress) {
	for labels, n := range p.counts {
		o.engine.Rows.Incr(n, labels[0], labels[1])
	}
	if p.texts != nil {
		o.engine.Log.Infof("all rows of a batch that was kept are settled: the table is written again")
	}
	missing := p.summary.MissingColumns
	o.mu.Lock()
	o.kept = slices.DeleteFunc(o.kept, func(k *progress) bool { return k == p })
	warn := len(missing) > 0 && !o.warned
	o.warned = o.warned || warn
	o.mu.Unlock()
	if warn {
		o.engine.Log.Warnf("none of the rows of a batch has the columns %q: their items have no such attributes. Check the names in the mapping", missing)
	}
}

// progressed forgets the attempts of Connect, since rows of a batch were taken. While another batch is lost, that says
// nothing of the rows that it waits for.
func (o *Output) progressed(p *progress) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.kept) == 0 || slices.Contains(o.kept, p) {
		o.attempts = 0
	}
}

// Close forgets the batches that are kept.
func (o *Output) Close(context.Context) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.kept = nil
	return nil
}
