package schedule

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/internal/fault"
)

// TestTranscripts plays the conversations in testdata: what a caller says to a Scheduler and, below
// ----, what comes of it. With the flag -rewrite it writes what comes of it into the files.
//
//	call [limit=n ...]       begins a call with the Config of a harness, but for these limits
//	add key ...              adds a row for each key; add n=25 adds rows whose keys are their own; key@N2 has
//	                         the rank N2, and key@delete is a delete
//	close                    no more rows will come
//	window-full              the source waits for rows to settle
//	next                     asks what to do now
//	wait [50ms]              lets time pass: the given time, or until the time that next returned
//	written, throttled, ...  the response to the request in flight: see responses below. A row number
//	                         is a row that came back as unprocessed. equal, not-shown and newer say what
//	                         a failed condition showed. batch=2 names one of several requests.
//	described [changed]      the response to a description of the table
//	abandon                  settles the rows that are left
//	run n                    plays n requests, or fewer if there is nothing to send, against a table.
//	                         It rejects the rows bad=(3,7) (bad=all: every row), takes hot=1 row of a
//	                         request whose keys begin with "hot", and takes took=20ms to respond.
func TestTranscripts(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob("testdata/*.txt")
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) {
			t.Parallel()
			var p *player
			datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
				if d.Cmd == "call" {
					p = newPlayer(t, d.CmdArgs)
				}
				p.t = t
				return p.play(d)
			})
		})
	}
}

// responses are the failures that a transcript names.
var responses = map[string]*fault.Failure{
	"written":       nil,
	"unprocessed":   nil,
	"throttled":     throttled,
	"lost":          lost,
	"rejected":      rejected,
	"key-exists":    keyTaken,
	"expired-token": expired,
}

// player plays a transcript.
type player struct {
	*harness
	began    time.Time
	until    time.Time // that the last next returned
	batches  map[int]*Batch
	requests int
}

func newPlayer(t *testing.T, args []datadriven.CmdArg) *player {
	h := newHarness(t, func(c *Config) {
		for _, arg := range args {
			set(t, c, arg.Key, arg.SingleVal(t))
		}
	})
	return &player{harness: h, began: h.now, batches: map[int]*Batch{}}
}

// set gives a field of c the value that text spells.
func set(t *testing.T, c *Config, name, text string) {
	numbers := map[string]*int{
		"max-attempts": &c.MaxAttempts, "max-batch-rows": &c.MaxBatchRows, "max-attempts-factor": &c.MaxAttemptsFactor,
		"outage-factor": &c.OutageFactor, "min-outage-attempts": &c.MinOutageAttempts,
	}
	times := map[string]*time.Duration{"min-delay": &c.MinDelay, "max-delay": &c.MaxDelay, "max-wait": &c.MaxWait}
	var err error
	switch {
	case name == "on-existing":
		c.OnExisting = map[string]OnExisting{"skip": Skip, "fail": Fail, "newer": Newer}[text]
		require.NotEqual(t, Overwrite, c.OnExisting)
	case numbers[name] != nil:
		*numbers[name], err = strconv.Atoi(text)
	default:
		require.Contains(t, times, name)
		*times[name], err = time.ParseDuration(text)
	}
	require.NoError(t, err)
}

// play does what d says and returns what came of it.
func (p *player) play(d *datadriven.TestData) string {
	switch d.Cmd {
	case "call":
		return ""
	case "add":
		return p.playAdd(d)
	case "close":
		p.Close()
		return ""
	case "window-full":
		p.WindowFull(true)
		return ""
	case "next":
		text, _ := p.playNext()
		return text
	case "wait":
		return p.playWait(d)
	case "described":
		if d.HasArg("changed") {
			p.Described(errCause)
		} else {
			p.Described(nil)
		}
		return p.stopped()
	case "abandon":
		before := len(p.settled)
		p.abandon()
		return p.settledSince(before)
	case "run":
		return p.playRun(d)
	}
	return p.playResponse(d)
}

func (p *player) playAdd(d *datadriven.TestData) string {
	first := len(p.rows)
	for _, arg := range d.CmdArgs {
		if arg.Key == "n" {
			n, err := strconv.Atoi(arg.SingleVal(p.t))
			require.NoError(p.t, err)
			p.addNew(n)
		} else {
			p.add(arg.Key)
		}
	}
	return name(p.rows[first:])
}

func (p *player) playNext() (text string, b *Batch) {
	next := p.ask()
	p.until = next.Until
	switch next.Kind {
	case Describe:
		return "describe the table", nil
	case Done:
		return "done", nil
	case Wait:
		if next.Until.IsZero() {
			return "wait for news", nil
		}
		return fmt.Sprint("wait ", next.Until.Sub(p.now)), nil
	case Send:
	}
	p.requests++
	p.batches[p.requests] = next.Batch
	text = fmt.Sprintf("batch %d: %s", p.requests, name(next.Batch.Rows))
	if n := next.Batch.retries; n > 0 && n < len(next.Batch.Rows) {
		text += fmt.Sprintf(" (%d retried)", n)
	} else if n > 0 {
		text += " (retried)"
	} else if next.Batch.stubborn {
		text += " (set apart)"
	}
	return text, next.Batch
}

