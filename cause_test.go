package dynamodest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/assert"

	"github.com/dynamodest/dynamodest/internal/fault"
)

// loop unwraps to itself.
type loop struct{}

func (*loop) Error() string   { return "loop" }
func (l *loop) Unwrap() error { return l }

// branches unwraps to its members.
type branches []error

func (branches) Error() string     { return "branches" }
func (b branches) Unwrap() []error { return b }

// panicking panics when it is unwrapped.
type panicking struct{}

func (panicking) Error() string { return "panicking" }
func (panicking) Unwrap() error { panic("unwrapped") }

func TestCause(t *testing.T) {
	t.Parallel()
	var none *types.ConditionalCheckFailedException
	var noRow *RowError
	denied := &smithy.GenericAPIError{Code: "AccessDeniedException"}
	end := &loop{}
	for name, tt := range map[string]struct{ err, want error }{
		"nil":                       {nil, nil},
		"nil pointer":               {none, nil},
		"nil pointer of ours":       {noRow, nil},
		"alone":                     {io.EOF, io.EOF},
		"wrapped":                   {fmt.Errorf("a: %w", fmt.Errorf("b: %w", io.EOF)), io.EOF},
		"several":                   {fmt.Errorf("%w, %w", io.EOF, fmt.Errorf("b: %w", io.ErrUnexpectedEOF)), io.ErrUnexpectedEOF},
		"several, the last nil":     {branches{io.EOF, none, nil}, io.EOF},
		"several nil":               {branches{nil, none}, branches{nil, none}},
		"no branches":               {branches{}, branches{}},
		"table":                     {fmt.Errorf("sync: %w", &TableError{Reason: ErrAccess, Err: failed(denied)}), denied},
		"row":                       {&RowError{Reason: ErrAccess, Err: failed(denied)}, denied},
		"row without a cause":       {&RowError{Reason: ErrExists}, ErrExists},
		"call":                      {&WriteError{Stop: io.EOF, First: []*RowError{{Reason: ErrAccess, Err: failed(denied)}}}, denied},
		"call that stopped":         {&WriteError{Stop: fault.Hide("report", io.EOF)}, io.EOF},
		"call without an error":     {&WriteError{}, &WriteError{}},
		"configuration":             {&ConfigError{Field: "Table"}, ErrConfig},
		"ended context":             {endedBy(io.EOF), io.EOF},
		"cycle":                     {fmt.Errorf("a: %w", end), end},
		"panics":                    {fmt.Errorf("a: %w", panicking{}), panicking{}},
		"nil pointer wrapped":       {fmt.Errorf("a: %w", error(none)), fmt.Errorf("a: %w", error(none))},
		"nil pointer in many":       {errors.Join(io.EOF, none), io.EOF},
		"joined, then wrapped":      {fmt.Errorf("a: %w", errors.Join(io.ErrClosedPipe, io.EOF)), io.EOF},
		"unavailable, nothing sent": {&TableError{Reason: ErrStopped, Err: context.Canceled}, context.Canceled},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, tt.want, Cause(tt.err))
		})
	}
}

// endedBy returns why a context ended whose owner gave the cause.
func endedBy(cause error) error {
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(cause)
	return fault.Ended(ctx)
}
