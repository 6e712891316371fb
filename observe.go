package dynamodest

import "context"

// What a Wait is for.
const (
	waitRetry = "retry"
	waitPace  = "pace"
	waitLimit = "limit"
)

// start tells of a request that is about to be sent, and returns its context.
func (o Observer) start(ctx context.Context, r Request) context.Context {
	if o.RequestStart == nil {
		return ctx
	}
	if given := o.RequestStart(ctx, r); given != nil {
		return given
	}
	return ctx
}

// done tells of a request that was answered or given up.
func (o Observer) done(ctx context.Context, r Response) {
	if o.RequestDone != nil {
		o.RequestDone(ctx, r)
	}
}

// wait tells of a wait that is about to begin.
func (o Observer) wait(ctx context.Context, w Wait) {
	if o.Wait != nil {
		o.Wait(ctx, w)
	}
}
