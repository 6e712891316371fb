package main

import (
	"errors"
	"io/fs"

	"go.temporal.io/sdk/temporal"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/source"
)

// Types of the application errors that activities and a load end with.
const (
	faultSpec    = "BadSpec"       // settings of the load or of the worker
	faultTable   = "TableFault"    // the table, the access or the credentials
	faultSource  = "SourceFault"   // the file cannot be read, or has changed
	faultPassing = "PassingFault"  // is retried
	faultGaveUp  = "ShardsGivenUp" // passing faults outlasted the attempts
	faultCounts  = "CountsDiffer"  // rows are missing
)

// failure returns an application error that is not retried.
func failure(typed, text string) error {
	return temporal.NewNonRetryableApplicationError(text, typed, nil)
}

// stopped returns the application error for what has stopped an activity; nil for nil. A fault that every attempt would
// meet is not retried. The error has no cause, since Temporal keeps the text of each cause in the history, and that of a
// service may quote a row.
func stopped(err error, checkpoint *Checkpoint) error {
	if err == nil {
		return nil
	}
	typed, text, terminal := classify(err)
	options := temporal.ApplicationErrorOptions{NonRetryable: terminal}
	if checkpoint != nil {
		options.Details = []any{*checkpoint}
	}
	return temporal.NewApplicationErrorWithOptions(text, typed, options)
}

// classify returns the type and the text of an application error, and whether the fault is not retried. The library hides
// the texts of errors from a source and from a Limiter. Those of this program quote no row.
func classify(err error) (typed, text string, terminal bool) {
	var (
		app     *temporal.ApplicationError
		table   *dynamodest.TableError
		config  *dynamodest.ConfigError
		row     *dynamodest.RowError
		line    *source.LineError
		refused *refusedError
		file    *fs.PathError
	)
	switch {
	case errors.As(err, &app):
		return app.Type(), app.Message(), app.NonRetryable()
	case errors.As(err, &table):
		if table.Reason.Scope() == dynamodest.ScopeCall {
			return faultTable, table.Error(), true
		}
		return faultPassing, table.Error(), false // an outage
	case errors.As(err, &config):
		return faultSpec, err.Error(), true
	case errors.Is(err, errSourceChanged):
		return faultSource, errSourceChanged.Error(), true
	case errors.As(err, &row):
		return faultPassing, row.Error(), false
	case errors.As(err, &refused):
		return faultPassing, refused.Error(), false
	case errors.As(err, &line):
		return faultSource, line.Error(), line.Err == nil // a fault of the disk may pass
	case errors.As(err, &file):
		return faultSource, file.Error(), false
	}
	return faultPassing, err.Error(), false
}
