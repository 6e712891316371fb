package dynamodest_test

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// sharedStream collects the rows of many goroutines, which write one row each, in one WriteChan: rows of
// one call share requests, and rows of different calls never do.
type sharedStream struct {
	requests chan writeRequest
	rows     chan dynamodest.Row // pump alone sends on it, and so knows the index of each row
	stopping chan struct{}       // closed by stop
	ended    chan struct{}       // closed when WriteChan has returned
	err      error               // of WriteChan, once ended is closed

	mu      sync.Mutex
	replies map[int]chan<- dynamodest.RowResult // by the index of the row
}

// writeRequest is one goroutine's row.
type writeRequest struct {
	ctx   context.Context
	row   dynamodest.Row
	reply chan<- dynamodest.RowResult // with room for one, so that no report waits for a goroutine that has left
}

var errStreamEnded = errors.New("the stream has ended")

// startSharedStream starts a stream that ends with ctx, with stop, or with an error of WriteChan. dest must have
// Config.ReportAsSettled: otherwise a goroutine waits for the rows of others.
func startSharedStream(ctx context.Context, dest *dynamodest.Destination) *sharedStream {
	s := &sharedStream{
		requests: make(chan writeRequest), rows: make(chan dynamodest.Row),
		stopping: make(chan struct{}), ended: make(chan struct{}), replies: map[int]chan<- dynamodest.RowResult{},
	}
	go s.pump()
	go func() {
		defer close(s.ended)
		_, s.err = dest.WriteChan(ctx, s.rows, s.report)
	}()
	return s
}

// stop takes no more rows, waits until those taken are settled, and returns the error of the stream.
func (s *sharedStream) stop() error {
	close(s.stopping)
	<-s.ended
	return s.err
}

// write writes one row and returns its own result. If ctx ends first the row may be written all the
// same.
func (s *sharedStream) write(ctx context.Context, row dynamodest.Row) (dynamodest.RowResult, error) {
	reply := make(chan dynamodest.RowResult, 1)
	select {
	case s.requests <- writeRequest{ctx, row, reply}:
	case <-ctx.Done():
		return dynamodest.RowResult{}, ctx.Err()
	case <-s.ended:
		return dynamodest.RowResult{}, errors.Join(errStreamEnded, s.err)
	}
	select {
	case r := <-reply:
		return r, r.Err
	case <-ctx.Done():
		return dynamodest.RowResult{}, ctx.Err()
	case <-s.ended:
	}
	select {
	case r := <-reply: // reported before the stream ended
		return r, r.Err
	default: // not taken
		return dynamodest.RowResult{}, errors.Join(errStreamEnded, s.err)
	}
}

// pump hands rows to WriteChan, and remembers where the result of each goes.
func (s *sharedStream) pump() {
	defer close(s.rows)
	for index := 0; ; {
		select {
		case r := <-s.requests:
			if r.ctx.Err() != nil {
				continue
			}
			s.mu.Lock()
			s.replies[index] = r.reply // before the row goes: its report may be quick
			s.mu.Unlock()
			select {
			case s.rows <- r.row:
				index++
			case <-r.ctx.Done(): // the next row gets this index
			case <-s.ended: // nobody receives
				return
			}
		case <-s.stopping:
			return
		case <-s.ended:
			return
		}
	}
}

// report gives a row's result to the goroutine that wrote the row.
func (s *sharedStream) report(_ dynamodest.Row, r dynamodest.RowResult) error {
	s.mu.Lock()
	reply := s.replies[r.Index]
	delete(s.replies, r.Index)
	s.mu.Unlock()
	reply <- r
	return nil
}

// Goroutines that write one row each share requests through one stream. Each gets its own result, and
// leaves when its own context ends.
func ExampleDestination_WriteChan() {
	ctx := context.Background()
	dest, err := dynamodest.New(ctx, dynamodest.Config{
		Table: "events", Client: dynamodesttest.NewTable("events", "id:S"),
		ReportAsSettled: true,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	stream := startSharedStream(ctx, dest)

	outcomes := make([]dynamodest.Outcome, 100)
	var handlers sync.WaitGroup
	for i := range outcomes {
		handlers.Go(func() { // such as the handler of a web request, whose ctx ends with the request
			r, err := stream.write(ctx, dynamodest.Row{"id": fmt.Sprint("event-", i)})
			if err != nil {
				fmt.Println(err)
			}
			outcomes[i] = r.Outcome
		})
	}
	handlers.Wait()
	fmt.Println(outcomes[0], outcomes[99], stream.stop())
	// Output: written written <nil>
}