func (p *player) playWait(d *datadriven.TestData) string {
	if len(d.CmdArgs) == 0 {
		require.False(p.t, p.until.IsZero(), "next returned no time")
		p.now = p.until
	} else {
		delay, err := time.ParseDuration(d.CmdArgs[0].Key)
		require.NoError(p.t, err)
		p.now = p.now.Add(delay)
	}
	return fmt.Sprint("now ", p.now.Sub(p.began))
}

func (p *player) playResponse(d *datadriven.TestData) string {
	f, known := responses[d.Cmd]
	require.True(p.t, known, "no such command: %s", d.Cmd)
	n := p.requests
	if !d.MaybeScanArgs(p.t, "batch", &n) {
		require.Len(p.t, p.batches, 1, "batch=n is needed unless one request is in flight")
	}
	b := p.batches[n]
	require.NotNil(p.t, b, "batch %d is not in flight", n)
	existing := OtherItem
	var back []int
	for _, arg := range d.CmdArgs {
		switch arg.Key {
		case "batch":
		case "equal":
			existing = EqualItem
		case "not-shown":
			existing = NotShown
		case "newer":
			existing = NewerItem
		default:
			row, err := strconv.Atoi(arg.Key)
			require.NoError(p.t, err)
			back = append(back, row)
		}
	}
	require.Equal(p.t, d.Cmd == "unprocessed", len(back) > 0, "the rows that came back")
	delete(p.batches, n)
	return p.playSettle(Response{Batch: b, Failure: f, Unprocessed: flags(b, back), Existing: existing})
}

// playSettle settles a request, and returns what came of it.
func (p *player) playSettle(r Response) string {
	before, went := len(p.settled), p.Stopped() == nil
	p.respondWith(r)
	lines := []string{p.settledSince(before)}
	if stats := p.Stats(); stats.Backoff > 0 {
		lines = append(lines, fmt.Sprintf("backoff %v, %d delayed", stats.Backoff, stats.Delayed))
	}
	if went {
		lines = append(lines, p.stopped())
	}
	lines = slices.DeleteFunc(lines, func(line string) bool { return line == "" })
	return cmp.Or(strings.Join(lines, "\n"), "nothing settled")
}

func (p *player) stopped() string {
	if p.Stopped() == nil {
		return ""
	}
	return fmt.Sprint("stopped: ", p.Stopped())
}

// settledSince says what became of the rows that were settled since there were so many.
func (p *player) settledSince(before int) string {
	by := map[string][]*Row{}
	var outcomes []string
	for _, r := range p.settled[before:] {
		o := p.outcome(r.Index)
		if by[o] == nil {
			outcomes = append(outcomes, o)
		}
		by[o] = append(by[o], r)
	}
	for i, o := range outcomes {
		outcomes[i] = name(by[o]) + ": " + o
	}
	return strings.Join(outcomes, "\n")
}

// name names rows by their indexes.
func name(rows []*Row) string {
	all := indexes(rows)
	var parts []string
	for i := 0; i < len(all); {
		j := i
		for j+1 < len(all) && all[j+1] == all[j]+1 {
			j++
		}
		part := strconv.Itoa(all[i])
		if j > i {
			part += "-" + strconv.Itoa(all[j])
		}
		parts = append(parts, part)
		i = j + 1
	}
	if len(all) == 1 {
		return "row " + parts[0]
	}
	return "rows " + strings.Join(parts, ",")
}

// playRun plays requests against a table with bad rows or a hot range of keys, one after another.
func (p *player) playRun(d *datadriven.TestData) string {
	n, err := strconv.Atoi(d.CmdArgs[0].Key)
	require.NoError(p.t, err)
	var bad []string
	if arg, ok := d.Arg("bad"); ok {
		bad = arg.Vals
	}
	hot, took := len(p.rows), "0s"
	d.MaybeScanArgs(p.t, "hot", &hot)
	d.MaybeScanArgs(p.t, "took", &took)
	latency, err := time.ParseDuration(took)
	require.NoError(p.t, err)
	var lines []string
	for n > 0 {
		text, b := p.playNext()
		switch {
		case b != nil:
			n--
			delete(p.batches, p.requests)
			p.now = p.now.Add(latency)
			f, back, answer := respondAsTable(b, bad, hot)
			lines = append(lines, text+" -> "+answer)
			settled := p.playSettle(Response{Batch: b, Failure: f, Unprocessed: flags(b, back)})
			if f == nil || len(b.Rows) == 1 {
				lines = append(lines, "  "+strings.ReplaceAll(settled, "\n", "\n  "))
			}
		case p.until.After(p.now):
			lines = append(lines, text)
			p.now = p.until
		default:
			lines = append(lines, text)
			n = 0
		}
	}
	return strings.Join(lines, "\n")
}

// respondAsTable is what a table makes of b, and a word for it.
func respondAsTable(b *Batch, bad []string, hot int) (f *fault.Failure, back []int, answer string) {
	for _, r := range b.Rows {
		if slices.Contains(bad, strconv.Itoa(r.Index)) || slices.Contains(bad, "all") {
			return rejected, nil, "rejected"
		}
	}
	for _, r := range b.Rows {
		if strings.HasPrefix(r.Key, "hot") {
			if hot--; hot < 0 {
				back = append(back, r.Index)
			}
		}
	}
	if len(back) > 0 {
		return nil, back, fmt.Sprintf("%d unprocessed", len(back))
	}
	return nil, nil, "written"
}
