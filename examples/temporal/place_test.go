package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/worker"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// place is a table, and a folder with a source.
type place struct {
	*activities
	dir  string
	db   *dynamodesttest.DB
	spec Spec
	plan Plan
}

// newPlace returns a place whose source is the text, prepared for a load.
func newPlace(t *testing.T, name, text string) *place {
	t.Helper()
	p := &place{dir: t.TempDir(), db: dynamodesttest.NewTable("users", "id:S"), spec: defaultSpec()}
	p.spec.Source, p.spec.Table, p.spec.Shards = name, "users", 1
	require.NoError(t, os.WriteFile(filepath.Join(p.dir, name), []byte(text), 0o600))
	root, err := os.OpenRoot(p.dir)
	require.NoError(t, err)
	t.Cleanup(func() { _ = root.Close() })
	p.activities = &activities{
		dir:    root,
		config: dynamodest.Config{Table: "users", Client: p.db, Region: "eu-west-1", Retry: dynamodest.Retry{MaxAttempts: 1}},
	}
	return p
}

// prepare makes the plan, as the workflow does.
func (p *place) prepare(t *testing.T) {
	t.Helper()
	require.NoError(t, p.tryPrepare())
}

func (p *place) tryPrepare() error {
	env := newSuite().NewTestActivityEnvironment()
	env.RegisterActivityWithOptions(p.Prepare, activity.RegisterOptions{Name: prepareActivity})
	value, err := env.ExecuteActivity(prepareActivity, p.spec, Plan{Folder: "dead-letters/run", Generation: 7})
	if err != nil {
		return err
	}
	return value.Get(&p.plan)
}

// beats records each heartbeat of an activity, also those that the SDK does not send, and calls each.
type beats struct {
	interceptor.WorkerInterceptorBase
	mu   sync.Mutex
	seen []Checkpoint
	each func(Checkpoint)
}

func (b *beats) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	return &beatsIn{interceptor.ActivityInboundInterceptorBase{Next: next}, b}
}

type beatsIn struct {
	interceptor.ActivityInboundInterceptorBase
	beats *beats
}

func (i *beatsIn) Init(out interceptor.ActivityOutboundInterceptor) error {
	return i.Next.Init(&beatsOut{interceptor.ActivityOutboundInterceptorBase{Next: out}, i.beats})
}

type beatsOut struct {
	interceptor.ActivityOutboundInterceptorBase
	beats *beats
}

func (o *beatsOut) RecordHeartbeat(ctx context.Context, details ...any) {
	checkpoint := details[0].(Checkpoint)
	o.beats.mu.Lock()
	o.beats.seen = append(o.beats.seen, checkpoint)
	o.beats.mu.Unlock()
	if o.beats.each != nil {
		o.beats.each(checkpoint)
	}
	o.Next.RecordHeartbeat(ctx, details...)
}

// attempt runs an attempt at a shard in Temporal's environment, from a checkpoint if there is one.
func (p *place) attempt(from *Checkpoint, b *beats, stop chan struct{}) (ShardResult, error) {
	env := newSuite().NewTestActivityEnvironment()
	env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{b}})
	env.RegisterActivityWithOptions(p.WriteShard, activity.RegisterOptions{Name: shardActivity})
	if from != nil {
		env.SetHeartbeatDetails(*from)
	}
	if stop != nil {
		env.SetWorkerStopChannel(stop)
	}
	value, err := env.ExecuteActivity(shardActivity, ShardTask{Spec: p.spec, Plan: p.plan})
	var result ShardResult
	if err == nil {
		err = value.Get(&result)
	}
	return result, err
}

// letters returns the positions in a file of dead letters, without its head.
func letters(t *testing.T, name string) []int64 {
	t.Helper()
	f, err := os.Open(name)
	require.NoError(t, err)
	defer func() { _ = f.Close() }()
	var positions []int64
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var line struct{ Position *int64 }
		require.NoError(t, json.Unmarshal(lines.Bytes(), &line), "%q", lines.Text())
		if line.Position != nil {
			positions = append(positions, *line.Position)
		}
	}
	return positions
}

// partFiles returns the files of the attempts.
func (p *place) partFiles(t *testing.T) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(p.dir, p.plan.Folder, "*.part"))
	require.NoError(t, err)
	return names
}

// values returns what a table has in an attribute, by the value of its key.
func values(db *dynamodesttest.DB, attribute string) map[string]string {
	found := map[string]string{}
	for _, item := range db.Items("users") {
		key := item["id"].(*types.AttributeValueMemberS).Value
		switch v := item[attribute].(type) {
		case *types.AttributeValueMemberS:
			found[key] = v.Value
		case *types.AttributeValueMemberN:
			found[key] = v.Value
		}
	}
	return found
}

// text returns the source as CSV.
func (s sample) text(t *testing.T) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, s.write(&b))
	return b.String()
}

// last returns the last score of each key.
func (s sample) last() map[string]string {
	last := map[string]string{}
	for i := range s.rows {
		if !s.isBad(i) {
			_, last[s.key(i)] = s.columns(i)
		}
	}
	return last
}

// bad returns the positions of the rows that are bad on purpose.
func (s sample) bad() []int64 {
	var bad []int64
	for i := range s.rows {
		if s.isBad(i) {
			bad = append(bad, int64(i))
		}
	}
	return bad
}

func (b *beats) nexts() []int64 {
	var nexts []int64
	for _, c := range b.seen {
		nexts = append(nexts, c.Next)
	}
	return nexts
}

// before returns the positions before next; never nil.
func before(positions []int64, next int64) []int64 {
	found := []int64{}
	for _, p := range positions {
		if p < next {
			found = append(found, p)
		}
	}
	return found
}
