package dynamodest_test

import (
	"context"
	"reflect"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// observerKey is the key under which an observer of that name keeps what belongs to it.
type observerKey string

// heard is who has heard of an event, by its name, in order.
type heard struct {
	mu     sync.Mutex
	events map[string]string
}

// naming is an Observer that adds its name to those who heard of an event, and finds in a context what it has put in.
func naming(t *testing.T, name string, h *heard) dynamodest.Observer {
	t.Helper()
	hear := func(event string) {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.events[event] += name
	}
	mine := func(ctx context.Context, want string) { assert.Equal(t, want, ctx.Value(observerKey(name))) }
	return dynamodest.Observer{
		CallStart: func(ctx context.Context, _ dynamodest.Call) context.Context {
			hear("CallStart")
			return context.WithValue(ctx, observerKey(name), "call")
		},
		CallDone: func(ctx context.Context, _ dynamodest.CallResult) { hear("CallDone"); mine(ctx, "call") },
		RequestStart: func(ctx context.Context, r dynamodest.Request) context.Context {
			if r.Call == 0 {
				return nil
			}
			hear("RequestStart")
			mine(ctx, "call")
			return context.WithValue(ctx, observerKey(name), "request")
		},
		RequestDone: func(ctx context.Context, r dynamodest.Response) {
			if r.Request.Call > 0 {
				hear("RequestDone")
				mine(ctx, "request")
			}
		},
		Wait: func(ctx context.Context, _ dynamodest.Wait) { hear("Wait"); mine(ctx, "call") },
	}
}

// Several observers hear every event in their order, each with what it has itself put into the context. One that lacks
// a func, or returns no context, is no hindrance.
func TestObserversHearAll(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := &heard{events: map[string]string{}}
		silent := dynamodest.Observer{
			RequestStart: func(context.Context, dynamodest.Request) context.Context { return nil },
			CallStart:    func(context.Context, dynamodest.Call) context.Context { return nil },
		}
		joined := dynamodest.Observers(naming(t, "a", h), dynamodest.Observer{}, silent, naming(t, "b", h), naming(t, "c", h))
		db := dynamodesttest.NewTable(table, "id:S")
		dest := newDest(t, dynamodest.Config{Table: table, Client: db, Observer: joined})
		db.FailWrites(dynamodesttest.Throttled("ThrottlingException", dynamodesttest.ARN(table)))
		_, err := dest.Write(t.Context(), numbered(3))
		require.NoError(t, err)
		assert.Equal(t, map[string]string{
			"CallStart": "abc", "RequestStart": "abcabc", "RequestDone": "abcabc", "Wait": "abc", "CallDone": "abc",
		}, h.events)
	})
}

// A func that no observer has stays nil, and one that a single observer has is called as it is.
func TestObserversWithoutAFuncHaveNone(t *testing.T) {
	t.Parallel()
	assert.Zero(t, dynamodest.Observers())
	assert.Zero(t, dynamodest.Observers(dynamodest.Observer{}, dynamodest.Observer{}))
	for _, field := range reflect.VisibleFields(reflect.TypeFor[dynamodest.Observer]()) {
		calls := 0
		one := reflect.New(reflect.TypeFor[dynamodest.Observer]()).Elem()
		one.FieldByIndex(field.Index).Set(reflect.MakeFunc(field.Type, func(args []reflect.Value) []reflect.Value {
			calls++
			if field.Type.NumOut() == 0 {
				return nil
			}
			return args[:1]
		}))
		o := one.Interface().(dynamodest.Observer)
		for n, joined := range map[int]dynamodest.Observer{1: dynamodest.Observers(dynamodest.Observer{}, o), 3: dynamodest.Observers(o, o, dynamodest.Observer{}, o)} {
			v := reflect.ValueOf(joined)
			for _, other := range reflect.VisibleFields(v.Type()) {
				assert.Equal(t, other.Name != field.Name, v.FieldByIndex(other.Index).IsNil(), other.Name)
			}
			calls = 0
			v.FieldByIndex(field.Index).Call([]reflect.Value{reflect.ValueOf(t.Context()), reflect.Zero(field.Type.In(1))})
			assert.Equal(t, n, calls, field.Name)
		}
	}
}
