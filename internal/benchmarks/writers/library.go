package writers

import (
	"context"
	"fmt"
	"iter"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/smithy-go/middleware"

	"github.com/dynamodest/dynamodest"
)

// Write writes rows by Destination.Write.
func Write(ctx context.Context, d *dynamodest.Destination, rows []Row) error {
	result, err := d.Write(ctx, rows)
	if err == nil && result.Summary.Written != len(rows) {
		err = fmt.Errorf("%d of %d rows are written", result.Summary.Written, len(rows))
	}
	return err
}

// WriteSeq writes so many rows by Destination.WriteSeq. With equal keys fewer of them need be sent.
func WriteSeq(ctx context.Context, d *dynamodest.Destination, n int, rows iter.Seq2[Row, error]) error {
	return counted(n, func(settled *int) error {
		_, err := d.WriteSeq(ctx, rows, func(Row, dynamodest.RowResult) error {
			*settled++
			return nil
		})
		return err
	})
}

// Stream writes so many rows of distinct keys by Destination.WriteSeq without a report of each row.
func Stream(ctx context.Context, d *dynamodest.Destination, n int, rows iter.Seq2[Row, error]) error {
	sum, err := d.WriteSeq(ctx, rows, nil)
	if err == nil && sum.Written != n {
		err = fmt.Errorf("%d of %d rows are written", sum.Written, n)
	}
	return err
}

// WriteColumns writes rows by Destination.WriteColumns.
func WriteColumns(ctx context.Context, d *dynamodest.Destination, columns []string, rows [][]any) error {
	return counted(len(rows), func(settled *int) error {
		_, err := d.WriteColumns(ctx, columns, Sequence(rows), func([]any, dynamodest.RowResult) error {
			*settled++
			return nil
		})
		return err
	})
}

// counted returns an error unless write settles n rows.
func counted(n int, write func(settled *int) error) error {
	settled := 0
	err := write(&settled)
	if err == nil && settled != n {
		err = fmt.Errorf("%d of %d rows are settled", settled, n)
	}
	return err
}

// Maps yields rows that are made as maps from their values.
func Maps(columns []string, rows [][]any) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		for _, values := range rows {
			row := make(Row, len(columns))
			for i, column := range columns {
				row[column] = values[i]
			}
			if !yield(row, nil) {
				return
			}
		}
	}
}

// Sequence yields the rows of a slice.
func Sequence[R any](rows []R) iter.Seq2[R, error] {
	return func(yield func(R, error) bool) {
		for _, row := range rows {
			if !yield(row, nil) {
				return
			}
		}
	}
}

// WithMiddleware gives the client a middleware of the caller's that gets the requests and does nothing, so that each
// write is an operation call of the SDK.
func WithMiddleware(config *dynamodest.Config) {
	withStack(config, func(stack *middleware.Stack) error {
		return stack.Finalize.Add(middleware.FinalizeMiddlewareFunc("benchmark", passRequest), middleware.Before)
	})
}

// WithInputMiddleware gives the client a middleware of the caller's that gets the inputs and does nothing, so that each
// write is an operation call with an input of the SDK.
func WithInputMiddleware(config *dynamodest.Config) {
	withStack(config, func(stack *middleware.Stack) error {
		return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("benchmark", passInput), middleware.Before)
	})
}

func withStack(config *dynamodest.Config, change func(*middleware.Stack) error) {
	config.ClientOptions = append(config.ClientOptions, func(o *dynamodb.Options) { o.APIOptions = append(o.APIOptions, change) })
}

func passRequest(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
	return next.HandleFinalize(ctx, in)
}

func passInput(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
	return next.HandleInitialize(ctx, in)
}
