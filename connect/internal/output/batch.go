package output

import (
	"context"
	"errors"
)

// Errors are the errors by which an engine learns what became of a batch B.
type Errors[B any, E batchError[E]] struct {
	// NotConnected makes the engine call Connect until that returns nil, and then write the same batch again.
	NotConnected error

	// Ended makes the engine end the output, and neither acknowledge nor reject a message.
	Ended error

	// Batch makes an error that rejects the messages for which Failed is called, and no other.
	Batch func(batch B, headline error) E

	// Withholds is set if the engine may reject messages of a batch itself, and give the output the others alone.
	Withholds bool
}

// batchError is an engine's error of a batch.
type batchError[E any] interface {
	error
	Failed(message int, err error) E // returns the error itself
}

// DefaultBatching sets the count and the period of a batch policy that says nothing of when a batch is complete.
func DefaultBatching(count *int, period *string, bytes int, check string) {
	if *count == 0 && *period == "" && bytes == 0 && check == "" {
		*count, *period = batchCount, batchPeriod
	}
}

// WriteBatch writes a batch as [Write] does, and says by an error of the engine what became of it.
func WriteBatch[B ~[]M, M Message, E batchError[E]](ctx context.Context, o *Output, batch B, engine Errors[B, E]) error {
	faults, err := Write(ctx, o, batch)
	switch {
	case errors.Is(err, ErrLost):
		return engine.NotConnected
	case err != nil:
		// The end of the context: no message is acknowledged or rejected, so that the input has all of them again.
		return errors.Join(engine.Ended, err, ctx.Err())
	case len(faults) == 0:
		return nil
	}
	failed := engine.Batch(batch, headline(faults, len(batch)))
	for _, fault := range faults {
		reason := fault.Err
		if !engine.Withholds {
			reason = &rejection{reason, failed}
		}
		_ = failed.Failed(fault.Index, reason)
	}
	return failed
}

// rejection is why a message is rejected, and leads to what is wrong with the other messages of its batch.
//
// A batch may be gathered of several batches of the input. Then the engine gives each of those the error of the first
// message of it that was rejected. An output "fallback" would make dead letters of all its messages, if that error did not
// tell which they are. It takes those that the error does not have for written: so the error must have all of them.
type rejection struct {
	error
	batch error
}

// Unwrap returns the fault of the message, and those of its batch.
func (r *rejection) Unwrap() []error { return []error{r.error, r.batch} }
