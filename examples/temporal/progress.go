package main

import (
	"context"
	"errors"
	"sync"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/dynamodest/dynamodest"
)

// progress is how far an attempt has come. Rows settle on the goroutine of WriteSeq, and heartbeats are on another.
type progress struct {
	mu         sync.Mutex
	checkpoint Checkpoint
	dead       *deadLetters
	blocked    *dynamodest.RowError // why the checkpoint stays where it is
	faulty     error                // of the file of the dead letters
}

// settle counts the row at the position. A row that is at fault becomes a dead letter. From the first row on that
// has to be written again the checkpoint stays where it is, and settle reports false.
func (p *progress) settle(position int64, r dynamodest.RowResult) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.blocked != nil || p.faulty != nil {
		return false
	}
	var rowErr *dynamodest.RowError
	if errors.As(r.Err, &rowErr) {
		if rowErr.Scope() != dynamodest.ScopeRow {
			blocked := *rowErr
			blocked.Index = int(position) // in the text too
			p.blocked = &blocked
			return false
		}
		if p.faulty = p.dead.add(position, r.Outcome, *rowErr); p.faulty != nil {
			return false
		}
	}
	p.checkpoint.Totals.count(r.Outcome)
	p.checkpoint.Next = position + 1
	return true
}

// save makes the dead letters durable, and returns the checkpoint that covers them. A heartbeat that covered a row
// whose dead letter is lost with the machine would lose the row.
func (p *progress) save() (Checkpoint, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.faulty == nil {
		p.faulty = p.dead.sync()
	}
	return p.checkpoint, p.faulty
}

// every calls do at each interval until the returned func is called, which waits for the end of do.
func every(interval time.Duration, do func()) (stop func()) {
	quit, finished := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(finished)
		ticker := time.NewTicker(interval)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				do()
			case <-quit:
				return
			}
		}
	}()
	return func() {
		close(quit)
		<-finished
	}
}

// beat heartbeats the same details until the returned func is called.
func beat(ctx context.Context, details ...any) (stop func()) {
	return every(beatInterval(activity.GetInfo(ctx).HeartbeatTimeout), func() { activity.RecordHeartbeat(ctx, details...) })
}

// beatInterval returns how often a checkpoint is given to the SDK, which sends the newest at intervals of its own.
func beatInterval(timeout time.Duration) time.Duration {
	if timeout <= 0 {
		return time.Second
	}
	return max(timeout/20, 20*time.Millisecond)
}
